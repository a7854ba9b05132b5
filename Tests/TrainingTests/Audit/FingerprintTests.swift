import Testing
import Training

@Suite struct FingerprintTests {
  private func values(_ count: Int) -> [Float] { (0..<count).map { Float($0) * 0.1 } }

  @Test(arguments: [1, 7, 8, 9, 64, 100])
  func everyBitOfEveryPlaceCounts(count: Int) {
    let values = values(count)
    let hash = Fingerprint.of(values, count: count)
    #expect(Fingerprint.of(values, count: count) == hash)
    for place in 0..<count {
      for bit in 0..<32 {
        var changed = values
        changed[place] = Float(bitPattern: changed[place].bitPattern ^ 1 << bit)
        #expect(Fingerprint.of(changed, count: count) != hash, "place \(place), bit \(bit)")
      }
    }
  }

  @Test func orderAndLengthCount() {
    let values = values(40)
    var swapped = values
    swapped.swapAt(0, 8)
    let hash = Fingerprint.of(values, count: 40)
    #expect(Fingerprint.of(swapped, count: 40) != hash)
    #expect(Fingerprint.of(values, count: 39) != hash)
    #expect(
      Fingerprint.of([Float](repeating: 0, count: 8), count: 8) != Fingerprint.of([0, 0, 0, 0], count: 4))
  }
}

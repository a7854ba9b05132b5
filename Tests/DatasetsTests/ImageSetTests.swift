import Datasets
import Tensors
import Testing

@Suite struct ImageSetTests {
  private func set(
    _ pixels: [UInt8] = [1, 2, 3, 4, 5, 6], header: Int = 0, labels: [UInt8] = [1, 0, 1],
    name: String = "tiny"
  ) -> ImageSet {
    ImageSet(
      name: name, split: .test, shape: Shape(height: 1, width: 2, channels: 1),
      storage: [UInt8](repeating: 99, count: header) + pixels, firstPixel: header, labels: labels,
      classNames: ["no", "yes"])
  }

  @Test func imagesLieBehindTheHeader() {
    let set = set(header: 16)
    #expect(set.count == 3)
    #expect((0..<3).map { Array(set.pixels(of: $0)) } == [[1, 2], [3, 4], [5, 6]])
    set.withPixels { #expect($0[0] == 1 && $0[5] == 6) }
  }

  @Test func digestsTellContentApart() {
    let digest = set().digest
    #expect(digest.count == 64)
    #expect(set(header: 16).digest == digest)
    #expect(set([1, 2, 3, 4, 5, 7]).digest != digest)
    #expect(set(labels: [1, 1, 1]).digest != digest)
    #expect(set(name: "other").digest != digest)
    #expect(set().prefix(2).digest != digest)
  }

  @Test func prefixesShareThePixels() {
    let whole = set(header: 4)
    let prefix = whole.prefix(2)
    #expect(prefix.count == 2)
    #expect(prefix.labels == [1, 0])
    #expect(prefix.digest == set([1, 2, 3, 4], labels: [1, 0]).digest)
    #expect(whole.withPixels { $0 } == prefix.withPixels { $0 })
    #expect(whole.prefix(3) === whole)
    #expect(whole.prefix(4) === whole)
    #expect(whole.prefix(0).count == 0)
  }
}

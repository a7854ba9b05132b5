import Tensors
import Testing

@Suite struct BFloat16Tests {
  /// The nearest of the two neighbours that 16 bits have, found by distance.
  private func nearest(_ value: Float) -> Float {
    let lower = Float(bitPattern: value.bitPattern & 0xFFFF_0000)
    let upper = Float(bitPattern: (value.bitPattern & 0xFFFF_0000) &+ 0x1_0000)
    let (below, above) = (abs(Double(value) - Double(lower)), abs(Double(upper) - Double(value)))
    if below != above { return below < above ? lower : upper }
    return lower.bitPattern & 0x1_0000 == 0 ? lower : upper
  }

  @Test func everyNumberOf16BitsIsItself() {
    for bits in UInt16.min...UInt16.max {
      let value = BFloat16.value(bits)
      if value.isNaN {
        #expect(BFloat16.rounded(value).isNaN)
      } else {
        #expect(BFloat16.bits(value) == bits)
      }
    }
  }

  /// Ties, the bits around them, and numbers too small to be normal.
  @Test func roundsToTheNearestAndTiesToEven() {
    var generator = SystemRandomNumberGenerator()
    let ends: [UInt32] = [0, 1, 0x7FFF, 0x8000, 0x8001, 0xFFFF]
    for _ in 0..<20_000 {
      let top = UInt32.random(in: 0..<0x7F00, using: &generator) << 16
      for bits in ends + [UInt32.random(in: 0...0xFFFF, using: &generator)] {
        for sign in [0, UInt32(0x8000_0000)] {
          let value = Float(bitPattern: sign | top | bits)
          #expect(BFloat16.rounded(value).bitPattern == nearest(value).bitPattern, "\(value)")
        }
      }
    }
  }

  @Test func whatIsNotFiniteStaysSo() {
    #expect(BFloat16.rounded(.infinity) == .infinity && BFloat16.rounded(-.infinity) == -.infinity)
    #expect(BFloat16.rounded(.greatestFiniteMagnitude) == .infinity)
    // Fractions that would be rounded away, or carried into the sign.
    for bits: UInt32 in [0x7F80_0001, 0x7FC0_0000, 0x7FFF_FFFF, 0xFFFF_FFFF, 0xFF80_0001] {
      #expect(BFloat16.rounded(Float(bitPattern: bits)).isNaN)
    }
  }

  @Test func packedIsRounded() {
    let values: [Float] = (0..<1001).map { (Float($0) - 500) * 0.0123 }
    var packed = [UInt16](repeating: 0, count: values.count)
    var (unpacked, rounded, sums) = (values, values, values)
    BFloat16.pack(values, into: &packed, count: values.count)
    BFloat16.unpack(packed, into: &unpacked, count: values.count)
    BFloat16.round(&rounded, count: values.count)
    #expect(unpacked == rounded && rounded == values.map(BFloat16.rounded) && rounded != values)
    BFloat16.add(packed, into: &sums, count: values.count)
    #expect(sums == rounded.map { $0 + $0 })
  }

  /// A number too fine for 16 bits, over and over: what arrives in all is what was sent, but for the last step's rest.
  @Test func whatIsLostComesLater() {
    let value: [Float] = [1.001, -0.003_001, 1e-3, 0]
    var residual = [Float](repeating: 0, count: 4)
    var arrived = [Double](repeating: 0, count: 4)
    for _ in 0..<1000 {
      var sent = value
      BFloat16.round(&sent, carrying: &residual, count: 4)
      for i in 0..<4 { arrived[i] += Double(sent[i]) }
    }
    for i in 0..<4 {
      let expected = 1000 * Double(value[i])
      #expect(abs(arrived[i] + Double(residual[i]) - expected) <= 1e-4 * abs(expected))
      #expect(abs(residual[i]) <= abs(value[i]) / 256)
    }
    // Without it each step would lose the same.
    #expect(abs(1000 * Double(BFloat16.rounded(1.001)) - 1001) > 0.5)
  }

  @Test func aResidualOutlivesWhatIsNotFinite() {
    var residual: [Float] = [0.25, 0.25, 0.25]
    var values: [Float] = [.nan, .infinity, .greatestFiniteMagnitude]
    BFloat16.round(&values, carrying: &residual, count: 3)
    #expect(residual == [0.25, 0.25, 0.25])
    #expect(values[0].isNaN && values[1] == .infinity && values[2] == .infinity)
  }
}

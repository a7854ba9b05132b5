import Testing

import Tensors

@Suite struct RandomTests {
  /// The known answers that come with Random123 (kat_vectors, philox4x32 with 10 rounds).
  @Test(arguments: [
    (
      SIMD4<UInt32>(0, 0, 0, 0), SIMD2<UInt32>(0, 0),
      SIMD4<UInt32>(0x6627_e8d5, 0xe169_c58d, 0xbc57_ac4c, 0x9b00_dbd8)
    ),
    (
      SIMD4<UInt32>(repeating: 0xffff_ffff), SIMD2<UInt32>(repeating: 0xffff_ffff),
      SIMD4<UInt32>(0x408f_276d, 0x41c8_3b0e, 0xa20b_c7c6, 0x6d54_51fd)
    ),
    (
      SIMD4<UInt32>(0x243f_6a88, 0x85a3_08d3, 0x1319_8a2e, 0x0370_7344),
      SIMD2<UInt32>(0xa409_3822, 0x299f_31d0),
      SIMD4<UInt32>(0xd16c_fe09, 0x94fd_cceb, 0x5001_e420, 0x2412_6ea1)
    ),
  ])
  func philoxKnownAnswers(counter: SIMD4<UInt32>, key: SIMD2<UInt32>, expected: SIMD4<UInt32>) {
    #expect(Philox.block(counter: counter, key: key) == expected)
  }

  @Test func elementsAreWordsOfTheirBlock() {
    let stream = RandomStream(seed: 7, .dropout, layer: 3, time: 11, sample: 5)
    let words = (0..<12).map { stream.word($0) }
    for index in 0..<12 { #expect(words[index] == stream.block(index / 4)[index % 4]) }
    #expect(Set(words).count == 12)
  }

  @Test func everyKeyPartChangesTheStream() {
    let base = RandomStream(seed: 7, .dropout, layer: 3, time: 11, sample: 5).block(0)
    #expect(RandomStream(seed: 8, .dropout, layer: 3, time: 11, sample: 5).block(0) != base)
    #expect(RandomStream(seed: 7 + 1 << 32, .dropout, layer: 3, time: 11, sample: 5).block(0) != base)
    #expect(RandomStream(seed: 7, .shuffle, layer: 3, time: 11, sample: 5).block(0) != base)
    #expect(RandomStream(seed: 7, .dropout, layer: 4, time: 11, sample: 5).block(0) != base)
    #expect(RandomStream(seed: 7, .dropout, layer: 3, time: 12, sample: 5).block(0) != base)
    #expect(RandomStream(seed: 7, .dropout, layer: 3, time: 11, sample: 6).block(0) != base)
  }

  /// Means and variances of 100,000 draws; the bounds are five standard errors.
  @Test func distributions() {
    let stream = RandomStream(seed: 1, .initialisation)
    let count = 100_000
    let uniform = (0..<count).map { Double(stream.uniform($0)) }
    #expect(uniform.allSatisfy { $0 >= 0 && $0 < 1 })
    #expect(abs(uniform.reduce(0, +) / Double(count) - 0.5) < 5 * 0.2887 / Double(count).squareRoot())
    let normal = (0..<count).map { Double(stream.normals($0 / 4)[$0 % 4]) }
    #expect(abs(normal.reduce(0, +) / Double(count)) < 5 / Double(count).squareRoot())
    let variance = normal.reduce(0) { $0 + $1 * $1 } / Double(count)
    #expect(abs(variance - 1) < 5 * 2.0.squareRoot() / Double(count).squareRoot())
    var counts = [Int](repeating: 0, count: 10)
    for index in 0..<count { counts[stream.integer(index, below: 10)] += 1 }
    for found in counts { #expect(abs(Double(found) - 10_000) < 5 * 9_000.0.squareRoot()) }
  }
}

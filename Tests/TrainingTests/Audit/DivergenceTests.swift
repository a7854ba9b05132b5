import Testing
import Training

@Suite struct DivergenceTests {
  @Test(arguments: [
    ([1, 1, 2, 1], [0, 1, 3], true, "rank 2"), ([2, 1, 1], [1, 2], true, "rank 0"),
    ([1, 2], [0], false, "rank 1 from rank 0"), ([1, 1, 2, 2], [0, 1], false, "ranks 2, 3 from ranks 0, 1"),
    ([1, 2, 1, 3, 1], [0, 2, 4], true, "ranks 1, 3"),
    ([1, 2, 3, 3], [2, 3], false, "ranks 0, 1 from ranks 2, 3"),
  ])
  func theLargestGroupIsBelieved(hashes: [UInt64], majority: [Int], isMost: Bool, text: String) {
    let divergence = Divergence(hashes)
    #expect(divergence.majority == majority && divergence.hasMajority == isMost && divergence.text == text)
  }
}

import Collectives
import Testing

@Suite struct ProcessorsTests {
  @Test func thisProcessMayUseSome() {
    let allowed = Processors.allowed()
    #expect(!allowed.isEmpty)
    #expect(allowed == allowed.sorted())
  }

  @Test(
    arguments: [
      ("0-3,8,10-11", [0, 1, 2, 3, 8, 10, 11]), ("\t0\n", [0]), ("", nil), ("a", nil), ("3-1", nil),
      ("1-2-x", nil),
    ] as [(String, [Int]?)])
  func readsTheKernelsList(text: String, numbers: [Int]?) {
    #expect(Processors.numbers(in: text[...]) == numbers)
  }

  @Test func ranksThatShareAllDivideThem() {
    #expect(Processors.share(of: 0, among: [[0, 1, 2, 3, 4, 5, 6, 7]]) == 8)
    #expect(Processors.share(of: 1, among: [[Int]](repeating: [0, 1, 2, 3, 4, 5], count: 3)) == 2)
    #expect(Processors.share(of: 0, among: [[Int]](repeating: [0, 1], count: 4)) == 1)
  }

  @Test func ranksThatArePinnedKeepTheirOwn() {
    #expect(Processors.share(of: 1, among: [[0], [1]]) == 1)
    #expect(Processors.share(of: 1, among: [[0, 1, 2, 3], [4, 5, 6, 7]]) == 4)
  }

  @Test func ranksOfOneSocketShareThatSocket() {
    let allowed = [[0, 1, 2, 3], [0, 1, 2, 3], [4, 5, 6, 7]]
    #expect(Processors.share(of: 0, among: allowed) == 2)
    #expect(Processors.share(of: 2, among: allowed) == 4)
  }
}

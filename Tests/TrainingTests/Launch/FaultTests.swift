import Failures
import Testing
import Training

@Suite struct FaultTests {
  @Test func itStrikesItsRankAtItsStep() throws {
    let environment = ["CNN_DIST_FAULT": "nan@gradient,rank=1,step=3"]
    #expect(try Fault(environment, rank: 0) == nil)
    let fault = try #require(try Fault(environment, rank: 1))
    #expect((1...5).filter { fault.strikes(step: $0) } == [3])
    #expect(try Fault(["CNN_DIST_FAULT": "nan@gradient,step=3,rank=1"], rank: 1) == fault)
  }

  @Test func withoutTheVariableThereIsNone() throws {
    #expect(try Fault([:], rank: 0) == nil)
    #expect(try Fault(["CNN_DIST_FAULT": ""], rank: 0) == nil)
  }

  @Test(arguments: [
    "nan", "nan@gradient", "nan@gradient,rank=1", "nan@gradient,rank=1,step=0", "nan@gradient,rank=x,step=1",
    "nan@gradient,rank=1,step=1,step=2", "inf@gradient,rank=1,step=1", "nan@gradient,rank=1,stop=3", ",",
  ])
  func anUnknownTextIsAConfigurationErrorOnEveryRank(text: String) {
    for rank in 0...1 {
      let failure = #expect(throws: Failure.self) { try Fault(["CNN_DIST_FAULT": text], rank: rank) }
      #expect(failure?.code == .configuration && failure?.location == "CNN_DIST_FAULT")
    }
  }
}

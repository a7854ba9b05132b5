import Failures
import Testing
import Training

@Suite struct FaultTests {
  @Test(arguments: [
    ("nan@gradient,rank=1,step=3", Fault.Kind.notANumber), ("nan@gradient,step=3,rank=1", .notANumber),
    ("flip@parameter,rank=1,step=3", .flip), ("kill@step=3,rank=1", .kill), ("hang@step=3,rank=1", .hang),
  ])
  func itStrikesItsRankAtItsStep(text: String, kind: Fault.Kind) throws {
    let environment = ["CNN_DIST_FAULT": text]
    #expect(try Fault(environment, rank: 0) == nil)
    let fault = try #require(try Fault(environment, rank: 1))
    for other in Fault.Kind.allCases {
      #expect((1...5).filter { fault.strikes(other, step: $0) } == (other == kind ? [3] : []))
    }
  }

  @Test func aBitFlipsInTheFirstStepUnlessToldOtherwise() throws {
    let fault = try #require(try Fault(["CNN_DIST_FAULT": "flip@parameter,rank=0"], rank: 0))
    #expect((1...5).filter { fault.strikes(.flip, step: $0) } == [1])
  }

  @Test func withoutTheVariableThereIsNone() throws {
    #expect(try Fault([:], rank: 0) == nil)
    #expect(try Fault(["CNN_DIST_FAULT": ""], rank: 0) == nil)
  }

  @Test(arguments: [
    "nan", "nan@gradient", "nan@gradient,rank=1", "nan@gradient,rank=1,step=0", "nan@gradient,rank=x,step=1",
    "nan@gradient,rank=1,step=1,step=2", "inf@gradient,rank=1,step=1", "nan@gradient,rank=1,stop=3", ",",
    "nan@gradient=1,rank=1,step=3", "kill@step,rank=1", "kill@step=3", "kill@step=3,rank=1,step=4",
    "kill@step=3,rank=1,layer=2", "hang@step=0,rank=1", "hang@step=,rank=1", "flip@parameter",
    "flip@parameter,rank=-1", "=", "kill@=3,rank=1",
  ])
  func anUnknownTextIsAConfigurationErrorOnEveryRank(text: String) {
    for rank in 0...1 {
      let failure = #expect(throws: Failure.self) { try Fault(["CNN_DIST_FAULT": text], rank: rank) }
      #expect(failure?.code == .configuration && failure?.location == "CNN_DIST_FAULT")
      #expect(failure?.advice.contains("kill@step=S,rank=R") == true)
    }
  }
}

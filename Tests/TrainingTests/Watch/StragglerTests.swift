import Testing
import Training

@Suite struct StragglerTests {
  /// A rank of a run of 100 s: it works for `work` seconds and waits for the rest.
  private func rank(
    work: Double, data: Double = 1, processors: [Int] = [0, 1], host: String = "a",
    _ change: (inout ThreadUsage) -> Void = { _ in }
  ) -> RankTimes {
    var times = StepTimes()
    times.seconds = 100
    times.data = data
    times.exposed = 100 - work
    var usage = ThreadUsage()
    usage.processor = 60
    change(&usage)
    return RankTimes(host: host, processors: processors, times: times, usage: usage)
  }

  private func lines(_ ranks: RankTimes...) -> [Substring] { Straggler(ranks).text.split(separator: "\n") }

  @Test func theTimeIsSplitOverAllRanks() {
    let found = lines(rank(work: 70), rank(work: 90, data: 3))
    #expect(
      found[0]
        == "time: 78.0 % compute, 10.0 % waiting for the slowest rank, 10.0 % exposed communication, 2.0 % data"
    )
    #expect(lines(rank(work: 100)) == ["time: 99.0 % compute, 1.0 % data"])
    #expect(Straggler([]).text.isEmpty)
  }

  @Test func ranksThatAreAlikeHaveNoSlowest() {
    #expect(lines(rank(work: 80), rank(work: 82))[1].hasPrefix("slowest: none"))
  }

  @Test func theSlowestIsNamedWithItsMachine() {
    let found = lines(rank(work: 60), rank(work: 90, host: "b"), rank(work: 60))
    #expect(found[1].hasPrefix("slowest: rank 1 (b), 50 % more time than the others' median"))
  }

  /// Rank 1 polls for messages on a processor that it does not get; the others wait as long, on processors of their own.
  @Test func aRankThatCannotPollIsTheSlowest() {
    let slow = rank(work: 60, processors: [2]) { $0.queued = 1 }
    var starved = slow
    starved.times.starved = 30
    let others = [rank(work: 60, processors: [0]), rank(work: 60, processors: [1])]
    #expect(Straggler([others[0], slow, others[1]]).text.contains("slowest: none"))
    let text = Straggler([others[0], starved, others[1]]).text
    #expect(text.contains("30.0 % waiting for the slowest rank, 10.0 % exposed communication"), "\(text)")
    #expect(text.contains("slowest: rank 1 (a), 50 %") && text.contains("other programs use its processors"))
    // Where ranks share processors, one that waits makes room for the others.
    let crowded = [rank(work: 60, processors: [0]), starved, rank(work: 60, processors: [2])]
    #expect(Straggler(crowded).text.contains("slowest: none"))
  }

  /// Rank 1 was stopped while it polled; on processors that others take too, both ranks hardly polled.
  @Test func aRankThatWasStoppedIsTheSlowest() {
    var waiting = rank(work: 2, processors: [0, 1, 2])
    waiting.times.starved = 97
    var stopped = waiting
    #expect(lines(waiting, stopped)[1].hasPrefix("slowest: none"))
    stopped.usage.stopped = 80
    let found = lines(waiting, stopped)
    #expect(found[1].hasPrefix("slowest: rank 1 (a), 395 % more time than the others' median; likely"))
    #expect(found[1].hasSuffix("cause: it was stopped for 80.0 s"))
    // A stop beside which a third rank waited is not taken off the others that were stopped too.
    let third = lines(stopped, stopped, waiting)
    #expect(third[1].hasPrefix("slowest: rank 0 (a), 395 %"), "\(third)")
    // Nor need it be seen where the rank polls, as before its update.
    stopped.times.starved = 0
    #expect(lines(waiting, stopped)[1].hasPrefix("slowest: rank 1 (a), 310 %"))
    // Where ranks share a processor, the same, whether it was stopped while it waited or while it worked.
    (waiting.processors, stopped.processors) = ([0], [0])
    let crowded = lines(waiting, stopped)
    #expect(crowded[0].contains("80.0 % waiting for the slowest rank, 18.0 % exposed communication"))
    #expect(crowded[1].hasPrefix("slowest: rank 1 (a), 4000 %") && crowded[1].hasSuffix("stopped for 80.0 s"))
    var working = rank(work: 82, processors: [0]) { $0.stopped = 80 }
    working.times.starved = 18
    #expect(lines(waiting, working)[1].hasPrefix("slowest: rank 1 (a), 4000 %"))
  }

  @Test func theLargestPartOfTheExcessIsTheCause() {
    func cause(_ slow: RankTimes, others: RankTimes...) -> Substring {
      let others = others.isEmpty ? [rank(work: 60), rank(work: 61)] : others
      let line = Straggler(others + [slow]).text.split(separator: "\n")[1]
      return line.split(separator: ": ", maxSplits: 2)[2]
    }
    #expect(
      cause(rank(work: 90, data: 25))
        == "its input, which kept it waiting 25.0 s, or it was stopped meanwhile")
    #expect(
      cause(rank(work: 90, host: "b") { $0.queued = 25 }).hasPrefix("other programs use its processors"))
    #expect(cause(rank(work: 90) { $0.queued = 25 }).hasPrefix("ranks 0, 1, 2 share 2 processors"))
    #expect(
      cause(rank(work: 90, processors: [5], host: "b") { $0.queued = 25 })
        .hasPrefix("it has processor 5, the others 2"))
    #expect(cause(rank(work: 90) { $0.processor = 88 }).hasPrefix("its processor is slower"))
    #expect(
      cause(
        rank(work: 90) {
          $0.processor = 88
          $0.faults = 20_000_000
        }) == "20,000,000 page faults")
    #expect(
      cause(rank(work: 90) { $0.diskFaults = 7000 }).hasPrefix("7,000 page faults that read from a disk"))
    #expect(cause(rank(work: 90)).hasPrefix("it stood still for 30.0 s"))
    #expect(cause(rank(work: 90) { $0.stopped = 20 }) == "it was stopped for 20.0 s")
    #expect(cause(rank(work: 90, data: 25) { $0.stopped = 5 }).hasPrefix("its input"))
  }
}

import Testing
import Threads

@Suite struct MonitorTests {
  @Test func waitersSeeEveryUpdate() {
    let counter = Monitor(0)
    let seen = Monitor([Int]())
    let reader = DedicatedThread(name: "reader") {
      for value in 1...1000 {
        counter.wait(until: { $0 == value }, then: { $0 = -value })
        seen.update { $0.append(value) }
      }
    }
    for value in 1...1000 {
      counter.update { $0 = value }
      counter.wait(until: { $0 == -value })
    }
    reader.join()
    #expect(seen.read { $0 } == Array(1...1000))
  }

  @Test func updatesExcludeEachOther() {
    let counter = Monitor(0)
    let threads = (0..<4).map { index in
      DedicatedThread(name: "adder \(index)") { for _ in 0..<10_000 { counter.update { $0 += 1 } } }
    }
    for thread in threads { thread.join() }
    #expect(counter.read { $0 } == 40_000)
  }
}

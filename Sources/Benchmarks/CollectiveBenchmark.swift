/// Times of calls that several ranks make together.
public enum CollectiveBenchmark {
  /// Seconds of each of `measured`, in the middle of `rounds` behind one that warms up; they take turns, each after `before`.
  public static func medians(
    rounds: Int, before: () throws -> Void, _ measured: [() throws -> Void]
  ) throws -> [Double] {
    var times = [[Double]](repeating: [], count: measured.count)
    for round in 0...rounds {
      for (index, call) in measured.enumerated() {
        try before()
        var watch = Stopwatch()
        try call()
        if round > 0 { times[index].append(watch.lap()) }
      }
    }
    return times.map { Benchmarks.median($0) }
  }
}

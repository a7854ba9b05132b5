/// Times of calls that several ranks make together.
public enum CollectiveBenchmark {
  /// Seconds of `measured`, in the middle of `rounds` behind one that warms up; each begins after `before`.
  public static func median(
    rounds: Int, _ before: () throws -> Void, measured: () throws -> Void
  ) rethrows -> Double {
    var times: [Double] = []
    for round in 0...rounds {
      try before()
      var watch = Stopwatch()
      try measured()
      if round > 0 { times.append(watch.lap()) }
    }
    return Benchmarks.median(times)
  }
}

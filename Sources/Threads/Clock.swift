#if canImport(Glibc)
  import Glibc
#else
  import Darwin
#endif

/// Nanoseconds of a clock that only goes forward.
public func monotonicNanoseconds() -> Int64 {
  var time = timespec()
  clock_gettime(CLOCK_MONOTONIC, &time)
  return Int64(time.tv_sec) * 1_000_000_000 + Int64(time.tv_nsec)
}

/// Seconds of the same clock.
public func monotonicSeconds() -> Double { Double(monotonicNanoseconds()) * 1e-9 }

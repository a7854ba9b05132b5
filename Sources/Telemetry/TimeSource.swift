import FoundationEssentials
import Glibc

/// Where telemetry reads the time, so that tests can set it.
public struct TimeSource: Sendable {
  /// Seconds since some moment; never goes back.
  public let monotonic: @Sendable () -> Double
  /// Seconds since 1970-01-01 UTC.
  public let utc: @Sendable () -> Double

  public init(monotonic: @escaping @Sendable () -> Double, utc: @escaping @Sendable () -> Double) {
    self.monotonic = monotonic
    self.utc = utc
  }

  /// The clocks of the system.
  public static let system = TimeSource(
    monotonic: { seconds(of: CLOCK_MONOTONIC) }, utc: { seconds(of: CLOCK_REALTIME) })

  private static func seconds(of clock: clockid_t) -> Double {
    var time = timespec()
    clock_gettime(clock, &time)
    return Double(time.tv_sec) + Double(time.tv_nsec) * 1e-9
  }

  /// The time in UTC to the millisecond, as in `2025-11-21T01:17:00.123Z`.
  public static func utcText(_ seconds: Double) -> String {
    // The formatter cuts what follows the milliseconds, so a rounded time must not lie just below one.
    let rounded = (seconds * 1000).rounded() / 1000 + 0.0001
    return Date(timeIntervalSince1970: rounded).ISO8601Format(.init(includingFractionalSeconds: true))
  }
}

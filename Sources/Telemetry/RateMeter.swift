import Glibc

/// Smoothed speed: images and steps a second over about the last 15 seconds, or the last five steps where those take
/// longer.
///
/// With each step of `t` seconds the sums of images, steps and seconds are multiplied by `k = max(exp(-t/15), 0.8)`
/// before the step is added; the speed is their quotient, so short and long steps weigh by their time. The first step
/// also pays for warming up, so it counts only until there is a second one.
public struct RateMeter: Sendable {
  private var images = 0.0
  private var steps = 0.0
  private var seconds = 0.0
  private var recorded = 0
  private var last: Double

  /// Starts to measure at a time in seconds.
  public init(at now: Double) { last = now }

  /// Goes on after a break, whose time does not count.
  public mutating func resume(at now: Double) { last = now }

  /// Counts a step that ended now.
  public mutating func record(images count: Int, at now: Double) {
    let elapsed = max(0, now - last)
    last = now
    recorded += 1
    let keep = recorded == 2 ? 0 : max(exp(-elapsed / 15), 0.8)
    images = images * keep + Double(count)
    steps = steps * keep + 1
    seconds = seconds * keep + elapsed
  }

  /// Images a second, once a step has been seen.
  public var imagesPerSecond: Double? { seconds > 0 ? images / seconds : nil }

  /// Time of a step, once one has been seen.
  public var secondsPerStep: Double? { steps > 0 ? seconds / steps : nil }
}

/// A way between two ranks: a message of n bytes takes α + n β seconds, in both directions at once (Hockney, 1994).
public struct Link: Codable, Equatable, Sendable {
  /// α, in seconds: of a message without content.
  public var latency: Double
  /// β: seconds of each byte, of a link that nobody else uses.
  public var secondsPerByte: Double

  public init(latency: Double, secondsPerByte: Double) {
    precondition(latency >= 0 && secondsPerByte >= 0, "a link takes time")
    (self.latency, self.secondsPerByte) = (latency, secondsPerByte)
  }

  public init(latency: Double, bytesPerSecond: Double) {
    self.init(latency: latency, secondsPerByte: 1 / bytesPerSecond)
  }

  /// Seconds of a message while `sharing` ranks use the link for as long a message each.
  public func seconds(bytes: Double, sharing: Int = 1) -> Double {
    latency + bytes * secondsPerByte * Double(sharing)
  }
}

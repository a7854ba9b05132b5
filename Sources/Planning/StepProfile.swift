/// What a rank of a job computes in a step, as it was measured without communication; seconds.
public struct StepProfile: Codable, Equatable, Sendable {
  /// What backward has for the other ranks, or wants from them.
  public enum Event: Codable, Equatable, Sendable {
    /// A bucket of gradients is complete.
    case bucket(bytes: Double)
    /// A layer's factors are there, as many bytes of each rank.
    case factors(layer: Int, bytes: Double)
    /// Backward goes on with all ranks' factors of a layer only.
    case wait(layer: Int)
  }

  public struct Moment: Codable, Equatable, Sendable {
    /// Since backward began.
    public var seconds: Double
    public var event: Event

    public init(_ seconds: Double, _ event: Event) { (self.seconds, self.event) = (seconds, event) }
  }

  /// Of the whole job.
  public var ranks: Int
  /// Images of this rank, the most that any has.
  public var images: Int
  /// Waiting for the loader.
  public var data: Double
  /// Forward and loss.
  public var forward: Double
  public var backward: Double
  /// The gradient's norm, the optimizer, running statistics.
  public var update: Double
  /// In the order of time.
  public var moments: [Moment]
  /// Standard deviation of a step.
  public var deviation: Double
  /// Memory for parameters, gradients, moments, activations and batches.
  public var bytes: Double

  public init(
    ranks: Int, images: Int, data: Double, forward: Double, backward: Double, update: Double,
    moments: [Moment], deviation: Double, bytes: Double
  ) {
    self.ranks = ranks
    self.images = images
    self.data = data
    self.forward = forward
    self.backward = backward
    self.update = update
    self.moments = moments
    self.deviation = deviation
    self.bytes = bytes
  }

  public var seconds: Double { data + forward + backward + update }

  /// The step of a rank with `factor` times less of a processor.
  public func slowed(by factor: Double) -> StepProfile {
    var slow = self
    slow.data *= factor
    slow.forward *= factor
    slow.backward *= factor
    slow.update *= factor
    slow.deviation *= factor
    slow.moments = moments.map { Moment($0.seconds * factor, $0.event) }
    return slow
  }

  /// Between two profiles of the same job by other numbers of ranks a node, or of ranks that measured it: times are theirs in the
  /// proportion 1 - `share` to `share`. What backward has to exchange is the same in both.
  public func mixed(with other: StepProfile, share: Double) -> StepProfile {
    func mix(_ one: Double, _ two: Double) -> Double { one + (two - one) * share }
    var mixed = self
    mixed.data = mix(data, other.data)
    mixed.forward = mix(forward, other.forward)
    mixed.backward = mix(backward, other.backward)
    mixed.update = mix(update, other.update)
    mixed.deviation = mix(deviation, other.deviation)
    mixed.bytes = mix(bytes, other.bytes)
    mixed.moments = zip(moments, other.moments).map { Moment(mix($0.seconds, $1.seconds), $0.event) }
    return mixed
  }

  /// What a rank with more `images` would take, on the line through two profiles with fewer; backward goes as in the larger of
  /// them, and factors grow with the images.
  ///
  /// - Parameter bytes: of the rank's memory, which are known without measuring.
  public static func extrapolated(
    to images: Int, ranks: Int, bytes: Double, from fewer: StepProfile, and profile: StepProfile
  ) -> StepProfile {
    precondition(fewer.images < profile.images, "a line needs two points")
    let share = Double(images - fewer.images) / Double(profile.images - fewer.images)
    func line(_ one: Double, _ two: Double) -> Double { max(two, one + (two - one) * share) }
    var result = profile
    (result.ranks, result.images, result.bytes) = (ranks, images, bytes)
    result.data = line(fewer.data, profile.data)
    result.forward = line(fewer.forward, profile.forward)
    result.backward = line(fewer.backward, profile.backward)
    result.update = line(fewer.update, profile.update)
    result.deviation = line(fewer.deviation, profile.deviation)
    let stretch = profile.backward > 0 ? result.backward / profile.backward : 1
    let growth = Double(images) / Double(profile.images)
    result.moments = profile.moments.map { moment in
      guard case .factors(let layer, let bytes) = moment.event else {
        return Moment(moment.seconds * stretch, moment.event)
      }
      return Moment(moment.seconds * stretch, .factors(layer: layer, bytes: bytes * growth))
    }
    return result
  }
}

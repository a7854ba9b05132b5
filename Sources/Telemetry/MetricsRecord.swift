/// A line of `metrics.jsonl`: how the training stands after a step.
///
/// Numbers are written as short as they can be read back to the same `Float`; one that is not finite becomes `null`,
/// which is valid JSON, and reads back as NaN.
public struct MetricsRecord: Equatable, Sendable {
  /// Which images a line is about.
  public enum Split: String, Codable, Sendable {
    case train, test
  }

  /// Where the seconds of a step went.
  public struct Phases: Equatable, Sendable {
    /// Waiting for the loader.
    public var data: Float
    public var compute: Float
    /// Communication that no computation hid.
    public var exposedCommunication: Float
    /// Waiting for slower ranks.
    public var wait: Float

    public init(data: Float, compute: Float, exposedCommunication: Float, wait: Float) {
      self.data = data
      self.compute = compute
      self.exposedCommunication = exposedCommunication
      self.wait = wait
    }
  }

  /// Seconds since 1970-01-01 UTC; milliseconds are kept.
  public var time: Double
  /// Updates since the run began, from 1.
  public var step: Int
  /// From 1.
  public var epoch: Int
  public var split: Split
  public var loss: Float
  public var accuracy: Float
  /// Learning rate of the step; none on a test line.
  public var learningRate: Float?
  /// Euclidean norm of the whole gradient; none on a test line.
  public var gradientNorm: Float?
  /// Over all ranks.
  public var imagesPerSecond: Float
  /// None on a test line.
  public var phases: Phases?

  public init(
    time: Double, step: Int, epoch: Int, split: Split, loss: Float, accuracy: Float,
    learningRate: Float? = nil, gradientNorm: Float? = nil, imagesPerSecond: Float, phases: Phases? = nil
  ) {
    self.time = time
    self.step = step
    self.epoch = epoch
    self.split = split
    self.loss = loss
    self.accuracy = accuracy
    self.learningRate = learningRate
    self.gradientNorm = gradientNorm
    self.imagesPerSecond = imagesPerSecond
    self.phases = phases
  }

  /// Appends the line, with its newline. A buffer with room is not reallocated, and nothing else is allocated:
  /// a `Float`'s text is at most 15 bytes, which a `String` keeps inside itself.
  func write(to line: inout [UInt8]) {
    let milliseconds = Int((time * 1000).rounded())
    line.append(ascii: "{\"time\":")
    line.append(integer: milliseconds / 1000)
    line.append(UInt8(ascii: "."))
    line.append(integer: milliseconds % 1000, digits: 3)
    line.append(ascii: ",\"step\":")
    line.append(integer: step)
    line.append(ascii: ",\"epoch\":")
    line.append(integer: epoch)
    line.append(ascii: split == .train ? ",\"split\":\"train\"" : ",\"split\":\"test\"")
    line.append(key: ",\"loss\":", loss)
    line.append(key: ",\"accuracy\":", accuracy)
    line.append(key: ",\"lr\":", learningRate)
    line.append(key: ",\"grad_norm\":", gradientNorm)
    line.append(key: ",\"images_per_s\":", imagesPerSecond)
    if let phases {
      line.append(key: ",\"data\":", phases.data)
      line.append(key: ",\"compute\":", phases.compute)
      line.append(key: ",\"exposed_comm\":", phases.exposedCommunication)
      line.append(key: ",\"wait\":", phases.wait)
    }
    line.append(ascii: "}\n")
  }
}

extension MetricsRecord: Decodable {
  private enum Key: String, CodingKey {
    case time, step, epoch, split, loss, accuracy, lr, data, compute, wait
    case gradientNorm = "grad_norm"
    case imagesPerSecond = "images_per_s"
    case exposedCommunication = "exposed_comm"
  }

  public init(from decoder: any Decoder) throws {
    let row = try decoder.container(keyedBy: Key.self)
    time = try row.decode(Double.self, forKey: .time)
    step = try row.decode(Int.self, forKey: .step)
    epoch = try row.decode(Int.self, forKey: .epoch)
    split = try row.decode(Split.self, forKey: .split)
    loss = try row.decode(Float?.self, forKey: .loss) ?? .nan
    accuracy = try row.decode(Float?.self, forKey: .accuracy) ?? .nan
    learningRate = try row.decode(Float?.self, forKey: .lr)
    gradientNorm = try row.decode(Float?.self, forKey: .gradientNorm)
    imagesPerSecond = try row.decode(Float?.self, forKey: .imagesPerSecond) ?? .nan
    guard row.contains(.data) else { return }
    phases = Phases(
      data: try row.decode(Float?.self, forKey: .data) ?? .nan,
      compute: try row.decode(Float?.self, forKey: .compute) ?? .nan,
      exposedCommunication: try row.decode(Float?.self, forKey: .exposedCommunication) ?? .nan,
      wait: try row.decode(Float?.self, forKey: .wait) ?? .nan)
  }
}

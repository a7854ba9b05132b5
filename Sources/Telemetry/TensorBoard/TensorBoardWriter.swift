import Failures
import Files

/// What TensorBoard shows of a run, in two event files: its runs `train` and `test`, so that it draws a curve of each in one
/// chart. One thread at a time may use it.
///
/// Whatever is interrupted and resumed, the curves are those of an uninterrupted run: events past the resumed step and a
/// torn end are dropped from the files that are there, and the new file tells a TensorBoard that has read them to forget
/// them too.
public final class TensorBoardWriter {
  private let time: TimeSource
  private var train: EventFile
  private var test: EventFile

  /// - Parameters:
  ///   - directory: made where missing.
  ///   - step: the step of the checkpoint that training goes on from; 0 begins anew.
  /// - Throws: `cannotWrite`, `inputOutput`.
  public init(_ directory: String, resumingAt step: Int, time: TimeSource = .system) throws(Failure) {
    self.time = time
    func file(_ split: MetricsRecord.Split, _ number: Int) throws(Failure) -> EventFile {
      let directory = "\(directory)/\(split)"
      try Directory.create(directory, code: .cannotWrite)
      let newest = try EventFile.cut(in: directory, after: step)
      return try EventFile(
        in: directory, number: number, startingAt: step + 1, after: newest, time: time.utc())
    }
    train = try file(.train, 0)
    test = try file(.test, 1)
  }

  /// Draws a line of metrics: `loss`, `accuracy`, `lr`, `grad_norm`, `images_per_s`, and the split of a step in seconds.
  ///
  /// - Throws: `inputOutput`.
  public func append(_ record: MetricsRecord) throws(Failure) {
    var event = TensorBoardEvent()
    event.wallTime = record.time
    event.step = Int64(record.step)
    event.summary.value = scalars(record).compactMap { tag, number in
      number.map { number in
        .with {
          $0.tag = tag
          $0.simpleValue = number
        }
      }
    }
    switch record.split {
    case .train: try train.append(event)
    case .test: try test.append(event)
    }
  }

  /// Draws how the values of tensors are spread, under `train`.
  ///
  /// - Throws: `inputOutput`.
  public func append(_ spreads: [(tag: String, spread: Spread)], step: Int) throws(Failure) {
    var event = event(at: step)
    event.summary.value = spreads.map { tag, spread in
      .with {
        $0.tag = tag
        $0.histo = spread.histogram
      }
    }
    try train.append(event)
  }

  /// A picture as a PNG file.
  public struct Picture {
    public var tag: String
    public var width: Int
    public var height: Int
    public var png: [UInt8]

    public init(tag: String, width: Int, height: Int, png: [UInt8]) {
      self.tag = tag
      self.width = width
      self.height = height
      self.png = png
    }
  }

  /// Shows a grey picture, under `test`.
  ///
  /// - Throws: `inputOutput`.
  public func append(_ picture: Picture, step: Int) throws(Failure) {
    var event = event(at: step)
    event.summary.value = [
      .with {
        $0.tag = picture.tag
        $0.image.width = Int32(picture.width)
        $0.image.height = Int32(picture.height)
        $0.image.colorspace = 1
        $0.image.encodedImageString = .init(picture.png)
      }
    ]
    try test.append(event)
  }

  /// Waits until every event is on the disk.
  ///
  /// - Throws: `inputOutput`.
  public func synchronize() throws(Failure) {
    try train.synchronize()
    try test.synchronize()
  }

  private func event(at step: Int) -> TensorBoardEvent {
    .with {
      $0.wallTime = time.utc()
      $0.step = Int64(step)
    }
  }

  private func scalars(_ record: MetricsRecord) -> [(tag: String, number: Float?)] {
    [
      ("loss", record.loss), ("accuracy", record.accuracy), ("lr", record.learningRate),
      ("grad_norm", record.gradientNorm), ("images_per_s", record.imagesPerSecond),
      ("step/data", record.phases?.data), ("step/compute", record.phases?.compute),
      ("step/exposed_comm", record.phases?.exposedCommunication), ("step/wait", record.phases?.wait),
    ]
  }
}

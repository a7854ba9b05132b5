import Datasets
import Failures
import Files
import Foundation
import Pictures
import Telemetry
import Tensors

/// Asks a checkpoint what is on some pictures: PNG files, or images of the test set.
public struct PredictionRun: Sendable {
  /// One picture and the network's answer.
  public struct Prediction: Sendable {
    public enum Source: Equatable, Sendable {
      case file(String, width: Int, height: Int)
      /// Of the test set, with its label's name.
      case sample(Int, label: String)
    }

    public let source: Source
    /// Whether its edges are light, where those of the data set's pictures are black.
    public let looksInverted: Bool
    /// Of each output, in order; they add up to 1.
    public let probabilities: [Double]

    /// The file, or `test image 17`.
    public var name: String {
      switch source {
      case .file(let path, _, _): path
      case .sample(let index, _): "test image \(index)"
      }
    }

    /// Of an image of the test set.
    public var label: String? {
      switch source {
      case .file: nil
      case .sample(_, let label): label
      }
    }

    /// The outputs of the largest probabilities, the largest first, the lower number first of equal ones.
    public func best(_ count: Int) -> [Int] {
      Array(probabilities.indices.sorted { (probabilities[$1], $0) < (probabilities[$0], $1) }.prefix(count))
    }
  }

  private let settings: TrainingSettings
  private let checkpoint: String
  private let pictures: [String]
  private let indices: [Int]
  private let inverts: Bool
  private let environment: [String: String]

  /// - Parameters:
  ///   - settings: model, data set, image size and classes count.
  ///   - checkpoint: a run's directory, a checkpoint, or a file of weights.
  ///   - pictures: PNG files, and directories of them.
  ///   - indices: images of the test set.
  ///   - inverts: whether the pictures are dark on light.
  public init(
    _ settings: TrainingSettings, checkpoint: String, pictures: [String], indices: [Int], inverts: Bool,
    environment: [String: String]
  ) {
    self.settings = settings
    self.checkpoint = checkpoint
    self.pictures = pictures
    self.indices = indices
    self.inverts = inverts
    self.environment = environment
  }

  /// What came out of all pictures.
  public struct Result: Sendable {
    public let predictions: [Prediction]
    /// The name of each output of the network that has one.
    public let classNames: [String]
  }

  /// - Throws: as ``Rank/together(_:)``; the failure names the picture.
  public func run(on rank: Rank) throws -> Result {
    let graph = try rank.together { () throws(Failure) in try Replica.graph(settings) }
    let files = try rank.together { () throws(Failure) in try self.files() }
    let inference = try Inference(
      graph, checkpoint: checkpoint, samples: files.count + indices.count, batchSize: settings.batchSize,
      rank: rank)
    let format = try rank.together { () throws(Failure) in
      try PictureFormat(settings, state: inference.state, environment: environment)
    }
    let asked = try rank.together { () throws(Failure) in try self.asked(files, format) }
    let set = ImageSet(
      name: "pictures", split: .test, shape: format.shape, storage: asked.flatMap(\.pixels),
      labels: asked.map { _ in 0 }, classNames: format.classNames)
    let classes = inference.network.output.count
    var logits = [Float](repeating: 0, count: set.count * classes)
    _ = try inference.answers(to: set, logits: &logits)
    let predictions = asked.enumerated().map { index, picture in
      let row = logits[index * classes..<(index + 1) * classes]
      let (_, logNorm) = Outcomes.softmax(row)
      return Prediction(
        source: picture.source, looksInverted: picture.looksInverted,
        probabilities: row.map { exp(Double($0) - logNorm) })
    }
    return Result(predictions: predictions, classNames: format.classNames)
  }

  private struct Asked {
    var source: Prediction.Source
    var pixels: [UInt8]
    var looksInverted: Bool
  }

  private func asked(_ files: [String], _ format: PictureFormat) throws(Failure) -> [Asked] {
    var asked: [Asked] = []
    for path in files { asked.append(try picture(path, format)) }
    if !indices.isEmpty {
      let test = try TrainingData.loadTest(settings, environment: environment)
      guard test.shape == format.shape else {
        throw Failure(
          .badData,
          "test images of \(test.shape), expected \(format.shape) as the checkpoint was trained with",
          at: settings.data ?? "", advice: "name the data set of its training with --dataset and --data")
      }
      for index in indices {
        guard (0..<test.count).contains(index) else {
          throw Failure(
            .usage, "the test set has no image \(index)", at: "--index", advice: "give 0 to \(test.count - 1)"
          )
        }
        asked.append(
          Asked(
            source: .sample(index, label: test.classNames[Int(test.labels[index])]),
            pixels: Array(test.pixels(of: index)), looksInverted: false))
      }
    }
    return asked
  }

  /// The files that were named, and those that lie in a directory that was named, in the order of their names.
  private func files() throws(Failure) -> [String] {
    var files: [String] = []
    for path in pictures {
      guard Directory.kind(path) == .directory else {
        files.append(path)
        continue
      }
      let names = try Directory.names(path, code: .inputOutput).filter { $0.lowercased().hasSuffix(".png") }
      guard !names.isEmpty else {
        throw Failure(.missingInput, "no PNG file in this directory", at: printable(path))
      }
      files += names.sorted().map { path.hasSuffix("/") ? path + $0 : "\(path)/\($0)" }
    }
    return files
  }

  private func picture(_ path: String, _ format: PictureFormat) throws(Failure) -> Asked {
    let file = try OpenFile.reading(path)
    let bytes = try file.size()
    guard bytes <= PNGReader.maximumBytes else {
      throw Failure(
        .badData, "\(spokenBytes(bytes)) are too many for a picture", at: printable(path),
        advice: "scale it down")
    }
    // What is transparent is background, and background is black in the end.
    let read = try PNGReader.grey(try file.bytes(bytes), at: printable(path), background: inverts ? 255 : 0)
    let picture =
      inverts
      ? GreyPicture(width: read.width, height: read.height, pixels: read.pixels.map { 255 - $0 }) : read
    return Asked(
      source: .file(path, width: picture.width, height: picture.height),
      pixels: Framing(size: format.side)(picture),
      looksInverted: format.isLightOnBlack && picture.edgeMean > 127.5)
  }
}

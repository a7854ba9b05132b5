import Failures
import Files
import Foundation

/// The size of a file and the checksum of its header, which holds those of its tensors.
public struct FileStamp: Codable, Equatable, Sendable {
  public var bytes: Int
  /// Eight hexadecimal digits.
  public var checksum: String

  public init(bytes: Int = 0, checksum: String = "") {
    self.bytes = bytes
    self.checksum = checksum
  }
}

/// Where a run stands, beside its tensors: `state.json`.
///
/// Everything that decides the bits of the run is here, so that a resumed one can go on exactly or say what differs. Keys that
/// were added later are optional, and unknown ones are passed over; ``format`` changes where that would not do.
public struct CheckpointState: Codable, Equatable, Sendable {
  public static let currentFormat = 1

  /// The version of this layout.
  public var format = Self.currentFormat
  public var programVersion = ""

  /// The model's name.
  public var model: String
  /// Digests of the model's tensors (names and shapes) and of the data.
  public var modelDigest = ""
  public var dataDigest = ""
  /// What the classes are called, in the order of the network's outputs.
  public var classNames: [String]?
  /// Pixels a side of the data set's images, before the network's own size.
  public var imageSide: Int?
  /// The settings that define the run, by name.
  public var settings: [String: String]?

  /// Steps done.
  public var step: Int
  /// Optimizer updates done: steps less those that were skipped.
  public var updates = 0
  /// Whole epochs done.
  public var epoch = 0
  /// Batches of the current epoch that are done: the position in the data.
  public var batch = 0
  public var seed: UInt64 = 0

  /// Images in a global batch, the shards it is cut into, ranks, threads of a rank, and the vector instructions used.
  public var batchSize = 0
  public var shards = 0
  public var worldSize = 1
  public var threads = 1
  public var instructionSet = ""

  /// What the current epoch has added up: losses and correct answers over images, and seconds of training.
  public var epochLoss = 0.0
  public var epochCorrect = 0.0
  public var epochImages = 0.0
  public var epochSeconds = 0.0

  /// How often a dead start was begun anew, each time with the next seed; nil for never. ``seed`` is the last one.
  public var restarts: Int?
  /// Losses, correct answers and images of the steps by which a dead start is told; nil outside of them.
  public var startWindow: [Double]?

  /// The best test accuracy so far and the step that reached it; nil before the first evaluation.
  public var bestAccuracy: Double?
  public var bestStep: Int?

  /// Seconds since 1970 when it was saved.
  public var savedAt: Double = 0
  /// Set by the store.
  public internal(set) var modelFile = FileStamp()
  public internal(set) var optimizerFile = FileStamp()

  public init(model: String, step: Int) {
    self.model = model
    self.step = step
  }
}

extension CheckpointState {
  /// More than any state; bounds what a damaged one can cost.
  private static let maximumBytes = 1 << 20

  private static let opening = "{\n  \"crc32\" : \""
  private static let openingEnd = "\","

  /// The file's text: a JSON object whose first member is the CRC-32 of all that follows it.
  func encoded() throws(Failure) -> String {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
    encoder.keyEncodingStrategy = .convertToSnakeCase
    let json: Data
    do { json = try encoder.encode(self) } catch {
      throw Failure(.internalError, "state.json cannot hold this state: \(error)")
    }
    let members = String(decoding: json.dropFirst(), as: UTF8.self) + "\n"
    return Self.opening + Self.checksum(members) + Self.openingEnd + members
  }

  private static func checksum(_ text: some StringProtocol) -> String {
    Array(text.utf8).withUnsafeBytes { CRC32($0).hexadecimal }
  }

  /// Reads a state and proves that it is as it was written.
  ///
  /// - Throws: `badData` when it is damaged or of a newer format.
  init(reading path: String) throws(Failure) {
    let file = try OpenFile.reading(path, missing: .badData)
    let bytes = try file.bytes(min(try file.size(), Self.maximumBytes))
    let text = String(decoding: bytes, as: UTF8.self)
    let start = Self.opening.utf8.count + 8 + Self.openingEnd.utf8.count
    guard bytes.count > start else {
      throw Failure(.badData, "truncated: expected a state, found \(bytes.count) bytes", at: path)
    }
    let members = text.utf8.dropFirst(start)
    let head = Self.opening + Self.checksum(Substring(members)) + Self.openingEnd
    guard text.utf8.starts(with: head.utf8) else {
      throw Failure(.badData, "damaged or edited: its checksum is wrong", at: path)
    }
    struct Version: Decodable { var format: Int }
    let decoder = JSONDecoder()
    decoder.keyDecodingStrategy = .convertFromSnakeCase
    do {
      let format = try decoder.decode(Version.self, from: Data(bytes)).format
      guard format == Self.currentFormat else {
        throw Failure(
          .badData, "format \(format), but this program knows format \(Self.currentFormat)", at: path)
      }
      self = try decoder.decode(Self.self, from: Data(bytes))
    } catch let failure as Failure {
      throw failure
    } catch {
      throw Failure(.badData, "not a state: \(error)", at: path)
    }
  }
}

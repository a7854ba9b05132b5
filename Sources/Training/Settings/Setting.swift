import Failures
import Foundation
import Layers

/// One row a setting: its name on the command line, in the environment and in files, and how its text is read and written.
public struct Setting: Sendable {
  /// The name as on the command line: `batch-size`.
  public let name: String
  /// What is allowed, for messages.
  public let allowed: String
  /// Whether another value makes another run; a resumed run says so.
  public let definesRun: Bool
  /// Whether every rank of a job must have the same value.
  public private(set) var isShared = true
  /// Whether `config.yaml` keeps it: not what belongs to one job alone.
  public private(set) var isRecorded = true
  let set: @Sendable (inout TrainingSettings, String) -> Bool
  let get: @Sendable (TrainingSettings) -> String?

  /// The environment variable: `CNN_DIST_BATCH_SIZE`.
  public var environmentName: String {
    "CNN_DIST_" + name.uppercased().replacingOccurrences(of: "-", with: "_")
  }

  public static func named(_ name: String) -> Setting? { all.first { $0.name == name } }

  /// The same setting, which ranks may have differently.
  private var differingByRank: Setting {
    var setting = self
    setting.isShared = false
    return setting
  }

  /// The same setting, which stays out of `config.yaml`.
  private var unrecorded: Setting {
    var setting = self
    setting.isRecorded = false
    return setting
  }

  /// Every setting of `train`, in the order in which `config.yaml` lists them.
  public static let all: [Setting] = [
    .choice("recipe", \.recipe, Recipe.names),
    .enumeration("dataset", \.dataset),
    .text("data", \.data, "a directory", definesRun: false).differingByRank,
    .integer("train-limit", \.trainLimit, 1...10_000_000),
    .integer("test-limit", \.testLimit, 1...10_000_000),
    .integer("image-size", \.imageSize, 1...4096),
    .integer("classes", \.classes, 2...100_000),
    .flag("shuffle", \.shuffle),
    .enumeration("verify", \.verify, definesRun: false),
    .integer("epochs", \.epochs, 1...1_000_000, definesRun: false),
    .integer("max-steps", \.maxSteps, 1...1_000_000_000, definesRun: false),
    .integer("batch-size", \.batchSize, 1...1_048_576),
    .enumeration("optimizer", \.optimizer),
    .number("lr", \.learningRate, 1e-12...1e3),
    .number("momentum", \.momentum, 0...0.9999),
    .number("weight-decay", \.weightDecay, 0...1e3),
    .number("dropout", \.dropout, 0...0.99),
    .enumeration("initialization", \.initialization),
    .integer("seed", \.seed, 0...UInt64.max),
    .text("init", \.initialWeights, "a .safetensors file"),
    .integer("ranks", \.ranks, 1...256, definesRun: false).unrecorded,
    .integer("threads", \.threads, 1...1024, definesRun: false).differingByRank.unrecorded,
    .text("run", \.run, "a directory", definesRun: false).unrecorded,
    .flag("force-unlock", \.forceUnlock, definesRun: false).unrecorded,
    .resume.unrecorded,
    .integer("checkpoint-every", \.checkpointEvery, 1...1_000_000_000, definesRun: false),
    .integer("keep", \.keep, 1...1_000_000, definesRun: false),
    .integer("eval-every", \.evalEvery, 0...1_000_000, definesRun: false),
    .integer("log-every", \.logEvery, 1...1_000_000_000, definesRun: false),
    .flag("quiet", \.quiet, definesRun: false).differingByRank.unrecorded,
  ]
}

// Key paths of a Sendable struct to Sendable values are only ever read here.
extension Setting {
  typealias Path<Value> = WritableKeyPath<TrainingSettings, Value> & Sendable

  private static func describe<Number: BinaryInteger>(_ range: ClosedRange<Number>) -> String {
    range.upperBound == Number(clamping: UInt64.max)
      ? "a whole number from \(range.lowerBound)"
      : "a whole number from \(range.lowerBound) to \(range.upperBound)"
  }

  static func integer<Number: FixedWidthInteger & Sendable>(
    _ name: String, _ path: Path<Number>, _ range: ClosedRange<Number>, definesRun: Bool = true
  ) -> Setting {
    Setting(
      name: name, allowed: describe(range), definesRun: definesRun,
      set: { settings, text in
        guard let value = Number(text), range.contains(value) else { return false }
        settings[keyPath: path] = value
        return true
      }, get: { "\($0[keyPath: path])" })
  }

  static func integer<Number: FixedWidthInteger & Sendable>(
    _ name: String, _ path: Path<Number?>, _ range: ClosedRange<Number>, definesRun: Bool = true
  ) -> Setting {
    Setting(
      name: name, allowed: describe(range), definesRun: definesRun,
      set: { settings, text in
        guard let value = Number(text), range.contains(value) else { return false }
        settings[keyPath: path] = value
        return true
      }, get: { settings in settings[keyPath: path].map { "\($0)" } })
  }

  static func number<Number: BinaryFloatingPoint & LosslessStringConvertible & Sendable>(
    _ name: String, _ path: Path<Number>, _ range: ClosedRange<Number>
  ) -> Setting {
    Setting(
      name: name, allowed: "a number from \(range.lowerBound) to \(range.upperBound)", definesRun: true,
      set: { settings, text in
        guard let value = Number(text), range.contains(value) else { return false }
        settings[keyPath: path] = value
        return true
      }, get: { "\($0[keyPath: path])" })
  }

  static func number<Number: BinaryFloatingPoint & LosslessStringConvertible & Sendable>(
    _ name: String, _ path: Path<Number?>, _ range: ClosedRange<Number>
  ) -> Setting {
    Setting(
      name: name, allowed: "a number from \(range.lowerBound) to \(range.upperBound)", definesRun: true,
      set: { settings, text in
        guard let value = Number(text), range.contains(value) else { return false }
        settings[keyPath: path] = value
        return true
      }, get: { settings in settings[keyPath: path].map { "\($0)" } })
  }

  static func text(_ name: String, _ path: Path<String?>, _ what: String, definesRun: Bool = true) -> Setting
  {
    Setting(
      name: name, allowed: what, definesRun: definesRun,
      set: { settings, text in
        guard !text.isEmpty else { return false }
        settings[keyPath: path] = text
        return true
      }, get: { $0[keyPath: path] })
  }

  static func choice(_ name: String, _ path: Path<String>, _ choices: [String]) -> Setting {
    Setting(
      name: name, allowed: choices.joined(separator: ", "), definesRun: true,
      set: { settings, text in
        guard choices.contains(text) else { return false }
        settings[keyPath: path] = text
        return true
      }, get: { $0[keyPath: path] })
  }

  static func enumeration<Choice: RawRepresentable<String> & CaseIterable & Sendable>(
    _ name: String, _ path: Path<Choice>, definesRun: Bool = true
  ) -> Setting {
    Setting(
      name: name, allowed: Choice.allCases.map(\.rawValue).joined(separator: ", "), definesRun: definesRun,
      set: { settings, text in
        guard let choice = Choice(rawValue: text) else { return false }
        settings[keyPath: path] = choice
        return true
      }, get: { $0[keyPath: path].rawValue })
  }

  static func flag(_ name: String, _ path: Path<Bool>, definesRun: Bool = true) -> Setting {
    Setting(
      name: name, allowed: "true or false", definesRun: definesRun,
      set: { settings, text in
        guard let value = Bool(text) else { return false }
        settings[keyPath: path] = value
        return true
      }, get: { "\($0[keyPath: path])" })
  }

  static let resume = Setting(
    name: "resume", allowed: "auto, none, or a checkpoint's path", definesRun: false,
    set: { settings, text in
      guard !text.isEmpty else { return false }
      settings.resume = text == "auto" ? .auto : text == "none" ? .none : .path(text)
      return true
    },
    get: {
      switch $0.resume {
      case .none: "none"
      case .auto: "auto"
      case .path(let path): path
      }
    })
}

import Foundation

/// One row a setting: its name on the command line, in the environment and in files, and how its text is read and written.
public struct Setting: Sendable {
  /// The name as on the command line: `batch-size`.
  public let name: String
  /// What is allowed, for messages.
  public let allowed: String
  /// Whether another value makes another run; a resumed run says so.
  public let definesRun: Bool
  /// Whether a run cannot be resumed with another value, unless that is asked for: what it learns from, and in which order.
  public private(set) var isBinding = false
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

  /// The same setting, which a resumed run must have too.
  var binding: Setting {
    var setting = self
    setting.isBinding = true
    return setting
  }

  /// The same setting, which ranks may have differently.
  var differingByRank: Setting {
    var setting = self
    setting.isShared = false
    return setting
  }

  /// The same setting, which stays out of `config.yaml`.
  var unrecorded: Setting {
    var setting = self
    setting.isRecorded = false
    return setting
  }
}

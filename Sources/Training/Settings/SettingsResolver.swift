import Failures
import Files
import Foundation
import Models
import Telemetry

/// Where a setting's text came from, for messages.
enum SettingSource {
  case commandLine
  case environment
  case recipe(String)
}

/// Merges the sources of settings: command line before environment before file before recipe.
public enum SettingsResolver {
  /// - Parameters:
  ///   - model: the network's name.
  ///   - commandLine: what was given there, by setting name.
  ///   - file: path of a YAML file of settings.
  /// - Throws: a failure that names the setting, where it came from and what is allowed.
  public static func resolve(
    model: String, commandLine: [String: String], environment: [String: String], file: String?
  ) throws(Failure) -> TrainingSettings {
    guard let known = ModelRegistry.named(model) else { throw unknownModel(model) }
    let fromEnvironment = Dictionary(
      uniqueKeysWithValues: Setting.all.compactMap { setting in
        environment[setting.environmentName].map { (setting.name, $0) }
      })
    let file = try file.map { path throws(Failure) in try SettingsFile(path) }
    let fromFile = try file?.settings(for: model) ?? [:]

    var settings = TrainingSettings()
    settings.model = model
    settings.classes = known.classes
    let recipe =
      commandLine["recipe"] ?? fromEnvironment["recipe"] ?? fromFile["recipe"]?.text ?? settings.recipe
    if let known = Recipe.settings(recipe, model: model) {
      try apply(known, from: .recipe(recipe), to: &settings)
    } else if Recipe.names.contains(recipe) {
      throw Failure(
        .usage, "\(model) has no recipe '\(recipe)'", at: "--recipe", advice: "leave it out for the default")
    }
    if let file { try file.apply(fromFile, to: &settings) }
    try apply(fromEnvironment, from: .environment, to: &settings)
    try apply(commandLine, from: .commandLine, to: &settings)
    return settings
  }

  /// The settings with which a checkpoint is evaluated: those of its run, which `commandLine` may replace.
  ///
  /// - Parameter model: the network's name, where the checkpoint does not lie in a run directory.
  public static func resolve(
    checkpoint: String, model: String?, commandLine: [String: String], environment: [String: String]
  ) throws(Failure) -> TrainingSettings {
    let file = configuration(ofRunWith: checkpoint)
    let recorded = try file.map { path throws(Failure) in try SettingsFile(path).modelName() }
    guard let name = model ?? recorded else {
      guard FileManager.default.fileExists(atPath: checkpoint) else {
        throw Failure(.missingInput, "no such run or checkpoint", at: checkpoint)
      }
      throw Failure(
        .usage, "the checkpoint's network is not known", at: checkpoint, advice: "name it with --model")
    }
    return try resolve(
      model: name, commandLine: commandLine, environment: environment, file: model == nil ? file : nil)
  }

  /// The configuration of the run that a checkpoint, or a file of it, lies in; nil where it lies in none.
  private static func configuration(ofRunWith checkpoint: String) -> String? {
    var place = Directory.followed(checkpoint)
    for _ in 0...3 {
      let paths = RunPaths(place)
      if Directory.kind(paths.configuration) == .file, Directory.kind(paths.checkpoints) == .directory {
        return paths.configuration
      }
      place = Directory.parent(place)
    }
    return nil
  }

  private static func apply(
    _ values: [String: String], from source: SettingSource, to settings: inout TrainingSettings
  ) throws(Failure) {
    for (name, text) in values.sorted(by: { $0.key < $1.key }) {
      guard let setting = Setting.named(name) else { preconditionFailure("no setting is called \(name)") }
      guard setting.set(&settings, text) else {
        let (code, location): (ExitCode, String) =
          switch source {
          case .commandLine: (.usage, "--\(name)")
          case .environment: (.configuration, setting.environmentName)
          case .recipe(let recipe): (.configuration, "\(name) in recipe \(recipe)")
          }
        throw Failure(code, "'\(text)' is not allowed", at: location, advice: "give \(setting.allowed)")
      }
    }
  }

  /// The resolved settings as YAML that reproduces the run.
  public static func yaml(_ settings: TrainingSettings) -> String {
    let lines = Setting.all.filter(\.isRecorded).compactMap { setting in
      setting.get(settings).map { "\(setting.name): \(quoted($0))" }
    }
    return (["model: \(settings.model)"] + lines).joined(separator: "\n") + "\n"
  }

  private static func quoted(_ text: String) -> String {
    let plain = text.allSatisfy { $0.isASCII && ($0.isLetter || $0.isNumber || "-._/+".contains($0)) }
    return plain ? text : "'" + text.replacingOccurrences(of: "'", with: "''") + "'"
  }
}

/// The error for a model that does not exist, with the nearest name.
public func unknownModel(_ name: String) -> Failure {
  let names = ModelRegistry.all.map(\.name)
  let advice =
    nearest(to: name, in: names).map { "did you mean '\($0)'?" } ?? "known: \(names.joined(separator: ", "))"
  return Failure(.usage, "unknown model '\(name)'", advice: advice)
}

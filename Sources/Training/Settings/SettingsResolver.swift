import Datasets
import Failures
import Files
import Foundation
import Models
import Telemetry

/// Where a setting's text came from.
public enum SettingSource: Equatable, Sendable, CustomStringConvertible {
  case commandLine
  case environment
  /// A file of settings and the line in it.
  case file(String, line: Int)
  case recipe(String)
  /// The classes' folders of the data set.
  case data
  /// What the network was written for.
  case model
  /// Nobody said anything.
  case usual

  public var description: String {
    switch self {
    case .commandLine: "command line"
    case .environment: "environment"
    case .file(let path, let line): "\(path):\(line)"
    case .recipe(let name): "recipe \(name)"
    case .data: "data"
    case .model: "model"
    case .usual: "default"
    }
  }
}

/// Settings, and where each came from.
public struct ResolvedSettings: Sendable {
  public var settings: TrainingSettings
  private var sources: [String: SettingSource] = [:]

  init(_ settings: TrainingSettings) { self.settings = settings }

  public func source(of setting: String) -> SettingSource { sources[setting] ?? .usual }

  /// Says where settings came from; later ones win.
  mutating func note(_ names: some Sequence<String>, from source: SettingSource) {
    for name in names { sources[name] = source }
  }
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
    try resolveWithSources(
      model: model, commandLine: commandLine, environment: environment, file: file
    ).settings
  }

  /// The same, with where each setting came from.
  public static func resolveWithSources(
    model: String, commandLine: [String: String], environment: [String: String], file path: String?
  ) throws(Failure) -> ResolvedSettings {
    guard let known = ModelRegistry.named(model) else { throw unknownModel(model) }
    let fromEnvironment = Dictionary(
      uniqueKeysWithValues: Setting.all.compactMap { setting in
        environment[setting.environmentName].map { (setting.name, $0) }
      })
    let file = try path.map { path throws(Failure) in try SettingsFile(path) }
    let fromFile = try file?.settings(for: model) ?? [:]

    var settings = TrainingSettings()
    settings.model = model
    settings.classes = known.classes
    var resolved = ResolvedSettings(settings)
    resolved.note(["classes"], from: .model)
    let recipe =
      commandLine["recipe"] ?? fromEnvironment["recipe"] ?? fromFile["recipe"]?.text ?? settings.recipe
    if let known = Recipe.settings(recipe, model: model) {
      try apply(known, from: .recipe(recipe), to: &settings)
      resolved.note(known.keys, from: .recipe(recipe))
    } else if Recipe.names.contains(recipe) {
      throw Failure(
        .usage, "\(model) has no recipe '\(recipe)'", at: "--recipe", advice: "leave it out for the default")
    }
    if let file { try file.apply(fromFile, to: &settings) }
    for (name, entry) in fromFile { resolved.note([name], from: .file(path ?? "", line: entry.line)) }
    try apply(fromEnvironment, from: .environment, to: &settings)
    resolved.note(fromEnvironment.keys, from: .environment)
    try apply(commandLine, from: .commandLine, to: &settings)
    resolved.note(commandLine.keys, from: .commandLine)
    if settings.dataset == .folder, let data = settings.data, resolved.source(of: "classes") == .model {
      settings.classes = try FolderDataset.classNames(in: data).count
      resolved.note(["classes"], from: .data)
    }
    resolved.settings = settings
    return resolved
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
          case .file, .data, .model, .usual: preconditionFailure("only texts without a line are applied here")
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

  /// The same for a reader: each setting below what it means and where it came from, those without a value as a comment.
  ///
  /// - Parameter meaning: what a setting is for, in one line.
  public static func annotatedYAML(
    _ resolved: ResolvedSettings, meaning: (_ setting: String) -> String
  ) -> String {
    let settings = resolved.settings
    func entry(_ setting: Setting, isActive: Bool) -> String {
      let value = setting.get(settings).map(quoted)
      let line = value.map { "\(setting.name): \($0)" } ?? "\(setting.name):"
      let source = value == nil ? "unset" : "\(resolved.source(of: setting.name))"
      return """
        # \(meaning(setting.name)) (\(source))
        \(isActive && value != nil ? "" : "# ")\(line)
        """
    }
    let recorded = Setting.all.filter(\.isRecorded).map { entry($0, isActive: true) }
    let others = Setting.all.filter { !$0.isRecorded && resolved.source(of: $0.name) != .usual }
    let ofTheJob = others.map { entry($0, isActive: false) }
    let blocks =
      ["# The network. (command line)\nmodel: \(settings.model)"] + recorded
      + (ofTheJob.isEmpty ? [] : ["# What follows belongs to this job alone, and to no file."] + ofTheJob)
    return blocks.joined(separator: "\n\n") + "\n"
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

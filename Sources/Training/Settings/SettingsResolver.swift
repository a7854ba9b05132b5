import Failures
import Files
import Foundation
import Models
import Telemetry
import Yams

/// Where a setting's text came from, for messages.
enum SettingSource {
  case commandLine
  case environment
  case file(String)
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
    let fromFile = try file.map { path throws(Failure) in try read(path, for: model) } ?? [:]

    var settings = TrainingSettings()
    settings.model = model
    settings.classes = known.classes
    let recipe = commandLine["recipe"] ?? fromEnvironment["recipe"] ?? fromFile["recipe"] ?? settings.recipe
    if let known = Recipe.settings(recipe, model: model) {
      try apply(known, from: .recipe(recipe), to: &settings)
    } else if Recipe.names.contains(recipe) {
      throw Failure(
        .usage, "\(model) has no recipe '\(recipe)'", at: "--recipe", advice: "leave it out for the default")
    }
    if let file { try apply(fromFile, from: .file(file), to: &settings) }
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
    let recorded = try file.map { path throws(Failure) in try modelName(in: path) }
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

  /// The model that a run's configuration is for.
  private static func modelName(in path: String) throws(Failure) -> String {
    let text = try contents(of: path)
    guard let name = try compose(text, at: path)?["model"]?.string else {
      throw Failure(
        .badData, "the run's configuration names no model", at: path, advice: "name it with --model")
    }
    return name
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
          case .file(let path): (.configuration, "\(name) in \(path)")
          case .recipe(let recipe): (.configuration, "\(name) in recipe \(recipe)")
          }
        throw Failure(code, "'\(text)' is not allowed", at: location, advice: "give \(setting.allowed)")
      }
    }
  }

  /// Reads a YAML mapping of settings. The key `model` is allowed and must agree.
  private static func read(_ path: String, for model: String) throws(Failure) -> [String: String] {
    let text: String
    do { text = try String(contentsOfFile: path, encoding: .utf8) } catch {
      throw Failure(
        .missingInput, "cannot read the configuration", at: path, advice: "check the path of --config")
    }
    guard let node = try compose(text, at: path) else { return [:] }
    guard let mapping = node.mapping else {
      throw Failure(
        .configuration, "expected a mapping of settings", at: path, advice: "write 'name: value' lines")
    }
    var values: [String: String] = [:]
    for (key, value) in mapping {
      let line = key.mark.map { "\(path):\($0.line)" } ?? path
      guard let name = key.string, let text = value.scalar?.string else {
        throw Failure(.configuration, "expected 'name: value'", at: line)
      }
      if name == "model" {
        guard text == model else {
          throw Failure(.configuration, "the file is for \(text), not \(model)", at: line)
        }
        continue
      }
      guard Setting.named(name) != nil else {
        let advice = nearest(to: name, in: Setting.all.map(\.name)).map { "did you mean '\($0)'?" } ?? ""
        throw Failure(.configuration, "unknown setting '\(name)'", at: line, advice: advice)
      }
      values[name] = text
    }
    return values
  }

  private static func compose(_ text: String, at path: String) throws(Failure) -> Node? {
    do { return try Yams.compose(yaml: text) } catch {
      let reason = "\(error)".split(separator: "\n").first.map(String.init) ?? "not YAML"
      throw Failure(.configuration, "not valid YAML: \(reason)", at: path)
    }
  }

  private static func contents(of path: String) throws(Failure) -> String {
    do { return try String(contentsOfFile: path, encoding: .utf8) } catch {
      throw Failure(
        .missingInput, "cannot read the configuration", at: path, advice: "check the path of --config")
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

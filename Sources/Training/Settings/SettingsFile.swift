import Failures
import Files
import Yams

/// A YAML file of settings: one mapping of names to scalars.
///
/// What such a file never needs is refused before it can cost anything: more than a mebibyte, more than a few aliases.
struct SettingsFile {
  /// A setting's text and the line that it stands on.
  struct Entry {
    var text: String
    var line: Int
  }

  private let path: String
  private let mapping: Node.Mapping

  /// More than any list of settings has.
  private static let maximumBytes = 1 << 20
  /// A few levels of aliases to aliases stand for more nodes than there is memory, and so many cannot.
  private static let maximumAliases = 16

  /// - Throws: `missingInput` where there is no file, `configuration` where it is not a mapping.
  init(_ path: String) throws(Failure) {
    self.path = path
    let text = try Self.text(path)
    try Self.checkAliases(text, path)
    guard let node = try Self.compose(text, path) else {
      mapping = Node.Mapping([])
      return
    }
    guard let mapping = node.mapping else {
      throw Failure(
        .configuration, "expected a mapping of settings", at: Self.place(path, node.mark),
        advice: "write 'name: value' lines")
    }
    self.mapping = mapping
  }

  private static func place(_ path: String, _ mark: Mark?) -> String {
    mark.map { "\(path):\($0.line)" } ?? path
  }

  private static func text(_ path: String) throws(Failure) -> String {
    do throws(Failure) {
      let file = try OpenFile.reading(path)
      let size = try file.size()
      guard size <= maximumBytes else {
        throw Failure(
          .configuration, "the configuration has \(size) bytes, more than the \(maximumBytes) allowed",
          at: path)
      }
      let bytes = try file.bytes(size)
      guard let text = String(validating: bytes, as: UTF8.self) else {
        throw Failure(.configuration, "not UTF-8", at: path)
      }
      return text
    } catch {
      guard error.code == .missingInput else { throw error }
      throw Failure(
        .missingInput, "cannot read the configuration", at: path, advice: "check the path of --config")
    }
  }

  /// Counts every asterisk that could be one, for to tell those in quotes takes all of YAML. Lines that begin with `#` never
  /// hold an alias.
  private static func checkAliases(_ text: String, _ path: String) throws(Failure) {
    var count = 0
    for (index, line) in text.split(separator: "\n", omittingEmptySubsequences: false).enumerated()
    where line.first(where: { $0 != " " }) != "#" {
      count += line.utf8.count { $0 == UInt8(ascii: "*") }
      guard count <= maximumAliases else {
        throw Failure(
          .configuration, "more than \(maximumAliases) aliases", at: "\(path):\(index + 1)",
          advice: "write the values out")
      }
    }
  }

  private static func compose(_ text: String, _ path: String) throws(Failure) -> Node? {
    func invalid(_ reason: String, _ mark: Mark?) -> Failure {
      Failure(.configuration, "not valid YAML: \(reason)", at: place(path, mark))
    }
    do { return try Yams.compose(yaml: text) } catch let error as YamlError {
      switch error {
      case .duplicatedKeysInMapping(let duplicates, let context):
        throw Failure(
          .configuration, "'\(duplicates.first ?? "")' stands there twice", at: place(path, context.mark),
          advice: "keep one of them")
      case .scanner(_, let problem, let mark, _), .parser(_, let problem, let mark, _),
        .composer(_, let problem, let mark, _):
        throw invalid(problem, mark)
      case .reader(let problem, _, _, _): throw invalid(problem, nil)
      default: throw invalid("\(error)".split(separator: "\n").first.map(String.init) ?? "unknown", nil)
      }
    } catch {
      throw invalid("\(error)", nil)
    }
  }

  /// The model that the file names.
  ///
  /// - Throws: `badData` where it names none, for it is a run's own.
  func modelName() throws(Failure) -> String {
    guard let name = mapping["model"]?.string else {
      throw Failure(
        .badData, "the run's configuration names no model", at: path, advice: "name it with --model")
    }
    return name
  }

  /// The settings by name. The key `model` is allowed and must agree.
  func settings(for model: String) throws(Failure) -> [String: Entry] {
    var entries: [String: Entry] = [:]
    for (key, value) in mapping {
      let place = Self.place(path, key.mark)
      guard let name = key.string, let text = value.scalar?.string else {
        throw Failure(
          .configuration, "expected 'name: value'", at: place,
          advice: "give every setting one value, as in 'epochs: 5'")
      }
      if name == "model" {
        guard text == model else {
          throw Failure(.configuration, "the file is for \(text), not \(model)", at: place)
        }
        continue
      }
      guard Setting.named(name) != nil else {
        let advice = nearest(to: name, in: Setting.all.map(\.name)).map { "did you mean '\($0)'?" } ?? ""
        throw Failure(.configuration, "unknown setting '\(name)'", at: place, advice: advice)
      }
      entries[name] = Entry(text: text, line: key.mark?.line ?? 0)
    }
    return entries
  }

  func apply(_ entries: [String: Entry], to settings: inout TrainingSettings) throws(Failure) {
    for (name, entry) in entries.sorted(by: { $0.value.line < $1.value.line }) {
      guard let setting = Setting.named(name) else { preconditionFailure("no setting is called \(name)") }
      guard setting.set(&settings, entry.text) else {
        throw Failure(
          .configuration, "'\(entry.text)' is not allowed for \(name)", at: "\(path):\(entry.line)",
          advice: "give \(setting.allowed)")
      }
    }
  }
}

import ArgumentParser
import Foundation

/// What each setting means: the help of the option that sets it, so that it is written once.
struct OptionMeanings {
  /// What the parser says about its options, of which little is read.
  private struct Description: Decodable {
    struct Command: Decodable { var arguments: [Argument] }
    struct Argument: Decodable {
      var names: [Name]?
      var abstract: String?
    }
    struct Name: Decodable { var name: String }
    var command: Command
  }

  private let meanings: [String: String]

  init() {
    let text = Data(SettingOptions._dumpHelp().utf8)
    guard let description = try? JSONDecoder().decode(Description.self, from: text) else {
      preconditionFailure("the parser describes its options")
    }
    let named = description.command.arguments.flatMap { argument in
      (argument.names ?? []).map { ($0.name, argument.abstract ?? "") }
    }
    meanings = Dictionary(named, uniquingKeysWith: { first, _ in first })
  }

  /// The meaning of a setting; that of its flag `--no-...` where it has no other.
  subscript(setting: String) -> String {
    guard let meaning = meanings[setting] ?? meanings["no-\(setting)"].map({ "false: \($0)" }) else {
      preconditionFailure("no option sets \(setting)")
    }
    return meaning
  }
}

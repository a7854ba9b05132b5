import Foundation
import ProgramRunner
import Testing

@Suite struct HelpTests {
  private struct Command: Decodable {
    struct Argument: Decodable {
      let abstract: String?
      let shouldDisplay: Bool
    }
    let commandName: String
    let abstract: String?
    let discussion: String?
    let arguments: [Argument]?
    let subcommands: [Command]?

    /// It and all below it, but for `help`.
    var all: [Command] { [self] + (subcommands ?? []).filter { $0.commandName != "help" }.flatMap(\.all) }
  }

  private struct Dump: Decodable { let command: Command }

  @Test func everyCommandHasAnExampleAndEveryOptionAText() throws {
    let result = try Program.run(["--experimental-dump-help"])
    let commands = try JSONDecoder().decode(Dump.self, from: Data(result.output.utf8)).command.all
    #expect(commands.count > 12)
    for command in commands {
      #expect(command.abstract?.isEmpty == false, "\(command.commandName)")
      #expect(command.discussion?.contains("Examples:\n") == true, "\(command.commandName)")
      // Longer lines are broken where nobody meant it.
      let lines = command.discussion?.split(separator: "\n") ?? []
      #expect(lines.allSatisfy { $0.count <= 80 }, "\(command.commandName)")
      for argument in command.arguments ?? [] where argument.shouldDisplay {
        #expect(argument.abstract?.isEmpty == false, "\(command.commandName)")
      }
    }
  }

  @Test(arguments: [
    (["train", "lenet", "--epoch", "3"], "cnn-dist train --help"), (["export"], "cnn-dist export --help"),
    (["data", "show", "--count", "few"], "cnn-dist data show --help"), (["trane"], "cnn-dist --help"),
  ])
  func aUsageErrorNamesTheHelpOfItsCommand(arguments: [String], help: String) throws {
    let result = try Program.run(arguments)
    #expect(result.status == 64 && result.errors.hasSuffix("; see '\(help)'\n"), "\(result.errors)")
  }

  /// What bash offers behind some words, the last of which is unfinished.
  private func completions(_ script: String, _ words: [String]) throws -> [Substring] {
    let (line, quoted) = (words.joined(separator: " "), words.map { "'\($0)'" }.joined(separator: " "))
    let result = try Program(
      [
        "-c",
        """
        PATH="$(dirname '\(try Program.path("cnn-dist"))'):$PATH"
        source '\(script)'
        COMP_WORDS=(\(quoted)) COMP_CWORD=\(words.count - 1) COMP_LINE='\(line)' COMP_POINT=\(line.utf8.count)
        _cnn-dist '\(words[0])' '\(words[words.count - 1])' '\(words[words.count - 2])'
        printf '%s\\n' "${COMPREPLY[@]}"
        """,
      ], program: "/bin/bash"
    ).result()
    #expect(result.status == 0, "\(result.errors)")
    return result.outputLines
  }

  @Test func bashCompletesWordsModelsAndNames() throws {
    let scratch = try ScratchDirectory()
    let script = scratch.file("completion")
    try Program.run(["--generate-completion-script", "bash"]).output.write(
      toFile: script, atomically: false, encoding: .utf8)
    #expect(try completions(script, ["cnn-dist", "tr"]) == ["train"])
    #expect(try completions(script, ["cnn-dist", "train", "vgg1"]) == ["vgg11", "vgg11-small", "vgg16"])
    #expect(try completions(script, ["cnn-dist", "train", "lenet", "--metrics-p"]) == ["--metrics-port"])
    #expect(try completions(script, ["cnn-dist", "train", "lenet", "--recipe", "b"]) == ["book", "best"])
  }

  @Test(arguments: ["zsh", "fish"]) func otherShellsHaveCompletions(shell: String) throws {
    let result = try Program.run(["--generate-completion-script", shell])
    #expect(result.status == 0 && result.output.contains("cnn-dist") && result.output.contains("vgg11-small"))
    // Nothing of it was written out, as control characters of other texts are.
    #expect(!result.output.contains("\\u{"))
  }
}

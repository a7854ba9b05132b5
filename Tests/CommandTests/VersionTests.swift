import Foundation
import ProgramRunner
import Testing

/// `cnn-dist --version`, which tells machines of a cluster apart.
@Suite struct VersionTests {
  /// The tests are built with the program, after the last change of the sources.
  @Test func theCommitIsThatOfTheSources() throws {
    let repository = Program.script("..")
    let head = try Program(["-C", repository, "rev-parse", "--short=12", "HEAD"], program: "/usr/bin/git")
      .result()
    let commit = try #require(head.outputLines.first)
    let version = try Program.run(["--version"])
    #expect(version.status == 0)
    #expect(version.output.hasPrefix("cnn-dist 0.1.0 (commit \(commit)"), "\(version.output)")
    #expect(version.output.contains("Open MPI "), "\(version.output)")
  }

  /// What the plugin calls before each build: the file is written where the commit is another one, and else left alone.
  @Test func theRecordIsReplacedOnlyWhenItChanges() throws {
    let scratch = try ScratchDirectory()
    let script = Program.script("build_record")
    let folder = scratch.file(".")
    #expect(try Program([folder], program: script).result().status == 0)
    let file = scratch.file("Commit.swift")
    let first = try String(contentsOfFile: file, encoding: .utf8)
    #expect(first.wholeMatch(of: /let generatedCommit = "[0-9a-f]{12}(\+changes)?"\n/) != nil, "\(first)")
    let before = try FileManager.default.attributesOfItem(atPath: file)[.modificationDate] as? Date
    #expect(try Program([folder], program: script).result().status == 0)
    #expect(try FileManager.default.attributesOfItem(atPath: file)[.modificationDate] as? Date == before)
    try "let generatedCommit = \"of another build\"\n".write(toFile: file, atomically: true, encoding: .utf8)
    #expect(try Program([folder], program: script).result().status == 0)
    #expect(try String(contentsOfFile: file, encoding: .utf8) == first)
  }
}

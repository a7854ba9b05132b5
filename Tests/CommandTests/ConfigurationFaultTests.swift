import Foundation
import ProgramRunner
import Testing

/// Configuration files that are wrong, or meant to do harm.
@Suite(.serialized) struct ConfigurationFaultTests {
  let scratch: ScratchDirectory

  init() throws { scratch = try ScratchDirectory() }

  private func check(
    _ bytes: Data, _ parts: [String], location: SourceLocation = #_sourceLocation
  ) throws {
    let path = scratch.file("settings.yaml")
    try bytes.write(to: URL(fileURLWithPath: path))
    let started = Date()
    let result = try Program.run(["train", "lenet", "--config", path, "--dry-run"], seconds: 20)
    expectFailure(result, 78, location: location)
    for part in parts {
      #expect(
        result.errors.contains(part.replacingOccurrences(of: "FILE", with: path)), "\(result.errors)",
        sourceLocation: location)
    }
    #expect(Date().timeIntervalSince(started) < 10, sourceLocation: location)
  }

  private func check(_ text: String, _ parts: String..., location: SourceLocation = #_sourceLocation) throws {
    try check(Data(text.utf8), parts, location: location)
  }

  @Test(
    "fault 35: unknown keys, wrong types and duplicates in --config → 78 with file and line, did you mean")
  func mistakes() throws {
    try check(
      "epochs: 3\nbatch-sise: 4\n", "unknown setting 'batch-sise' (FILE:2)", "did you mean 'batch-size'?")
    try check("epochs: 3\n\nlr: fast\n", "'fast' is not allowed for lr (FILE:3)", "give a number from ")
    try check("epochs: 3\nlr: [0.1]\n", "expected 'name: value' (FILE:2)")
    try check("epochs: 3\nlr:\n  high: 0.1\n", "expected 'name: value' (FILE:2)")
    try check("epochs: 3\n? [a]\n: 1\n", "expected 'name: value' (FILE:2)")
    try check("seed: 1\nlr: 0.1\nlr: 0.2\n", "'lr' stands there twice (FILE:2)")
    try check("- lr\n- 0.1\n", "expected a mapping of settings (FILE:1)")
    try check("model: vgg11\n", "the file is for vgg11, not lenet (FILE:1)")
    try check("lr: 0.1\n---\nlr: 0.2\n", "not valid YAML", "FILE:2")
    try check("lr: \"0.1\nseed: 3\n", "not valid YAML", "FILE:")
    try check("lr: *rate\n", "not valid YAML: found undefined alias (FILE:1)")
  }

  @Test("fault 35: an alias bomb, 1,000,000 levels, 1 MiB and more, or no UTF-8 in --config → 78 in a moment")
  func harm() throws {
    let names = Array("abcdefghijklmnopqrstuvwxyz").map(String.init)
    var bomb = "a: &a [x, x, x, x, x, x, x, x, x]\n"
    for (before, name) in zip(names, names.dropFirst()) {
      bomb += "\(name): &\(name) [\(Array(repeating: "*\(before)", count: 9).joined(separator: ", "))]\n"
    }
    // As a key, all of it would have to be compared.
    try check("\(bomb)? *z\n: 1\n", "more than 16 aliases (FILE:3)")
    try check(String(repeating: "[", count: 1_000_000), "not valid YAML", "FILE:1")
    try check(String(repeating: "- ", count: 500_000), "not valid YAML", "FILE:1")
    try check(
      String(repeating: "# so much to say\n", count: 70_000),
      "the configuration has 1190000 bytes, more than the 1048576 allowed (FILE)")
    try check(Data([0x6C, 0x72, 0x3A, 0x20, 0xFF, 0xFE, 0x0A]), ["not UTF-8 (FILE)"])
    try check("lr: \u{0}1\n", "not valid YAML")
  }
}

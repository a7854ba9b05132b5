import ProgramRunner
import Testing

@Suite struct DataShowTests {
  private func show(_ arguments: String...) throws -> ProgramResult {
    try Program.run(["data", "show", "--dataset", "synthetic"] + arguments, environment: ["COLUMNS": "80"])
  }

  /// Each picture's characters, mirrored, stand beside it.
  @Test func augmentedPicturesStandBesideTheirOriginals() throws {
    let result = try show("--augment", "flip:1", "--count", "2")
    #expect(result.status == 0, "\(result.errors)")
    let lines = result.output.split(separator: "\n")
    try #require(lines.count == 30)
    for (picture, first) in [0, 15].enumerated() {
      for line in lines[first..<first + 14] {
        #expect(line.count == 58)
        #expect(line.suffix(28).elementsEqual(line.prefix(28).reversed()))
      }
      #expect(lines[first + 14].hasPrefix("\(picture): "))
      #expect(lines[first + 14].hasSuffix("\(picture): augmented, epoch 1"))
    }
  }

  @Test func seedAndEpochChooseTheChanges() throws {
    let usual = ["--augment", "crop,erase:1"]
    let first = try show(usual[0], usual[1])
    #expect(try show(usual[0], usual[1], "--seed", "1", "--epoch", "1").output == first.output)
    for other in [["--seed", "2"], ["--epoch", "2"]] {
      #expect(try show(usual[0], usual[1], other[0], other[1]).output != first.output)
    }
  }

  @Test func anUnknownAugmentationSuggestsTheNearest() throws {
    let result = try show("--augment", "flip,corp")
    #expect(result.status == 64)
    #expect(result.errors.contains("unknown augmentation 'corp'; did you mean 'crop'? known: flip, "))
    #expect(try show("--epoch", "0").status == 64)
  }
}

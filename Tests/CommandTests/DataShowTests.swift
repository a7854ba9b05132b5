import Foundation
import Pictures
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

  /// Five pictures, each with eight draws, enlarged three times with margins of 6.
  @Test func aSheetIsAPNGFile() throws {
    let scratch = try ScratchDirectory()
    let file = scratch.file("sheet.png")
    let result = try show("--augment", "flip", "--count", "5", "--output", file)
    #expect(result.status == 0, "\(result.errors)")
    #expect(result.outputLines.first == "\(file): 5 of 10000 images, 28x28 pixels each")
    #expect(result.outputLines.count == 6 && result.output.contains("then epochs 1 to 8"))
    let bytes = [UInt8](try Data(contentsOf: URL(fileURLWithPath: file)))
    let picture = try PNGReader.grey(bytes, at: file)
    #expect((picture.width, picture.height) == (9 * 90 + 6, 5 * 90 + 6))
    let resized = try show("--image-size", "96", "--count", "12", "--output", file)
    #expect(resized.outputLines.count == 3)
    let large = try PNGReader.grey([UInt8](try Data(contentsOf: URL(fileURLWithPath: file))), at: file)
    #expect((large.width, large.height) == (10 * 102 + 6, 2 * 102 + 6))
    #expect(try show("--output", "/no/such/sheet.png").status == 73)
    #expect(try show("--image-size", "0").status == 64)
  }
}

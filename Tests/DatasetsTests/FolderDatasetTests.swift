import Datasets
import Failures
import Foundation
import Pictures
import Testing

@Suite struct FolderDatasetTests {
  let bench = Workbench()

  /// Writes a picture of one shade.
  private func picture(_ path: String, _ shade: UInt8 = 0, width: Int = 4, height: Int = 4) throws {
    let file = URL(fileURLWithPath: "\(bench.path)/\(path)")
    try FileManager.default.createDirectory(
      at: file.deletingLastPathComponent(), withIntermediateDirectories: true)
    let pixels = [UInt8](repeating: shade, count: width * height)
    try Data(try PNGWriter.grey(width: width, height: height, pixels: pixels)).write(to: file)
  }

  private func load(_ split: Split = .train, testFraction: Double? = nil) throws -> ImageSet {
    try FolderDataset(directory: bench.path, testFraction: testFraction).load(split)
  }

  private func expectFailure(
    _ code: Failures.ExitCode, _ parts: String..., testFraction: Double? = nil,
    location: SourceLocation = #_sourceLocation
  ) {
    let failure = #expect(throws: Failure.self, sourceLocation: location) {
      try load(testFraction: testFraction)
    }
    #expect(failure?.code == code, sourceLocation: location)
    for part in parts {
      let text = failure?.description ?? ""
      #expect(text.contains(part), "\(text)", sourceLocation: location)
    }
  }

  @Test func foldersOfTrainAndTest() throws {
    try picture("train/dog/a.png", 1)
    try picture("train/cat/b.PNG", 2)
    try picture("train/cat/a.png", 3)
    try picture("test/dog/c.png", 4)
    try Data().write(to: URL(fileURLWithPath: "\(bench.path)/train/cat/notes.txt"))
    let (train, test) = (try load(), try load(.test))
    #expect(train.classNames == ["cat", "dog"])
    #expect(train.labels == [0, 0, 1] && test.labels == [1])
    #expect((0..<3).map { train.pixels(of: $0).first } == [3, 2, 1])
    #expect(train.warnings == ["left out what is no PNG: 1 of 4 files (\(bench.path)/train)"])
    expectFailure(.configuration, "has a test folder already", "--test-fraction", testFraction: 0.5)
  }

  /// Which pictures these are depends on their names: a few new ones change little.
  @Test func aPartOfEachClassIsForTesting() throws {
    for index in 0..<10 { try picture("cat/\(index).png", UInt8(index)) }
    for index in 0..<4 { try picture("dog/\(index).png", UInt8(20 + index)) }
    func shades(_ split: Split) throws -> Set<UInt8> {
      let set = try load(split, testFraction: 0.3)
      return Set((0..<set.count).compactMap { set.pixels(of: $0).first })
    }
    let (train, test) = (try shades(.train), try shades(.test))
    #expect(test.count { $0 < 20 } == 3 && test.count { $0 >= 20 } == 1)
    #expect(train.isDisjoint(with: test) && train.count + test.count == 14)
    #expect(try load(.test).count == 2 + 1)
    // Of 12 pictures, 4 are for testing; the 3 from before, but for those that newer ones replace.
    for index in 10..<12 { try picture("cat/\(index).png", UInt8(index)) }
    let more = try shades(.test)
    #expect(more.subtracting(test).count <= 2)
  }

  @Test func whatIsNoDataSetIsRefused() throws {
    expectFailure(.badData, "0 folders, expected one for each class, 2 to 256")
    try picture("train/cat/a.png")
    expectFailure(.badData, "a folder train, but none of the name test")
    try picture("test/dog/a.png")
    expectFailure(.badData, "1 folders, expected one for each class")
    try picture("train/owl/a.png")
    #expect(throws: Failure.self) { try load(.test) }
    try picture("train/dog/a.png", width: 4, height: 5)
    expectFailure(.badData, "4x5 pixels, expected 4x4 as the first picture (\(bench.path)/train/dog/a.png)")
    try picture("train/cat/a.png", width: 5)
    expectFailure(.badData, "5x4 pixels, expected a square")
    try Data("no picture".utf8).write(to: URL(fileURLWithPath: "\(bench.path)/train/cat/a.png"))
    expectFailure(.badData, "not a PNG file (\(bench.path)/train/cat/a.png)")
    try picture("train/a\u{1B}[2J/a.png")
    expectFailure(.badData, "has control characters")
  }

  /// One picture cannot be in both splits.
  @Test func aClassOfOnePictureCannotBeSplit() throws {
    try picture("cat/a.png")
    try picture("dog/a.png")
    try picture("dog/b.png")
    expectFailure(.badData, "1 PNG files, expected at least 2", "\(bench.path)/cat")
  }
}

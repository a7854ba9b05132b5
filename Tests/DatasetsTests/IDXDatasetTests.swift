import Datasets
import Failures
import Foundation
import Testing

@Suite struct IDXDatasetTests {
  let bench = Workbench()

  /// Images whose pixels all are their number.
  private func images(_ count: Int, side: Int, width: Int? = nil) -> [UInt8] {
    let width = width ?? side
    return [0, 0, 8, 3, 0, 0, 0, UInt8(count), 0, 0, 0, UInt8(side), 0, 0, 0, UInt8(width)]
      + (0..<count).flatMap { Array(repeating: UInt8($0), count: side * width) }
  }

  private func labels(_ labels: [UInt8]) -> [UInt8] { [0, 0, 8, 1, 0, 0, 0, UInt8(labels.count)] + labels }

  private func load(classes: Int = 10, _ split: Split = .train) throws -> ImageSet {
    try IDXDataset(directory: bench.path, classes: classes).load(split)
  }

  private func expectFailure(
    _ code: Failures.ExitCode, _ parts: String..., classes: Int = 10,
    location: SourceLocation = #_sourceLocation
  ) {
    let failure = #expect(throws: Failure.self, sourceLocation: location) { try load(classes: classes) }
    #expect(failure?.code == code, sourceLocation: location)
    for part in parts {
      let text = failure?.description ?? ""
      #expect(text.contains(part), "\(text)", sourceLocation: location)
    }
  }

  /// MNIST's and KMNIST's names, EMNIST's, those with a point, compressed or not.
  @Test(arguments: [
    (
      "train-images-idx3-ubyte", "train-labels-idx1-ubyte", "t10k-images-idx3-ubyte", "t10k-labels-idx1-ubyte"
    ),
    (
      "emnist-letters-train-images-idx3-ubyte", "emnist-letters-train-labels-idx1-ubyte",
      "emnist-letters-test-images-idx3-ubyte", "emnist-letters-test-labels-idx1-ubyte"
    ),
    (
      "train-images.idx3-ubyte", "train-labels.idx1-ubyte", "test-images.idx3-ubyte", "test-labels.idx1-ubyte"
    ),
  ])
  func namesOfFiles(names: (String, String, String, String)) throws {
    try bench.write(images(3, side: 5), as: names.0)
    try bench.writeCompressed(labels([0, 3, 1]), as: names.1)
    try bench.writeCompressed(images(1, side: 5), as: names.2)
    try bench.write(labels([2]), as: names.3)
    let (train, test) = (try load(classes: 4), try load(classes: 4, .test))
    #expect(train.labels == [0, 3, 1] && test.labels == [2])
    #expect((train.shape.height, train.shape.width, train.count) == (5, 5, 3))
    #expect(train.classNames == ["0", "1", "2", "3"])
    #expect(Array(train.pixels(of: 2)) == Array(repeating: 2, count: 25))
  }

  @Test func whatDoesNotFitIsNamed() throws {
    expectFailure(.missingInput, "train-images-idx3-ubyte is missing")
    try bench.write(images(3, side: 5), as: "train-images-idx3-ubyte")
    expectFailure(.missingInput, "train-labels-idx1-ubyte is missing")
    try bench.write(labels([0, 1]), as: "train-labels-idx1-ubyte")
    expectFailure(.badData, "count of labels 2 at offset 4, expected 3")
    try bench.write(labels([0, 1, 7]), as: "train-labels-idx1-ubyte")
    expectFailure(.badData, "label 7 at offset 10, expected 0 to 3", "give --classes 8", classes: 4)
    try bench.write(images(3, side: 5, width: 6), as: "train-images-idx3-ubyte")
    expectFailure(.badData, "5x6 pixels", "square")
    try bench.write(images(3, side: 0), as: "train-images-idx3-ubyte")
    expectFailure(.badData, "rows 0 at offset 8, expected 1 to 4096")
    try bench.write(images(3, side: 5), as: "emnist-mnist-train-images-idx3-ubyte")
    expectFailure(.badData, "more than one file is of this kind", "emnist-mnist-train-images")
    let nowhere = #expect(throws: Failure.self) {
      try IDXDataset(directory: "/no/such", classes: 10).load(.train)
    }
    #expect(nowhere?.code == .missingInput)
  }

  /// 152 TiB are claimed by a file of a few dozen bytes.
  @Test func aClaimThatNoFileCanKeepTakesNoMemory() throws {
    let claim: [UInt8] = [0, 0, 8, 3, 0, 0x98, 0x96, 0x80, 0, 0, 0x10, 0, 0, 0, 0x10, 0]
    try bench.writeCompressed(claim + Array(repeating: 0, count: 1000), as: "train-images-idx3-ubyte")
    try bench.write(labels([0]), as: "train-labels-idx1-ubyte")
    expectFailure(.badData, "the header claims 167772160000016 bytes, more than")
  }
}

import Datasets
import Failures
import Testing

@Suite struct FashionMNISTTests {
  let bench = Workbench()
  private static let testFiles = FashionMNISTFile.all.filter { $0.split == .test }
  private static let images = testFiles[0]
  private static let labels = testFiles[1]

  @Test(arguments: Split.allCases)
  func realData(split: Split) throws {
    let set = try FashionMNIST(directory: Workbench.real, verification: .strict).load(split)
    #expect(set.count == (split == .train ? 60_000 : 10_000))
    #expect(set.shape == FashionMNIST.shape)
    #expect(set.warnings.isEmpty)
    for label in 0..<10 { #expect(set.labels.count { $0 == label } == set.count / 10) }
    // The first image of either split is an ankle boot; its brightest pixel is white.
    #expect(set.classNames[Int(set.labels[0])] == "ankle boot")
    #expect(set.pixels(of: 0).max() == 255)
  }

  @Test func plainFilesGiveTheSameSet() throws {
    for file in Self.testFiles { try bench.write(Workbench.realInflated(file), as: file.name) }
    let plain = try FashionMNIST(directory: bench.path, verification: .strict).load(.test)
    let real = try FashionMNIST(directory: Workbench.real).load(.test)
    #expect(plain.digest == real.digest)
  }

  @Test func namedDirectoriesComeFirstAndAlone() {
    let environment = ["CNN_DIST_DATA": "/named/by/environment"]
    #expect(FashionMNIST.searchPath(data: "/named", environment: environment) == ["/named"])
    #expect(FashionMNIST.searchPath(data: nil, environment: environment) == ["/named/by/environment"])
    #expect(
      FashionMNIST.searchPath(data: nil, environment: ["CNN_DIST_DATA": ""])
        == FashionMNIST.standardDirectories)
    #expect(FashionMNIST.searchPath(data: nil, environment: [:]) == FashionMNIST.standardDirectories)
  }

  @Test func locatesTheFirstWholeDirectory() throws {
    try bench.link(Self.images)
    let found = try FashionMNIST.locate(in: ["/nowhere", bench.path, Workbench.real])
    #expect(found.directory == Workbench.real)
    #expect(try FashionMNIST.locate(data: Workbench.real, environment: [:]).directory == Workbench.real)
  }

  @Test func missingDataNamesPathsAndWaysToGetIt() throws {
    try bench.link(Self.images)
    let failure = #expect(throws: Failure.self) { try FashionMNIST.locate(in: ["/nowhere", bench.path]) }
    #expect(failure?.code == .missingInput)
    for part in [
      "searched: /nowhere, \(bench.path)", "lacks train-images-idx3-ubyte.gz",
      "apt-get install dataset-fashion-mnist", "cnn-dist data fetch",
    ] {
      #expect(failure?.description.contains(part) == true)
    }
    let missing = #expect(throws: Failure.self) { try FashionMNIST(directory: bench.path).load(.test) }
    #expect(missing?.code == .missingInput)
    #expect(missing?.what == "t10k-labels-idx1-ubyte.gz is missing")
  }

  @Test func otherContentWarnsOrIsRefused() throws {
    var labels = try Workbench.realInflated(Self.labels)
    labels[5000] = (labels[5000] + 1) % 10
    try bench.writeCompressed(labels, as: Self.labels.name)
    try bench.link(Self.images)
    let set = try FashionMNIST(directory: bench.path).load(.test)
    #expect(set.warnings.count == 1)
    #expect(set.warnings.first?.contains("\(bench.path)/\(Self.labels.name).gz") == true)
    #expect(set.labels[5000 - 8] == labels[5000])
    let failure = #expect(throws: Failure.self) {
      try FashionMNIST(directory: bench.path, verification: .strict).load(.test)
    }
    #expect(failure?.code == .badData)
    #expect(failure?.what.contains("not the published Fashion-MNIST") == true)
  }

  @Test func subsetsAreValidIfImagesAndLabelsMatch() throws {
    let images = try Workbench.realInflated(Self.images)
    let labels = try Workbench.realInflated(Self.labels)
    try bench.write(Workbench.header(300, 28, 28) + images[16..<16 + 300 * 784], as: Self.images.name)
    try bench.write(Workbench.header(300) + labels[8..<308], as: Self.labels.name)
    let set = try FashionMNIST(directory: bench.path).load(.test)
    #expect(set.count == 300)
    #expect(set.warnings.count == 2)
    #expect(set.pixels(of: 299).elementsEqual(images[(16 + 299 * 784)..<(16 + 300 * 784)]))
    try bench.write(Workbench.header(299) + labels[8..<307], as: Self.labels.name)
    let failure = #expect(throws: Failure.self) { try FashionMNIST(directory: bench.path).load(.test) }
    #expect(failure?.code == .badData)
    #expect(failure?.what == "count of labels 299 at offset 4, expected 300 as there are images")
  }

  /// Each fault is made in a copy of the real file; the text is what must be said about it.
  @Test(arguments: [
    ("half", "truncated: ends after"), ("flip", "damaged"), ("checksum", "CRC-32"),
    ("tail", "trailing bytes: 3"),
    ("bomb", "inflates to more than the 10008 bytes expected"),
    ("swap", "number of dimensions 3 at offset 3"),
    ("label", "label 10 at offset 1242, expected 0 to 9"), ("count", "9999 labels at offset 4"),
    ("more", "count of labels 10001 at offset 4, expected 1 to 10000"),
  ])
  func damagedFiles(fault: String, text: String) throws {
    var compressed = try Workbench.realCompressed(Self.labels)
    var inflated = try Workbench.realInflated(Self.labels)
    switch fault {
    case "half": compressed.removeLast(compressed.count / 2)
    case "flip": compressed[compressed.count / 2] ^= 4
    case "checksum": compressed[compressed.count - 6] ^= 4
    case "tail": compressed += [0, 0, 0]
    case "swap": compressed = try Workbench.realCompressed(Self.images)
    case "bomb": inflated += [UInt8](repeating: 0, count: 100_000_000)
    case "label": inflated[8 + 1234] = 10
    case "count": inflated[7] -= 1
    default: inflated[7] += 1
    }
    if ["bomb", "label", "count", "more"].contains(fault) {
      try bench.writeCompressed(inflated, as: Self.labels.name)
    } else {
      try bench.write(compressed, as: "\(Self.labels.name).gz")
    }
    try bench.link(Self.images)
    let failure = #expect(throws: Failure.self) { try FashionMNIST(directory: bench.path).load(.test) }
    #expect(failure?.code == .badData)
    #expect(failure?.description.contains(text) == true, "\(String(describing: failure))")
    #expect(failure?.location.contains("\(bench.path)/\(Self.labels.name).gz") == true)
    #expect(failure?.advice.contains("cnn-dist data fetch") == true)
  }
}

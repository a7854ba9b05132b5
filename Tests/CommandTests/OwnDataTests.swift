import Foundation
import Pictures
import ProgramRunner
import Testing

/// Training on what is not Fashion-MNIST.
@Suite(.serialized) struct OwnDataTests {
  let scratch: ScratchDirectory

  init() throws { scratch = try ScratchDirectory() }

  /// Thirty pictures a class: bright above, bright below, or grey.
  private func pictures(_ classes: [String] = ["above", "below", "grey"]) throws -> String {
    let directory = scratch.file("pictures")
    for (label, name) in classes.enumerated() {
      let folder = URL(fileURLWithPath: "\(directory)/\(name)")
      try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
      for index in 0..<30 {
        let pixels = (0..<20 * 20).map { pixel in
          let isBright = label == 2 ? pixel % 2 == 0 : (pixel < 200) == (label == 0)
          return isBright ? UInt8(200 + (pixel * 7 + index * 13) % 50) : UInt8((pixel + index) % 30)
        }
        try Data(try PNGWriter.grey(width: 20, height: 20, pixels: pixels))
          .write(to: folder.appendingPathComponent("\(index).png"))
      }
    }
    return directory
  }

  private func train(_ data: String, epochs: Int, _ run: String, ranks: Int? = nil) throws -> ProgramResult {
    try Program.run(
      [
        "train", "lenet-max", "--dataset", "folder", "--data", data, "--epochs", "\(epochs)",
        "--batch-size", "12", "--run", run, "--resume", "auto",
      ], ranks: ranks)
  }

  @Test func aFolderOfPicturesIsLearnedAndRemembered() throws {
    let (data, run) = (try pictures(), scratch.file("run"))
    let verified = try Program.run(["data", "verify", "--dataset", "folder", "--data", data])
    #expect(
      verified.outputLines.prefix(5) == [
        "class  name   train  test", "0      above     24     6", "1      below     24     6",
        "2      grey      24     6", "       all       72    18",
      ], "\(verified.output)")
    let trained = try train(data, epochs: 6, run, ranks: 2)
    #expect(trained.status == 0, "\(trained.errors)")
    #expect(trained.output.contains("test acc 1.000"), "\(trained.output)")
    let state = try lastState(of: run)
    #expect(state["class_names"] as? [String] == ["above", "below", "grey"])
    let evaluated = try Program.run(["evaluate", run])
    #expect(evaluated.output.contains("(18 of 18)"), "\(evaluated.output) \(evaluated.errors)")
    #expect(evaluated.outputLines.contains { $0.hasPrefix("below") }, "\(evaluated.output)")
    try checkNames(of: run, data)

    // The same run goes on with the same pictures, but not with others or with other names.
    #expect(try train(data, epochs: 7, run).status == 0)
    try FileManager.default.moveItem(atPath: "\(data)/below", toPath: "\(data)/beneath")
    let renamed = try train(data, epochs: 8, run)
    expectFailure(renamed, 78, "belongs to a run with other settings")
    #expect(renamed.errors.contains("above, below, grey  above, beneath, grey"), "\(renamed.errors)")
    try FileManager.default.moveItem(atPath: "\(data)/beneath", toPath: "\(data)/below")
    try FileManager.default.removeItem(atPath: "\(data)/grey/0.png")
    let fewer = try train(data, epochs: 8, run)
    expectFailure(fewer, 78, "belongs to a run with other settings")
    #expect(fewer.errors.contains("  data "), "\(fewer.errors)")
  }

  /// Black and light squares as a PNG file.
  private func board(of squares: Int, square: Int) throws -> [UInt8] {
    let side = squares * square
    var pixels: [UInt8] = []
    for row in 0..<side {
      for column in 0..<side { pixels.append((row / square + column / square) % 2 == 0 ? 0 : 200) }
    }
    return try PNGWriter.grey(width: side, height: side, pixels: pixels)
  }

  /// The folders' names stand wherever a class is named, and pictures of any size are brought to the size of those.
  private func checkNames(of run: String, _ data: String) throws {
    let predicted = try Program.run([
      "predict", run, "\(data)/above/0.png", "\(data)/grey/3.png", "--top", "1",
    ])
    let answers = predicted.outputLines.map { $0.split(separator: " ").dropFirst().first }
    #expect(answers == ["class", "above", "grey"], "\(predicted.output) \(predicted.errors)")
    let sample = try Program.run(["predict", run, "--index", "0", "--top", "1"])
    #expect(sample.output.contains("test image 0  above  above"), "\(sample.output) \(sample.errors)")

    // A picture that is one of the data set's has the answer that it has there, to the bit.
    let (large, small) = (scratch.file("large.png"), scratch.file("small.png"))
    for (path, square) in [(large, 2), (small, 1)] {
      try Data(try board(of: 20, square: square)).write(to: URL(fileURLWithPath: path))
    }
    let same = try [large, small].map { picture in
      try Program.run(["predict", run, picture]).outputLines.last?.split(separator: " ").dropFirst() ?? []
    }
    #expect(same[0].count == 6 && same[0] == same[1], "\(same)")

    let report = try String(contentsOfFile: "\(run)/report.html", encoding: .utf8)
    #expect(report.contains("<tr><th>0 above</th>") && !report.contains("t-shirt"))
    let exported = try Program.run(["export", run, "--output", scratch.file("own.onnx")])
    #expect(exported.status == 0, "\(exported.errors)")
    let file = try Data(contentsOf: URL(fileURLWithPath: scratch.file("own.onnx")))
    #expect(file.range(of: Data(#"["above","below","grey"]"#.utf8)) != nil)

    // Other folders are other classes, also where there are as many.
    let others = scratch.file("others")
    for name in ["above", "grey", "left"] {
      let folder = URL(fileURLWithPath: "\(others)/\(name)")
      try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
      for index in 0..<2 {
        try Data(contentsOf: URL(fileURLWithPath: small)).write(
          to: folder.appendingPathComponent("\(index).png"))
      }
    }
    let wrong = try Program.run(["evaluate", run, "--data", others])
    expectFailure(wrong, 78, "not the classes that the checkpoint was trained with")
  }

  @Test func filesOfMNISTsFormatAreADataSet() throws {
    let data = scratch.file("digits")
    try FileManager.default.createDirectory(atPath: data, withIntermediateDirectories: true)
    for (word, count) in [("train", 40), ("t10k", 10)] {
      var images = Data([0, 0, 8, 3, 0, 0, 0, UInt8(count), 0, 0, 0, 24, 0, 0, 0, 24])
      for index in 0..<count { images += Data(repeating: index % 2 == 0 ? 20 : 230, count: 24 * 24) }
      try images.write(to: URL(fileURLWithPath: "\(data)/\(word)-images-idx3-ubyte"))
      try Data([0, 0, 8, 1, 0, 0, 0, UInt8(count)] + (0..<count).map { UInt8($0 % 2 * 11) })
        .write(to: URL(fileURLWithPath: "\(data)/\(word)-labels-idx1-ubyte"))
    }
    let command = [
      "train", "lenet-max", "--dataset", "idx", "--data", data, "--epochs", "10", "--batch-size", "8",
      "--run",
      scratch.file("run"),
    ]
    expectFailure(try Program.run(command), 65, "label 11 at offset 9, expected 0 to 9", "give --classes 12")
    let trained = try Program.run(command + ["--classes", "12"])
    #expect(trained.status == 0, "\(trained.errors)")
    #expect(trained.output.contains("test acc 1.000"), "\(trained.output)")
    let sample = try Program.run(["predict", scratch.file("run"), "--index", "1", "--top", "1"])
    #expect(sample.output.contains("test image 1  11     11"), "\(sample.output) \(sample.errors)")
  }

  @Test func whatDoesNotBelongTogetherIsSaid() throws {
    func train(_ options: String...) throws -> ProgramResult {
      try Program.run(["train", "lenet", "--run", scratch.file("none")] + options)
    }
    let data = try pictures()
    expectFailure(try train("--dataset", "folder"), 78, "nobody said where", "--data")
    expectFailure(try train("--dataset", "idx"), 78, "nobody said where", "--data")
    expectFailure(try train("--dataset", "folder", "--data", "/no/such"), 66, "no such directory (/no/such)")
    expectFailure(try train("--test-fraction", "0.5"), 78, "fashion-mnist has a test set (--test-fraction)")
    expectFailure(
      try train("--dataset", "folder", "--data", data, "--verify", "strict"), 78, "no published", "--verify")
    expectFailure(
      try train("--dataset", "folder", "--data", data, "--classes", "2"), 78, "give at least 3")
    expectFailure(
      try train("--dataset", "folder", "--data", data, "--test-fraction", "1"), 64, "--test-fraction", "0.9")
    expectFailure(try train("--dataset", "folders"), 64, "--dataset", "fashion-mnist, synthetic, idx, folder")
  }
}

import Foundation
import ProgramRunner
import Testing

@Suite(.serialized) struct ExportTests {
  let scratch: ScratchDirectory

  init() throws { scratch = try ScratchDirectory() }

  private func export(_ arguments: String...) throws -> ProgramResult {
    try Program.run(["export"] + arguments)
  }

  /// What is exported from a run is what the run saved, byte for byte.
  @Test func safetensorsOfARunAreItsOwn() throws {
    let (run, file) = (scratch.file("run"), scratch.file("out.safetensors"))
    #expect(try Program.run(tinyTraining(run, steps: 4)).status == 0)
    let result = try export(run, "--output", file)
    #expect(result.status == 0, "\(result.errors)")
    #expect(result.output == "\(file): lenet-max, safetensors\n")
    #expect(
      try Data(contentsOf: URL(fileURLWithPath: file)) == lastCheckpoint(of: run).model)
    let half = scratch.file("half.safetensors")
    #expect(try export(run, "--output", half, "--half").status == 0)
    let (whole, rounded) = (try Weights(file), try Weights(half))
    #expect(rounded.names == whole.names)
    #expect(rounded.body.count * 2 == whole.body.count)
    let bits = rounded.body.withUnsafeBytes { bytes in
      (0..<bytes.count / 2).map { bytes.loadUnaligned(fromByteOffset: 2 * $0, as: UInt16.self) }
    }
    #expect(bits == whole.values.map { Float16($0).bitPattern })
    // Halves are weights like any others.
    let scores = try [file, half].map { path in
      try Program.run([
        "evaluate", path, "--model", "lenet-max", "--dataset", "synthetic", "--test-limit", "100",
      ])
    }
    #expect(scores.allSatisfy { $0.status == 0 }, "\(scores.map(\.errors))")
  }

  /// A fresh network's weights are those with which `train` would start.
  @Test func aNetworkWithoutARunHasTheWeightsOfItsSeed() throws {
    let files = try ["1", "1", "2"].enumerated().map { index, seed in
      let file = scratch.file("\(index).safetensors")
      #expect(try export("lenet", "--seed", seed, "--output", file).status == 0)
      return try Weights(file).body
    }
    #expect(files[0] == files[1])
    #expect(files[0] != files[2])
  }

  @Test func picturesGoToStandardOutputOrAFile() throws {
    let shown = try export("lenet", "--format", "svg")
    #expect(shown.status == 0 && shown.output.hasPrefix("<svg ") && shown.output.hasSuffix("</svg>\n"))
    let file = scratch.file("lenet.gv")
    #expect(try export("lenet", "--output", file).status == 0)
    #expect(try String(contentsOfFile: file, encoding: .utf8).hasPrefix("digraph \"lenet\" {\n"))
    let drawn = scratch.file("lenet.svg")
    let summary = try Program.run(["summary", "lenet", "--svg", drawn])
    #expect(summary.status == 0 && summary.output.contains("Total params: 61,706"))
    #expect(try String(contentsOfFile: drawn, encoding: .utf8) == shown.output)
  }

  @Test func whatCannotBeExportedIsSaid() throws {
    expectFailure(
      try export("lenet"), 64, "nothing says what to write (--format)", "safetensors, onnx, dot, svg")
    expectFailure(try export("lenet", "--output", "x.pdf"), 64, "nothing says what to write")
    expectFailure(try export("lenet", "--format", "onnx"), 64, "onnx is no text to print (--output)")
    expectFailure(try export("lenet", "--output", "x.onnx", "--half"), 64, "not stored in float16 (--half)")
    expectFailure(try export("lenet", "--output", "/no/such/x.onnx"), 73, "/no/such")
    expectFailure(
      try export("lenett", "--output", "x.onnx"), 66, "no such run, checkpoint or network (lenett)",
      "did you mean 'lenet'?")
    expectFailure(
      try export("vgg11", "--image-size", "8", "--format", "svg"), 78, "--image-size", "at least 32")
    expectFailure(
      try export("lenet", "--model", "vgg11", "--format", "svg"), 64, "a network itself (--model)")
    let file = scratch.file("w.safetensors")
    #expect(try export("lenet", "--output", file).status == 0)
    expectFailure(
      try export(file, "--format", "onnx", "--output", scratch.file("x.onnx")), 64, "name it with --model")
    expectFailure(
      try export(file, "--model", "lenet-max", "--output", scratch.file("x.onnx")), 65,
      "another model's weights: 1 tensor differs")
    #expect(!FileManager.default.fileExists(atPath: scratch.file("x.onnx")))
    try damage(file) { $0[$0.count - 100] ^= 1 }
    expectFailure(
      try export(file, "--model", "lenet", "--output", scratch.file("x.onnx")), 65, "is damaged")
  }
}

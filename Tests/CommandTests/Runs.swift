import Foundation
import ProgramRunner
import Telemetry
import Testing

/// The losses of a run's training steps, in order.
func losses(of run: String) throws -> [Float] {
  try MetricsReader.read(RunPaths(run).metrics).filter { $0.split == .train }.map(\.loss)
}

/// The bytes of a run's newest weights and moments.
func lastCheckpoint(of run: String) throws -> (model: Data, optimizer: Data) {
  let last = URL(fileURLWithPath: RunPaths(run).checkpoints).appendingPathComponent("last")
  return (
    try Data(contentsOf: last.appendingPathComponent("model.safetensors")),
    try Data(contentsOf: last.appendingPathComponent("optimizer.safetensors"))
  )
}

/// A small training that takes about a second.
func smallTraining(_ run: String, _ more: [String] = []) -> [String] {
  [
    "train", "lenet-max", "--recipe", "notebook", "--train-limit", "2560", "--test-limit", "500",
    "--max-steps", "20",
    "--log-every", "1", "--run", run,
  ] + more
}

/// Four steps an epoch, of sixteen drawings each, a checkpoint every two; takes a moment.
func tinyTraining(_ run: String, steps: Int, _ more: [String] = []) -> [String] {
  [
    "train", "lenet-max", "--dataset", "synthetic", "--train-limit", "64", "--test-limit", "8",
    "--batch-size",
    "16", "--checkpoint-every", "2", "--eval-every", "0", "--log-every", "1", "--max-steps", "\(steps)",
    "--run", run,
  ] + more
}

/// One line from rank 0: `cnn-dist: error: <what> (<where>); <what to do>`.
func expectFailure(
  _ result: ProgramResult, _ status: Int32, _ parts: String..., location: SourceLocation = #_sourceLocation
) {
  #expect(result.status == status, "\(result.errors)", sourceLocation: location)
  let errors = result.ownErrors.filter { $0.hasPrefix("cnn-dist: error: ") }
  #expect(errors.count == 1, "\(result.errors)", sourceLocation: location)
  for part in parts { #expect(errors.first?.contains(part) == true, "\(errors)", sourceLocation: location) }
}

/// The names in a run's directory of checkpoints, hidden ones too.
func checkpointNames(of run: String) throws -> [String] {
  try FileManager.default.contentsOfDirectory(atPath: RunPaths(run).checkpoints).sorted()
}

/// Changes the bytes of a file.
func damage(_ path: String, _ change: (inout Data) -> Void) throws {
  let file = URL(fileURLWithPath: path)
  var bytes = try Data(contentsOf: file)
  change(&bytes)
  try bytes.write(to: file)
}

/// Reads the JSON that commands print.
func snakeCaseDecoder() -> JSONDecoder {
  let decoder = JSONDecoder()
  decoder.keyDecodingStrategy = .convertFromSnakeCase
  return decoder
}

/// What a run wrote down of its steps and tests, without times.
func numbers(of run: String) throws -> [String] {
  try MetricsReader.read(RunPaths(run).metrics).map {
    "\($0.step) \($0.epoch) \($0.split) \($0.loss) \($0.accuracy) \($0.learningRate ?? -1) \($0.gradientNorm ?? -1)"
  }
}

/// Two runs ended with the same bytes, and wrote down the same of their steps and tests.
func expectSame(_ run: String, _ expected: String, _ comment: Comment) throws {
  #expect(try lastCheckpoint(of: run) == lastCheckpoint(of: expected), comment)
  #expect(try numbers(of: run) == numbers(of: expected), comment)
  #expect(try numbers(of: run).count > 2, comment)
}

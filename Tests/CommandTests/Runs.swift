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

/// Reads the JSON that commands print.
func snakeCaseDecoder() -> JSONDecoder {
  let decoder = JSONDecoder()
  decoder.keyDecodingStrategy = .convertFromSnakeCase
  return decoder
}

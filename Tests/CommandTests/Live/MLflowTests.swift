import Foundation
import ProgramRunner
import Telemetry
import Testing

/// `scripts/mlflow_import` with the real MLflow, whose 110 MB are installed for the long tests alone.
@Suite struct MLflowTests {
  /// Without the long tests there is no MLflow, which the script says.
  @Test func aRunBecomesOneOfMLflows() throws {
    let scratch = try ScratchDirectory()
    let run = scratch.file("run")
    #expect(try Program.run(tinyTraining(run, steps: 8, ["--eval-every", "1"])).status == 0)
    guard TrainTests.longTests else {
      let result = try Program([Program.script("mlflow_import"), run], program: "/usr/bin/python3").result()
      #expect(result.status == 1 && result.errors.contains("pip install mlflow"), "\(result.errors)")
      return
    }
    let result = try Program(
      [Program.script("mlflow_import"), run, "--tracking-uri", scratch.file("mlflow"), "--checkpoint"],
      program: Viewers.python, environment: ["MLFLOW_ALLOW_FILE_STORE": "true"]
    ).result()
    #expect(result.status == 0, "\(result.errors)")
    let identifier = try #require(result.outputLines.last)
    let store = URL(fileURLWithPath: scratch.file("mlflow"))
    let names = try FileManager.default.contentsOfDirectory(atPath: store.path)
    let experiment = try #require(
      names.first { FileManager.default.fileExists(atPath: "\(store.path)/\($0)/\(identifier)") })
    func text(_ name: String) throws -> String {
      try String(contentsOfFile: "\(store.path)/\(experiment)/\(identifier)/\(name)", encoding: .utf8)
    }
    // Lines of MLflow's own: milliseconds, value, step.
    let losses = try text("metrics/train/loss").split(separator: "\n").map { $0.split(separator: " ") }
    let records = try MetricsReader.read(RunPaths(run).metrics)
    #expect(losses.map { Int($0[2]) } == records.filter { $0.split == .train }.map(\.step))
    #expect(losses.map { Float($0[1]) } == records.filter { $0.split == .train }.map(\.loss))
    #expect(try text("metrics/test/accuracy").split(separator: "\n").count == 2)
    #expect(try text("params/model") == "lenet-max" && text("params/batch-size") == "16")
    #expect(try text("artifacts/config.yaml").contains("batch-size: 16"))
    #expect(try text("meta.yaml").contains("status: 3"))
  }

  @Test func whatCannotBeCopiedIsSaid() throws {
    let scratch = try ScratchDirectory()
    let result = try Program([Program.script("mlflow_import"), scratch.path], program: Viewers.python)
      .result()
    #expect(
      result.status == 1 && result.errors.hasPrefix("scripts/mlflow_import: error: \(scratch.path) is no run")
    )
  }
}

// Prints how many heap allocations the whole program makes for 200 more training steps: forward, backward, the reduction
// between two ranks, the update, the loader and the coordinator. The same run is made twice, the second time longer.
//
//   step-allocations MODEL IMAGE-SIZE [NAME=VALUE ...]
//   step-allocations loader             the loader alone, with every augmentation and mixup, for 100 batches

import AllocationCount
import Failures
import Foundation
import Telemetry
import Training

func allocations(steps: Int, model: String, size: String, options: [String: String]) throws -> Int {
  let run = FileManager.default.temporaryDirectory.appendingPathComponent("steps-\(UUID().uuidString)")
  defer { try? FileManager.default.removeItem(at: run) }
  let settings = try SettingsResolver.resolve(
    model: model,
    commandLine: [
      "dataset": "synthetic", "train-limit": "4096", "test-limit": "16", "batch-size": "8",
      "image-size": size,
      "max-steps": "\(steps)", "run": run.path, "log-every": "1000000",
      // What an evaluation leaves for the report has a size of its own each time.
      "eval-every": "0", "quiet": "true", "ranks": "2",
    ].merging(options) { $1 }, environment: [:], file: nil)
  let console = Console.silent
  let before = AllocationCount.now
  let runner = try RankRunner(ranks: 2, threads: settings.threads ?? 1, environment: [:], console: console)
  let training = TrainingRun(settings, environment: [:], console: console, version: "test", command: [])
  guard runner.run({ try training.run(on: $0) }) == 0 else {
    throw Failure(.internalError, "training failed")
  }
  return AllocationCount.now - before
}

guard AllocationCount.works() else {
  print("allocations are not counted")
  exit(1)
}
if CommandLine.arguments[1] == "loader" {
  print("\(loaderAllocations()) allocations in 100 batches")
  exit(0)
}
let (model, size) = (CommandLine.arguments[1], CommandLine.arguments[2])
let options = Dictionary(
  uniqueKeysWithValues: CommandLine.arguments.dropFirst(3).map { word in
    let parts = word.split(separator: "=", maxSplits: 1).map(String.init)
    return (parts[0], parts[1])
  })
// The first run fills what is filled once in a process.
_ = try allocations(steps: 50, model: model, size: size, options: options)
let short = try allocations(steps: 50, model: model, size: size, options: options)
let long = try allocations(steps: 250, model: model, size: size, options: options)
print("\(long - short) allocations in 200 steps (\(short) in a whole run)")

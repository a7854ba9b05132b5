import Foundation
import ProgramRunner
import Telemetry
import Testing

/// Checkpoints that are interrupted, damaged, of another model, or find no room.
@Suite(.serialized) struct CheckpointFaultTests {
  let scratch: ScratchDirectory
  let run: String

  init() throws {
    scratch = try ScratchDirectory()
    run = scratch.file("run")
  }

  private static let stages = [
    "open", "middle", "before-fsync", "after-fsync", "before-rename", "before-directory-fsync",
    "before-links",
    "before-rotation", "rotating",
  ]

  @Test("fault 10: kill -9 at each of nine stages of a save → resumed to the bytes of an uninterrupted run")
  func killedAtEveryStageOfASave() throws {
    let whole = scratch.file("whole")
    #expect(try Program.run(tinyTraining(whole, steps: 4)).status == 0)
    let expected = try lastCheckpoint(of: whole)
    for stage in Self.stages {
      let run = scratch.file(stage)
      let arguments = tinyTraining(run, steps: 4, ["--keep", "1", "--resume", "auto"])
      #expect(try Program.run(tinyTraining(run, steps: 2, ["--keep", "1"])).status == 0)
      let killed = try Program.run(arguments, environment: ["CNN_DIST_FAULT": "kill@checkpoint=\(stage)"])
      #expect(killed.status == 128 + SIGKILL, "\(stage): \(killed.errors)")
      let resumed = try Program.run(arguments)
      #expect(resumed.status == 0, "\(stage): \(resumed.errors)")
      #expect(try lastCheckpoint(of: run) == expected, "\(stage)")
      #expect(try checkpointNames(of: run) == ["last", "step-00000004"], "\(stage)")
      #expect(try losses(of: run) == losses(of: whole), "\(stage)")
    }
  }

  @Test("fault 10: the coordinator under mpirun killed while it saves → 137, resumed from the one before")
  func killedUnderMPIWhileSaving() throws {
    #expect(try Program.run(tinyTraining(run, steps: 2), ranks: 2).status == 0)
    let arguments = tinyTraining(run, steps: 4, ["--resume", "auto"])
    let killed = try Program.run(
      arguments, ranks: 2, environment: ["CNN_DIST_FAULT": "kill@checkpoint=before-rename"])
    #expect(killed.status == 128 + SIGKILL, "\(killed.errors)")
    let resumed = try Program.run(arguments, ranks: 2)
    #expect(resumed.status == 0 && resumed.output.contains("resumed after step 2"), "\(resumed.errors)")
    #expect(try checkpointNames(of: run) == ["last", "step-00000002", "step-00000004"])
  }

  // MARK: Damage

  /// A run with checkpoints after two and four steps, the second of which is damaged by `change`.
  private func damaged(_ file: String, _ change: (inout Data) -> Void) throws -> (path: String, bytes: Int) {
    try? FileManager.default.removeItem(atPath: run)
    #expect(try Program.run(tinyTraining(run, steps: 4)).status == 0)
    let path = checkpoint(of: run, step: 4)
    let bytes = try Data(contentsOf: URL(fileURLWithPath: "\(path)/\(file)")).count
    try damage("\(path)/\(file)", change)
    return (path, bytes)
  }

  @Test(
    "fault 11: a checkpoint cut to 0, 7, 8, 9 bytes or by 100, by path → 65, expected and found bytes named")
  func truncatedCheckpoints() throws {
    for file in ["model.safetensors", "optimizer.safetensors"] {
      for length in [0, 7, 8, 9, -100] {
        let (path, bytes) = try damaged(file) { $0 = length < 0 ? $0.dropLast(-length) : $0.prefix(length) }
        let found = length < 0 ? bytes + length : length
        expectFailure(
          try Program.run(tinyTraining(run, steps: 6, ["--resume", path])), 65,
          "truncated: expected \(bytes) bytes, found \(found)", "\(path)/\(file)")
      }
    }
  }

  @Test("fault 11: --resume auto where the newest checkpoint is cut → warns, goes on from the one before")
  func theNewestValidCheckpointIsResumed() throws {
    let whole = scratch.file("whole")
    #expect(try Program.run(tinyTraining(whole, steps: 6)).status == 0)
    _ = try damaged("model.safetensors") { $0 = $0.prefix(1000) }
    let resumed = try Program.run(tinyTraining(run, steps: 6, ["--resume", "auto"]), ranks: 1)
    #expect(resumed.status == 0, "\(resumed.errors)")
    #expect(resumed.ownErrors.filter { $0.contains("warning") && $0.contains("truncated") }.count == 1)
    #expect(resumed.output.contains("resumed after step 2"))
    #expect(try lastCheckpoint(of: run) == lastCheckpoint(of: whole))
    // None is left that is whole.
    for step in [2, 4, 6] {
      try damage(checkpoint(of: run, step: step) + "/state.json") { $0 = $0.prefix(9) }
    }
    expectFailure(
      try Program.run(tinyTraining(run, steps: 8, ["--resume", "auto"])), 65,
      "no checkpoint of the run is whole")
  }

  @Test("fault 12: one flipped bit in a checkpoint → 65, the damaged tensor, header or state named")
  func flippedBits() throws {
    for (file, offset, message) in [
      ("model.safetensors", -5, "11.bias is damaged: its checksum is "),
      ("optimizer.safetensors", -5, "exp_avg_sq.11.bias is damaged: its checksum is "),
      ("model.safetensors", 40, "header: "), ("state.json", 60, "damaged or edited: its checksum is wrong"),
    ] {
      let (path, _) = try damaged(file) { $0[offset < 0 ? $0.count + offset : offset] ^= 4 }
      expectFailure(
        try Program.run(tinyTraining(run, steps: 6, ["--resume", path])), 65, message, "\(path)/\(file)")
    }
    let resumed = try Program.run(tinyTraining(run, steps: 6, ["--resume", "auto"]))
    #expect(resumed.status == 0 && resumed.output.contains("resumed after step 2"), "\(resumed.errors)")
    #expect(resumed.ownErrors.filter { $0.contains("warning: skipped a checkpoint: damaged") }.count == 1)
  }

  @Test("fault 14: --init with the weights of lenet-max for lenet5 → 65, at most ten lines, nothing written")
  func weightsOfAnotherModel() throws {
    #expect(try Program.run(tinyTraining(run, steps: 1)).status == 0)
    let weights = run + "/checkpoints/last/model.safetensors"
    let result = try Program.run([
      "train", "lenet5", "--dataset", "synthetic", "--init", weights, "--run", scratch.file("other"),
      "--max-steps", "1",
    ])
    expectFailure(result, 65, "these are another model's weights")
    let lines = result.errors.split(separator: "\n").filter { $0.contains(": expected ") }
    #expect((1...10).contains(lines.count), "\(result.errors)")
    #expect(
      lines.first == "  0.weight: expected F32 [6, 1, 5, 5], found nothing" || lines[0].contains("7.weight"))
    #expect(!FileManager.default.fileExists(atPath: scratch.file("other") + "/checkpoints/last"))
    // To resume is no different.
    expectFailure(
      try Program.run([
        "train", "lenet5", "--dataset", "synthetic", "--resume", run + "/checkpoints/last", "--run",
        scratch.file("third"),
      ]), 65, "these are another model's weights")
  }

  /// Blocks have names of their own, and running statistics count as tensors.
  @Test("fault 14: --init with the weights of densenet for resnet18 → 65, ten of many lines, nothing written")
  func weightsOfAnotherNetworkOfBlocks() throws {
    let small = [
      "--dataset", "synthetic", "--image-size", "32", "--batch-size", "4", "--train-limit", "4",
      "--test-limit", "4", "--max-steps", "1",
    ]
    #expect(try Program.run(["train", "densenet", "--run", run] + small, ranks: 2).status == 0)
    let weights = run + "/checkpoints/last/model.safetensors"
    let result = try Program.run(
      ["train", "resnet18", "--init", weights, "--run", scratch.file("other")] + small)
    #expect(result.status == 65)
    #expect(result.errors.contains("tensors differ, of which 10 are listed"), "\(result.errors)")
    #expect(result.errors.split(separator: "\n").filter { $0.contains(": expected ") }.count == 10)
    #expect(!FileManager.default.fileExists(atPath: scratch.file("other") + "/checkpoints/last"))
    // The same weights start the network that they are from.
    let again = try Program.run(
      ["train", "densenet", "--init", weights, "--run", scratch.file("again")] + small)
    #expect(again.status == 0, "\(again.errors)")
  }

  // MARK: No room

  /// Fills a disk while a program is between two saves: what one of them would give back later is not on it.
  private func fill(_ disk: TinyDisk, between program: Program) throws -> String {
    while true {
      program.send(SIGSTOP)
      defer { program.send(SIGCONT) }
      let names = try checkpointNames(of: disk.file("run"))
      if names.count == 2, names.first == "last" { return try disk.fill() }
    }
  }

  /// Where mounting is not allowed, the fault is injected.
  @Test(
    "fault 18: a disk that fills up while a run saves → retried, the old one kept, 74 if the last save fails")
  func aDiskThatFillsUp() throws {
    let disk = try? TinyDisk(bytes: 4 << 20)
    let run = disk?.file("run") ?? run
    #expect(try Program.run(tinyTraining(run, steps: 2)).status == 0)
    let arguments = tinyTraining(
      run, steps: 1_000_000,
      [
        "--resume", "auto", "--keep", "1", "--log-every", "1000000", "--checkpoint-every", "50",
        "--train-limit", "60000", "--batch-size", "2",
      ])
    // No epoch ends before the test, for its row of results would find no room either.
    let program = try Program(
      arguments + ["--override"],
      environment: disk == nil ? ["CNN_DIST_FAULT": "enospc@checkpoint,times=2"] : [:])
    func newest() throws -> String { try checkpointNames(of: run).last ?? "" }
    if let disk {
      try program.wait { try newest() != "step-00000002" }
      let filler = try fill(disk, between: program)
      try program.wait { program.errorsSoFar.contains("No space left on device") }
      try FileManager.default.removeItem(atPath: filler)
    }
    // It goes on, and saves again.
    try program.wait { program.errorsSoFar.contains("a checkpoint was not saved") }
    let failed = try newest()
    try program.wait { try newest() > failed }
    let filler = try disk.map { try fill($0, between: program) }
    program.send(SIGUSR1)
    let stopped = try program.result()
    #expect(stopped.status == (disk == nil ? 75 : 74), "\(stopped.errors)")
    #expect(try checkpointNames(of: run).filter { $0.hasPrefix(".") }.isEmpty)
    // Whatever was saved last is whole, and with room again it goes on.
    if let filler { try FileManager.default.removeItem(atPath: filler) }
    #expect(try Program.run(["evaluate", run]).status == 0)
  }

  @Test("fault 18: every save fails for want of room → 74, no temporary files, the old checkpoint is whole")
  func theLastSaveFails() throws {
    let keep = ["--keep", "1"]
    #expect(try Program.run(tinyTraining(run, steps: 2, keep)).status == 0)
    let before = try lastCheckpoint(of: run)
    for ranks in [nil, 2] as [Int?] {
      let result = try Program.run(
        tinyTraining(run, steps: 4, keep + ["--resume", "auto"]), ranks: ranks,
        environment: ["CNN_DIST_FAULT": "enospc@checkpoint"])
      expectFailure(result, 74, "No space left on device", "free some space")
      // Tried twice.
      #expect(
        result.ownErrors.filter { $0.contains("a checkpoint was not saved") }.count == 2, "\(result.errors)")
      #expect(try checkpointNames(of: run) == ["last", "step-00000002"])
      #expect(try lastCheckpoint(of: run) == before)
      #expect(try StatusFile(RunPaths(run).status).read().exitCode == 74)
    }
    // Where only the first attempt fails, the second does it.
    let retried = try Program.run(
      tinyTraining(run, steps: 4, keep + ["--resume", "auto"]),
      environment: ["CNN_DIST_FAULT": "enospc@checkpoint,times=1"])
    #expect(retried.status == 0 && retried.ownErrors.count == 1, "\(retried.errors)")
    #expect(try checkpointNames(of: run) == ["last", "step-00000004"])
  }

  @Test("fault 18: no room for the proof beside a checkpoint → a warning, and training goes on")
  func aProofThatCannotBeWritten() throws {
    #expect(try Program.run(tinyTraining(run, steps: 2)).status == 0)
    // A directory in its place is in the way as a full disk is, and at this very write.
    let proof = run + "/checkpoints/step-00000002/next.json"
    try FileManager.default.createDirectory(atPath: proof + "/full", withIntermediateDirectories: true)
    let resumed = try Program.run(tinyTraining(run, steps: 4, ["--resume", "auto", "--keep", "2"]))
    #expect(resumed.status == 0, "\(resumed.errors)")
    #expect(resumed.ownErrors.count == 1 && resumed.errors.contains("step 3 cannot be verified later"))
    #expect(resumed.errors.contains(proof), "\(resumed.errors)")
    #expect(try checkpointNames(of: run) == ["last", "step-00000002", "step-00000004"])
  }

  @Test(arguments: [
    "kill@checkpoint", "kill@checkpoint=soon", "enospc@checkpoint,times=0", "enospc@checkpoint=",
  ])
  func anUnknownFaultIsRefused(text: String) throws {
    expectFailure(
      try Program.run(tinyTraining(run, steps: 1), environment: ["CNN_DIST_FAULT": text]), 78, "unknown fault"
    )
  }
}

import Checkpoints
import Failures
import Files
import Foundation
import Layers

/// What must be the same on every rank, and again when a run is resumed: program, settings, model and data.
struct Identity {
  let fields: [(name: String, digest: String)]
  /// The state of a run that has not begun.
  let state: CheckpointState

  init(
    _ settings: TrainingSettings, graph: Graph, data: TrainingData, schedule: Schedule, rank: Rank,
    version: String
  ) throws(Failure) {
    func texts(_ isWanted: (Setting) -> Bool) -> [(name: String, digest: String)] {
      [("model", settings.model)]
        + Setting.all.filter(isWanted).map { ("--\($0.name)", $0.get(settings) ?? "unset") }
    }
    let model = SHA256.hex(
      graph.parameters.map { "\($0.name) \($0.layout.torchShape)" }.joined(separator: "\n"))
    fields =
      [
        (name: "program", digest: "\(version) \(try executableDigest())"),
        (name: "MPI library", digest: rank.mpi),
        (name: "instruction set", digest: rank.kernels.name),
      ] + texts { $0.isShared }
      + [
        (name: "parameters", digest: model), (name: "data", digest: SHA256.hex(data.digest)),
        (name: "class names", digest: data.train.classNames.joined(separator: ", ")),
      ]
    var state = CheckpointState(model: settings.model, step: 0)
    state.programVersion = version
    state.modelDigest = model
    // Where the rate falls towards the end of the run, the end is one of the settings.
    let length = settings.schedule.endsWithRun ? [("steps", "\(schedule.steps)")] : []
    let defining = Setting.all.filter(\.definesRun).map { ($0.name, $0.get(settings) ?? "unset") }
    state.settings = Dictionary(uniqueKeysWithValues: defining + length)
    state.dataDigest = SHA256.hex(data.digest)
    state.classNames = data.train.classNames
    state.imageSide = data.train.shape.height
    state.seed = settings.seed
    state.batchSize = settings.batchSize
    state.shards = ShardPlan(settings, batchSize: schedule.batchSize).wanted
    state.worldSize = rank.count
    state.threads = rank.threads
    state.instructionSet = rank.kernels.name
    self.state = state
  }
}

/// The start of the running program's SHA-256: two builds of one version still differ.
private func executableDigest() throws(Failure) -> Substring {
  guard let program = FileManager.default.contents(atPath: "/proc/self/exe") else {
    throw Failure(.inputOutput, "cannot read the running program", at: "/proc/self/exe")
  }
  return SHA256.hex([UInt8](program)).prefix(16)
}

import Checkpoints
import Failures
import Files
import Foundation
import Testing

@Suite struct CheckpointStateTests {
  let directory = TemporaryDirectory()

  private func saved(_ state: CheckpointState) throws -> String {
    let store = try CheckpointStore(directory.path, keep: 9)
    try save(store, CheckpointContents(state: state, model: [], optimizer: []))
    return directory.file(CheckpointStore.name(ofStep: state.step))
  }

  @Test func everyFieldSurvives() throws {
    var state = CheckpointState(model: "vgg11 \"½\"/\n", step: 123)
    state.programVersion = "1.0"
    state.modelDigest = "a"
    state.settings = ["batch-size": "256", "learningRate": "½"]
    state.dataDigest = "c"
    state.updates = 120
    state.epoch = 2
    state.batch = 7
    state.seed = .max
    state.batchSize = 256
    state.shards = 8
    state.worldSize = 4
    state.threads = 2
    state.instructionSet = "x86-64-v4"
    state.bestAccuracy = 0.1 + 0.2
    state.bestStep = 99
    state.restarts = 2
    state.startWindow = [1.5, 2, 64]
    state.savedAt = 1_700_000_000.125
    var found = try #require(try Checkpoint.open(try saved(state)).state)
    #expect(found.modelFile.bytes > 0)
    #expect(found.modelFile.checksum.count == 8)
    #expect(found.optimizerFile.bytes > 0)
    // What the store adds is compared above.
    let text = try String(contentsOfFile: directory.file("step-00000123/state.json"), encoding: .utf8)
    #expect(text.contains("\"best_accuracy\" : 0.30000000000000004"))
    let object = try #require(try JSONSerialization.jsonObject(with: Data(text.utf8)) as? [String: Any])
    #expect(object["step"] as? Int == 123)
    #expect(object["seed"] as? UInt64 == .max)
    for path in [
      \CheckpointState.modelDigest, \.dataDigest, \.programVersion, \.model,
      \.instructionSet,
    ] {
      #expect(found[keyPath: path] == state[keyPath: path])
    }
    for path in [
      \CheckpointState.step, \.updates, \.epoch, \.batch, \.batchSize, \.shards, \.worldSize, \.threads,
    ] {
      #expect(found[keyPath: path] == state[keyPath: path])
    }
    #expect(found.settings == state.settings)
    #expect(found.seed == state.seed && found.savedAt == state.savedAt)
    #expect(found.restarts == 2 && found.startWindow == [1.5, 2, 64])
    #expect(found.bestAccuracy == state.bestAccuracy && found.bestStep == state.bestStep)
    found.model = ""
    #expect(found != state)
  }

  /// What a later version adds.
  @Test func unknownKeysArePassedOver() throws {
    let checkpoint = try saved(CheckpointState(model: "lenet", step: 1))
    let path = checkpoint + "/state.json"
    let text = try String(contentsOfFile: path, encoding: .utf8)
    let start = try #require(text.range(of: "\",")).upperBound
    let members = text[start...].replacingOccurrences(
      of: "\"step\"", with: "\"next\" : {\"hash\" : \"0f\"}, \"step\"")
    let checksum = Array(members.utf8).withUnsafeBytes { CRC32($0).hexadecimal }
    try write(Array("{\n  \"crc32\" : \"\(checksum)\",\(members)".utf8), to: path)
    #expect(try Checkpoint.open(checkpoint).state?.step == 1)
  }

  @Test func everyFlippedBitIsNoticed() throws {
    let checkpoint = try saved(CheckpointState(model: "lenet", step: 1))
    let path = checkpoint + "/state.json"
    let whole = try bytes(path)
    for bit in 0..<whole.count * 8 {
      var flipped = whole
      flipped[bit / 8] ^= 1 << (bit % 8)
      try write(flipped, to: path)
      #expect(
        openFailure(checkpoint) == Failure(.badData, "damaged or edited: its checksum is wrong", at: path))
    }
  }

  @Test func everyTruncationIsNoticed() throws {
    let checkpoint = try saved(CheckpointState(model: "lenet", step: 1))
    let path = checkpoint + "/state.json"
    let whole = try bytes(path)
    for length in 0..<whole.count {
      try write(Array(whole.prefix(length)), to: path)
      let thrown = openFailure(checkpoint)
      #expect(thrown?.code == .badData)
      #expect(thrown?.location == path)
    }
  }

  @Test func aNewerFormatIsNamed() throws {
    var state = CheckpointState(model: "lenet", step: 1)
    state.format = 2
    let store = try CheckpointStore(directory.path, keep: 9)
    // The store reads back what it wrote, and so refuses what it could not read later.
    let thrown = failure { () throws(Failure) in
      try store.save(CheckpointContents(state: state, model: [], optimizer: [])) { Issue.record("\($0)") }
    }
    #expect(thrown?.code == .badData)
    #expect(thrown?.what == "format 2, but this program knows format 1")
  }

  @Test func whatJSONCannotHoldIsAFailure() throws {
    var state = CheckpointState(model: "lenet", step: 1)
    state.bestAccuracy = .nan
    let store = try CheckpointStore(directory.path, keep: 9)
    let thrown = failure { () throws(Failure) in
      try store.save(CheckpointContents(state: state, model: [], optimizer: [])) { Issue.record("\($0)") }
    }
    #expect(thrown?.code == .internalError)
    #expect(try store.steps().isEmpty)
  }
}

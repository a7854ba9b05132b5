import Checkpoints
import Failures
import Files
import Foundation
import Testing

/// What a user can name.
@Suite struct CheckpointTests {
  let directory = TemporaryDirectory()

  private func run() throws -> String {
    let store = try CheckpointStore(directory.file("checkpoints"), keep: 9)
    for step in 1...3 { try save(store, contents(step: step, isBest: step == 2)) }
    return directory.path
  }

  @Test(arguments: [
    ("", 3), ("/", 3), ("/checkpoints", 3), ("/checkpoints/last", 3), ("/checkpoints/best", 2),
    ("/checkpoints/best/", 2),
    ("/checkpoints/step-00000001", 1),
  ]) func directories(path: String, step: Int) throws {
    let checkpoint = try Checkpoint.open(try run() + path)
    #expect(checkpoint.state?.step == step)
    #expect(try isWhole(checkpoint))
    // Not through a link, which may point elsewhere a moment later.
    let name = CheckpointStore.name(ofStep: step)
    #expect(checkpoint.path.hasPrefix(directory.file("checkpoints/\(name)")))
  }

  @Test func aBareFile() throws {
    let checkpoint = try Checkpoint.open(try run() + "/checkpoints/last/model.safetensors")
    #expect(checkpoint.state == nil)
    #expect(checkpoint.optimizer == nil)
    #expect(try checkpoint.model.floats("conv.bias") == [3, 3.125, 3.25])
  }

  @Test(arguments: ["/nothing", "/checkpoints/step-00000004", "/empty", "/checkpoints/dangling"])
  func whatIsNotThereIsMissing(path: String) throws {
    let run = try run()
    try Directory.create(run + "/empty", code: .inputOutput)
    try AtomicFile.link(run + "/checkpoints/dangling", to: "step-00000009")
    #expect(openFailure(run + path)?.code == .missingInput)
  }

  @Test(arguments: ["model.safetensors", "optimizer.safetensors", "state.json"])
  func anIncompleteCheckpointIsDamaged(name: String) throws {
    let path = try run() + "/checkpoints/step-00000003"
    try Directory.remove("\(path)/\(name)", code: .inputOutput)
    let thrown = openFailure(path)
    #expect(thrown?.code == .badData)
    #expect(thrown?.location.hasPrefix(path) == true)
  }

  /// An explicit path never falls back.
  @Test(arguments: ["", "/checkpoints/last"]) func aDamagedCheckpointIsAFailure(path: String) throws {
    let run = try run()
    let model = run + "/checkpoints/step-00000003/model.safetensors"
    let whole = try bytes(model)
    for length in [0, 7, 8, 9, whole.count / 2, whole.count - 1] {
      try write(Array(whole.prefix(length)), to: model)
      let thrown = openFailure(run + path)
      #expect(thrown?.code == .badData)
      #expect(thrown?.what == "truncated: expected \(whole.count) bytes, found \(length)")
    }
    try write(whole + [0], to: model)
    #expect(
      openFailure(run + path)?.what
        == "trailing bytes: expected \(whole.count) bytes, found \(whole.count + 1)")
  }

  /// In a whole checkpoint, whatever bit of whatever file is wrong is noticed.
  @Test(arguments: ["model.safetensors", "optimizer.safetensors"]) func everyFlippedBitIsNoticed(name: String)
    throws
  {
    let path = try run() + "/checkpoints/step-00000003"
    let whole = try bytes("\(path)/\(name)")
    for bit in 0..<whole.count * 8 {
      var flipped = whole
      flipped[bit / 8] ^= 1 << (bit % 8)
      try write(flipped, to: "\(path)/\(name)")
      #expect(openFailure(path)?.code == .badData, "bit \(bit)")
    }
  }
}

import Failures
import Files

/// The directory of a run's checkpoints, as the one process sees it that writes there.
///
/// Each checkpoint is a directory `step-00001234` that appears whole or not at all; `last` and `best` are
/// symbolic links. A save at step N ends every other line of training: what an abandoned run saved beyond N
/// goes when older ones go.
public final class CheckpointStore: Sendable {
  public let directory: String
  /// How many of the newest are kept, beside the best.
  public let keep: Int
  private let lock: FileLock?
  private let observe: SaveObserver
  private let code = ExitCode.inputOutput

  /// Opens the directory, makes it if need be, and tidies up after a killed save.
  ///
  /// Only for the process that holds the run's lock: to read, use `Checkpoint.open`.
  ///
  /// - Parameter lock: the run's. Nothing is changed once another job took it, and that job waits for a change under way.
  /// - Throws: `cannotWrite` when the directory cannot be made or written to, or was taken over; `inputOutput` when the
  ///   lock cannot be asked.
  public init(
    _ directory: String, keep: Int, lock: FileLock? = nil,
    observe: @escaping SaveObserver = { (_) throws(Failure) in }
  ) throws(Failure) {
    precondition(keep > 0, "a store keeps at least one checkpoint")
    self.directory = directory
    self.keep = keep
    self.lock = lock
    self.observe = observe
    try Directory.create(directory, code: .cannotWrite)
    try change { () throws(Failure) in try tidy() }
  }

  /// Does what changes names in the directory, as long as it is this job's.
  private func change(_ body: () throws(Failure) -> Void) throws(Failure) {
    if let lock { try lock.whileHeld(body) } else { try body() }
  }

  // MARK: Names

  /// `step-00001234`.
  public static func name(ofStep step: Int) -> String {
    let digits = String(step)
    return "step-" + String(repeating: "0", count: max(0, 8 - digits.count)) + digits
  }

  static func step(ofName name: String) -> Int? {
    guard name.hasPrefix("step-"), let step = Int(name.dropFirst(5)), self.name(ofStep: step) == name else {
      return nil
    }
    return step
  }

  /// The steps that have a checkpoint in `directory`, ascending.
  public static func steps(in directory: String) throws(Failure) -> [Int] {
    try Directory.names(directory, code: .inputOutput).compactMap(step(ofName:)).sorted()
  }

  /// The steps that have a checkpoint, ascending; whether they are valid shows only when they are opened.
  public func steps() throws(Failure) -> [Int] { try Self.steps(in: directory) }

  private func path(_ name: String) -> String { "\(directory)/\(name)" }

  /// Where a checkpoint waits while another of the same step takes its place.
  private static let replacedPrefix = ".replaced-"

  /// Deletes what killed saves left, and gives a checkpoint its name back that was about to be replaced.
  private func tidy() throws(Failure) {
    for name in try Directory.names(directory, code: .cannotWrite) {
      if name.hasPrefix(Self.replacedPrefix) {
        let original = path(String(name.dropFirst(Self.replacedPrefix.count)))
        if Directory.kind(original) == nil {
          try Directory.rename(path(name), to: original, code: .cannotWrite)
        } else {
          try Directory.remove(path(name), code: .cannotWrite)
        }
      } else if name.hasPrefix(AtomicFile.temporaryPrefix) {
        try Directory.remove(path(name), code: .cannotWrite)
      }
    }
  }

  // MARK: Reading

  /// The newest checkpoint that is whole, or nil where there is none; `report` is told of each that is not.
  public func newestValid(report: (Failure) -> Void) throws(Failure) -> Checkpoint? {
    for step in try steps().reversed() {
      do throws(Failure) { return try Checkpoint(directory: path(Self.name(ofStep: step))) } catch {
        // A disk that does not answer is no reason to go back to an older checkpoint, or to none.
        guard error.code == .badData else { throw error }
        report(error)
      }
    }
    return nil
  }

  /// Does what a save left undone that was killed after it had published the newest checkpoint: links and rotation.
  ///
  /// - Throws: `inputOutput`, or `cannotWrite` where another job took the run over.
  public func complete(_ newest: Checkpoint) throws(Failure) {
    guard let state = newest.state, try steps().last == state.step else { return }
    let name = Self.name(ofStep: state.step)
    func link(_ link: String) throws(Failure) {
      guard Directory.destination(ofLink: path(link)) != name else { return }
      try AtomicFile.link(path(link), to: name, code: code)
    }
    try change { () throws(Failure) in
      try link("last")
      if state.bestStep == state.step { try link("best") }
      try rotate(newest: state.step)
    }
  }

  // MARK: Saving

  /// Saves a checkpoint: written, brought to the disk, read back, published, and only then older ones deleted.
  ///
  /// - Parameter report: told what went wrong after the checkpoint was published, which does not make the save fail.
  /// - Throws: `inputOutput`; the temporary files are gone then, and the older checkpoints are as they were. `cannotWrite`
  ///   where another job took the run over; nothing is begun then.
  public func save(_ contents: CheckpointContents, report: (Failure) -> Void) throws(Failure) {
    try change { () throws(Failure) in try write(contents, report) }
  }

  private func write(_ contents: CheckpointContents, _ report: (Failure) -> Void) throws(Failure) {
    let name = Self.name(ofStep: contents.state.step)
    let temporary = AtomicFile.temporaryName(for: path(name))
    do throws(Failure) {
      try Directory.remove(temporary, code: code)
      try Directory.create(temporary, code: code)
      try observe(.open)
      let files = try write(contents, to: temporary)
      try observe(.beforeSync)
      for file in files {
        try file.synchronize()
        file.forget()
      }
      try observe(.afterSync)
      try publish(temporary, as: name)
    } catch {
      // The disk may be in a state in which this fails too; the next start tidies up.
      do throws(Failure) { try Directory.remove(temporary, code: code) } catch { report(error) }
      throw error
    }
    do throws(Failure) {
      try observe(.beforeLinks)
      try AtomicFile.link(path("last"), to: name, code: code)
      if contents.isBest { try AtomicFile.link(path("best"), to: name, code: code) }
      try observe(.beforeRotation)
      try rotate(newest: contents.state.step)
    } catch { report(error) }
  }

  /// Writes the files of a checkpoint; the tensors' files are returned open, not yet brought to the disk.
  private func write(_ contents: CheckpointContents, to directory: String) throws(Failure) -> [OpenFile] {
    let writer = SafetensorsWriter(code: code)
    let model = try writer.write(
      contents.model, integers: contents.integers, to: "\(directory)/\(Checkpoint.modelName)")
    try observe(.middle)
    let optimizer = try writer.write(contents.optimizer, to: "\(directory)/\(Checkpoint.optimizerName)")
    var state = contents.state
    state.modelFile = model.stamp
    state.optimizerFile = optimizer.stamp
    let text = try state.encoded()
    let file = try OpenFile.creating("\(directory)/\(Checkpoint.stateName)", code: code)
    try file.write(Array(text.utf8))
    return [model.file, optimizer.file, file]
  }

  /// Gives a written checkpoint its name, once it was read back.
  private func publish(_ temporary: String, as name: String) throws(Failure) {
    let replaced = path(Self.replacedPrefix + name)
    var hasReplaced = false
    do throws(Failure) {
      try AtomicFile.publish(directory: temporary, as: path(name), code: code) { (step) throws(Failure) in
        switch step {
        case .synchronize: break
        case .rename:
          _ = try Checkpoint(directory: temporary)
          try observe(.beforeRename)
          guard Directory.kind(path(name)) != nil else { return }
          try Directory.rename(path(name), to: replaced, code: code)
          hasReplaced = true
        case .synchronizeParent: try observe(.beforeDirectorySync)
        }
      }
    } catch {
      if hasReplaced, Directory.kind(path(name)) == nil {
        try Directory.rename(replaced, to: path(name), code: code)
      }
      throw error
    }
    if hasReplaced { try Directory.remove(replaced, code: code) }
  }

  /// Deletes all but the `keep` newest up to `step` and the best.
  private func rotate(newest step: Int) throws(Failure) {
    let all = try steps()
    var kept = Set(all.filter { $0 <= step }.suffix(keep))
    if let best = Directory.destination(ofLink: path("best")) {
      if let best = Self.step(ofName: best), best <= step, all.contains(best) {
        kept.insert(best)
      } else {
        try Directory.remove(path("best"), code: code)
      }
    }
    for old in all where !kept.contains(old) { try remove(old) }
  }

  /// First out of sight, then deleted: a checkpoint that has a name is whole.
  private func remove(_ step: Int) throws(Failure) {
    let name = path(Self.name(ofStep: step))
    let temporary = AtomicFile.temporaryName(for: name)
    try Directory.rename(name, to: temporary, code: code)
    try observe(.rotating)
    try Directory.remove(temporary, code: code)
  }

  /// Deletes every checkpoint: the run begins anew.
  ///
  /// - Throws: `inputOutput`, or `cannotWrite` where another job took the run over.
  public func removeAll() throws(Failure) {
    try change { () throws(Failure) in
      for link in ["last", "best"] where Directory.destination(ofLink: path(link)) != nil {
        try Directory.remove(path(link), code: code)
      }
      for step in try steps() { try remove(step) }
    }
  }
}

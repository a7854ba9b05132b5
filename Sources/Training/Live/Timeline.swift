import Collectives
import Failures
import Files
import Telemetry
import Timelines

/// The timeline of a job (`--trace`): every rank records its own, and rank 0 writes all of them into one file at the end.
final class Timeline {
  let recorder = TimelineRecorder()
  private let path: String
  private let communication: CommunicationThread
  private let clocks: ClockOffsets
  private let origin: Double

  /// Begins to record; a call for all ranks together.
  ///
  /// - Throws: ``Agreed`` with `cannotWrite` where the file cannot be written, before any work.
  init(_ path: String, rank: Rank) throws {
    self.path = path
    communication = rank.communication
    try rank.together { () throws(Failure) in
      if rank.isCoordinator { try AtomicFile.write("[]\n", to: path) }
    }
    clocks = try ClockOffsets(communication, machine: Self.machine, clock: TimelineRecorder.now)
    origin = TimelineRecorder.now()
    try communication.record(into: recorder)
  }

  /// Names the kernel that this process runs on since it was started, for its clock counts from there.
  private static var machine: String {
    let file = "/proc/sys/kernel/random/boot_id"
    return (try? OpenFile.reading(file).bytes(64)).map { String(decoding: $0, as: UTF8.self) }
      ?? MachineFacts.current.host
  }

  /// Ends the recording and writes the file; a call for all ranks together.
  ///
  /// - Returns: what there is to say about it.
  /// - Throws: `inputOutput`, on rank 0.
  func write() throws(Failure) -> String {
    try communication.record(into: nil)
    let own = recorder.computation.all + recorder.communication.all
    let hosts = try communication.gatherTexts(communication.hostName)
    var counts = [Int64](repeating: 0, count: 2 * communication.size)
    counts[2 * communication.rank] = Int64(own.count)
    counts[2 * communication.rank + 1] = Int64(
      recorder.computation.overwritten + recorder.communication.overwritten)
    var none: [Double] = []
    try communication.add(&none, &counts)

    var text = TimelineText(origin: origin)
    for rank in 0..<communication.size {
      let isOwn = rank == communication.rank
      let events = try broadcast(isOwn ? own : [], count: Int(counts[2 * rank]), from: rank)
      guard communication.rank == 0 else { continue }
      text.append(rank: rank, host: hosts[rank], clock: clocks.seconds[rank], events)
    }
    guard communication.rank == 0 else { return "" }
    text.end()
    let bytes = text.bytes
    try AtomicFile.write(to: path, code: .inputOutput) { file throws(Failure) in try file.write(bytes) }
    return summary(lost: stride(from: 1, to: counts.count, by: 2).map { Int(counts[$0]) })
  }

  private func summary(lost: [Int]) -> String {
    var text = "timeline \(path): open it at https://ui.perfetto.dev"
    if clocks.error > 0 { text += "; clocks of the machines agree to \(fixed(clocks.error * 1e6, 0)) µs" }
    if let most = lost.max(), most > 0 {
      text +=
        "; only the last \(grouped(TimelineRecorder.capacity)) events of a track are in it, \(grouped(most)) older are not"
    }
    return text
  }

  /// Rank `root`'s events, on every rank.
  private func broadcast(_ own: [TimelineEvent], count: Int, from root: Int) throws(Failure)
    -> [TimelineEvent]
  {
    var events = own
    if events.isEmpty {
      events = [TimelineEvent](repeating: TimelineEvent(.collective, from: 0, to: 0, step: 0), count: count)
    }
    var failure: Failure?
    events.withUnsafeMutableBytes { bytes in
      do throws(Failure) { try communication.broadcast(bytes, from: root) } catch { failure = error }
    }
    if let failure { throw failure }
    return events
  }
}

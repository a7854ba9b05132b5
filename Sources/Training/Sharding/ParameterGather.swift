import Collectives
import Failures
import Tensors
import Threads
import Timelines

/// Gives every rank the parameters that the others have updated, piece by piece, while the next piece is updated. Allocates nothing.
final class ParameterGather {
  private let jobs: [PieceJob]
  private let thread: CommunicationThread
  private var ticket = 0

  init(_ shares: ParameterShares, values: FloatBuffer, thread: CommunicationThread) {
    self.thread = thread
    jobs = shares.pieces.enumerated().map { PieceJob($1, number: $0 + 1, of: values) }
  }

  /// This rank's part of a piece is updated.
  func begin(_ piece: Int) { ticket = thread.ticket(for: jobs[piece]) }

  /// Waits until all parameters are here.
  ///
  /// - Returns: the seconds that this call waited.
  func finish() throws(Failure) -> Double {
    let start = monotonicSeconds()
    thread.wait(for: ticket)
    for job in jobs { try job.check() }
    return monotonicSeconds() - start
  }
}

/// One piece's all-gather.
private final class PieceJob: CommunicationJob, @unchecked Sendable {
  private let parts: RankParts
  private let number: Int
  private let values: UnsafeMutableBufferPointer<Float>
  /// The communication thread's until somebody has waited for the ticket.
  private var failure: Failure?

  init(_ parts: RankParts, number: Int, of values: FloatBuffer) {
    (self.parts, self.number) = (parts, number)
    self.values = UnsafeMutableBufferPointer(rebasing: values.elements[parts.range])
  }

  var label: TimelineLabel {
    TimelineLabel(.parameters, number: number, bytes: values.count * MemoryLayout<Float>.stride)
  }

  func run(on communicator: any Communicator) {
    do throws(Failure) { try communicator.gatherParts(values, parts) } catch { failure = error }
  }

  func check() throws(Failure) {
    guard let failure else { return }
    self.failure = nil
    throw failure
  }
}

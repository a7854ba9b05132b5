import Collectives
import Failures
import Layers
import Tensors

/// What sums of gradients that were rounded, to be sent in 16 bits, have left for the next step.
///
/// A rank has what its own parts of the sums have left, and behind ``gather(on:)`` all of it.
final class Residual {
  /// As long as the gradients; where none are added up it is never touched, and so takes no memory.
  let buffer: FloatBuffer
  /// The parameters whose gradients are added up.
  let parameters: [Parameter]
  private let pieces: [RankParts]

  /// - Parameter shares: how sums are divided among the ranks.
  init(_ network: Network, _ shares: ParameterShares) {
    buffer = FloatBuffer(count: network.gradients.count)
    pieces = shares.reduced
    parameters = network.parameters.filter { parameter in
      !network.factors.contains { $0.range.contains(parameter.slot.offset) }
    }
  }

  /// What of the buffer is in use.
  var ranges: [Range<Int>] { pieces.map(\.range) }

  /// Floats that are in use.
  var count: Int { pieces.reduce(0) { $0 + $1.range.count } }

  private func elements(_ piece: RankParts) -> UnsafeMutableBufferPointer<Float> {
    UnsafeMutableBufferPointer(rebasing: buffer.elements[piece.range])
  }

  /// Begins with nothing.
  func clear() {
    for piece in pieces { elements(piece).update(repeating: 0) }
  }

  /// Gives every rank what the coordinator has. Collective.
  func broadcast(on thread: CommunicationThread) throws(Failure) {
    for piece in pieces { try thread.broadcast(UnsafeMutableRawBufferPointer(elements(piece)), from: 0) }
  }

  /// Gives every rank what all have. Collective.
  func gather(on thread: CommunicationThread) throws(Failure) {
    for piece in pieces { try thread.gatherParts(elements(piece), piece) }
  }
}

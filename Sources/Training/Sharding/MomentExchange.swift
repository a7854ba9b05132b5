import Collectives
import Failures
import Optimizers
import Tensors

/// The moments of all ranks, as a checkpoint holds them: gathered by the coordinator before a save, and given out after a start.
///
/// Both go piece by piece, so that no other rank ever has more than a bucket of what is not its own.
final class MomentExchange {
  /// Each moment of all parameters, on the coordinator alone; its pages are taken by the first save or start.
  let all: [(name: String, buffer: FloatBuffer)]
  private let shares: ParameterShares
  private let optimizer: any Optimizer
  private let thread: CommunicationThread

  /// - Parameter parameterCount: floats of a whole moment.
  init(_ shares: ParameterShares, _ optimizer: any Optimizer, parameterCount: Int, rank: Rank) {
    (self.shares, self.optimizer, thread) = (shares, optimizer, rank.communication)
    all =
      rank.isCoordinator
      ? optimizer.moments.map { ($0.name, FloatBuffer(count: parameterCount)) } : []
  }

  /// Brings every rank's moments together in ``all``. Collective.
  func gather() throws(Failure) {
    try forEachPiece { (moment, whole, parts, own, values) throws(Failure) in
      optimizer.owned.forEachMoment(in: own) { elements, moments in
        let place = values.baseAddress! + elements.lowerBound - parts.range.lowerBound
        place.update(from: moment.base + moments.lowerBound, count: moments.count)
      }
      try thread.gatherParts(values, parts)
      guard let whole, let base = values.baseAddress else { return }
      (whole.base + parts.range.lowerBound).update(from: base, count: values.count)
    }
  }

  /// Gives every rank its own of what the coordinator has in ``all``. Collective.
  func distribute() throws(Failure) {
    try forEachPiece { (moment, whole, parts, own, values) throws(Failure) in
      if let whole, let base = values.baseAddress {
        base.update(from: whole.base + parts.range.lowerBound, count: values.count)
      }
      try thread.broadcast(UnsafeMutableRawBufferPointer(values), from: 0)
      optimizer.owned.forEachMoment(in: own) { elements, moments in
        let place = values.baseAddress! + elements.lowerBound - parts.range.lowerBound
        (moment.base + moments.lowerBound).update(from: place, count: moments.count)
      }
    }
  }

  private func forEachPiece(
    _ body: (
      _ moment: FloatBuffer, _ whole: FloatBuffer?, RankParts, _ own: Range<Int>,
      _ values: UnsafeMutableBufferPointer<Float>
    ) throws(Failure) -> Void
  ) throws(Failure) {
    let piece = FloatBuffer(count: shares.pieces.map(\.range.count).max() ?? 0)
    for (index, moment) in optimizer.moments.enumerated() {
      let whole = all.isEmpty ? nil : all[index].buffer
      for (parts, own) in zip(shares.pieces, shares.own) {
        let values = UnsafeMutableBufferPointer(start: piece.base, count: parts.range.count)
        try body(moment.buffer, whole, parts, own, values)
      }
    }
  }
}

import Checkpoints
import Tensors

/// The coordinator's copy of what a checkpoint holds: a save reads it while training changes the originals.
///
/// As large as a checkpoint; its pages are taken by the first save. Moments that ranks share are gathered for every save: these are
/// a copy already.
final class Snapshot: Sendable {
  /// What a run is for, and what training goes on from besides, both read from the copy.
  let model: [ParameterTensor]
  let training: [ParameterTensor]
  private let buffers: [(original: FloatBuffer, copy: FloatBuffer, ranges: [Range<Int>])]

  init(of replica: Replica) {
    var buffers: [(original: FloatBuffer, copy: FloatBuffer, ranges: [Range<Int>])] = []
    let residual = replica.residual
    let gathered = replica.shares == nil ? [] : replica.wholeMoments.map(\.buffer)
    func copy(of original: FloatBuffer) -> FloatBuffer {
      if gathered.contains(where: { $0 === original }) { return original }
      if let known = buffers.first(where: { $0.original === original }) { return known.copy }
      let copy = FloatBuffer(count: original.count)
      let ranges = residual?.buffer === original ? residual?.ranges : nil
      buffers.append((original, copy, ranges ?? [0..<original.count]))
      return copy
    }
    model = ParameterTensor.model(of: replica, in: copy)
    training = ParameterTensor.training(of: replica, in: copy)
    self.buffers = buffers
  }

  /// Copies the originals as they are now. Nobody may change them meanwhile, or read the copy.
  func take() {
    for (original, copy, ranges) in buffers {
      for range in ranges {
        (copy.base + range.lowerBound).update(from: original.base + range.lowerBound, count: range.count)
      }
    }
  }
}

import Datasets
import Kernels
import Layers
import Tensors

/// Some neighbouring samples of a rank's part of a batch: what it computes at once.
struct BatchPiece {
  let images: TensorView
  let targets: LossTargets
  /// Position of the first sample in the global batch.
  let firstPosition: Int
}

extension Batch {
  /// The most samples of a piece, where each of `pieces` covers an equal part of at most `count` samples.
  package static func pieceCapacity(_ count: Int, pieces: Int) -> Int { (count + pieces - 1) / pieces }

  /// The samples of the `index`-th of `pieces` pieces, which differ by at most one; the last is empty only if all are.
  package static func pieceRange(_ index: Int, of pieces: Int, count: Int) -> Range<Int> {
    count * index / pieces..<count * (index + 1) / pieces
  }

  /// The `index`-th of `pieces` pieces.
  func piece(_ index: Int, of pieces: Int, smoothing: Float) -> BatchPiece {
    let range = Self.pieceRange(index, of: pieces, count: count)
    let first = range.lowerBound
    return BatchPiece(
      images: TensorView(
        images.base + first * images.shape.count, batch: range.count, shape: images.shape),
      targets: LossTargets(labels: labels, others: others, shares: shares, smoothing: smoothing).from(first),
      firstPosition: firstPosition + first)
  }
}

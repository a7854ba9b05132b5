import Tensors

/// Brings samples from bytes to floats at the network's size: decoded, augmented, blended, resized.
///
/// It keeps scratch, so each thread needs one of its own.
final class SampleWriter {
  private let shape: Shape
  private let resize: BilinearResize
  /// Nil where pictures go straight from bytes to their final size.
  private let augmenter: Augmenter?
  /// Two pictures at the data set's size.
  private let scratch: FloatBuffer

  init(from shape: Shape, to sample: Shape, _ changes: LoaderChanges) {
    self.shape = shape
    resize = BilinearResize(from: shape, to: sample)
    let isPlain = changes.augmentation.isNone && changes.mixup == nil
    augmenter = isPlain ? nil : Augmenter(changes.augmentation, shape: shape, seed: changes.seed)
    scratch = FloatBuffer(count: 2 * FloatBuffer.aligned(shape.count))
  }

  /// Writes the picture of a sample; `pixels` are those of the whole set.
  func write(
    _ sample: Int32, epoch: Int, of pixels: UnsafePointer<UInt8>, into output: UnsafeMutablePointer<Float>
  ) {
    let source = pixels + Int(sample) * shape.count
    guard let augmenter else { return resize(source, into: output) }
    augmenter(source, sample: Int(sample), epoch: epoch, into: scratch.base)
    resize(UnsafePointer(scratch.base), into: output)
  }

  /// Writes share x the picture of `sample` + (1 - share) x that of `other`. They are blended before they are resized,
  /// which is linear: one resize does for both.
  func write(
    _ sample: Int32, share: Float, and other: Int32, epoch: Int, of pixels: UnsafePointer<UInt8>,
    into output: UnsafeMutablePointer<Float>
  ) {
    guard let augmenter else { preconditionFailure("pictures are blended where the loader was asked to") }
    let (first, second) = (scratch.base, scratch.base + FloatBuffer.aligned(shape.count))
    augmenter(pixels + Int(sample) * shape.count, sample: Int(sample), epoch: epoch, into: first)
    augmenter(pixels + Int(other) * shape.count, sample: Int(other), epoch: epoch, into: second)
    let rest = 1 - share
    for x in 0..<shape.count { first[x] = share * first[x] + rest * second[x] }
    resize(UnsafePointer(first), into: output)
  }
}

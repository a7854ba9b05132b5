import Tensors

/// Pictures as a network sees them: augmented and resized by what the loader uses, in bytes to be looked at.
public final class Preview {
  private let set: ImageSet
  private let writer: SampleWriter
  private let picture: FloatBuffer
  /// Of every picture, one channel.
  public let shape: Shape

  /// - Parameters:
  ///   - size: pixels a side; nil for the set's own.
  ///   - augmentation: random changes; those of an epoch of a training with this seed.
  public init(
    of set: ImageSet, size: Int? = nil, augmentation: Augmentation = Augmentation(), seed: UInt64 = 0
  ) {
    self.set = set
    shape = size.map { Shape(height: $0, width: $0, channels: 1) } ?? set.shape
    writer = SampleWriter(
      from: set.shape, to: shape, LoaderChanges(augmentation: augmentation, mixup: nil, seed: seed))
    picture = FloatBuffer(count: shape.count)
  }

  /// A picture of the set in an epoch, row by row, 0 to 255.
  public func callAsFunction(_ sample: Int, epoch: Int = 1) -> [UInt8] {
    precondition(sample >= 0 && sample < set.count, "the set has images 0 to \(set.count - 1)")
    set.withPixels { writer.write(Int32(sample), epoch: epoch, of: $0, into: picture.base) }
    return picture.elements.map { UInt8(($0 * 255).rounded()) }
  }
}

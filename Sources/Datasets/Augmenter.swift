import Tensors

/// Decodes pictures and changes them as an ``Augmentation`` says. It keeps scratch, so each thread needs one of its own.
package final class Augmenter {
  private let augmentation: Augmentation
  private let seed: UInt64
  private let shape: Shape
  private let warp: Warp

  /// - Parameter shape: of every picture, one channel.
  package init(_ augmentation: Augmentation, shape: Shape, seed: UInt64) {
    precondition(shape.channels == 1, "pictures are grey")
    self.augmentation = augmentation
    self.shape = shape
    self.seed = seed
    warp = Warp(shape)
  }

  /// Overwrites `shape.count` floats at `output` with the sample's picture in an epoch, values in [0, 1].
  package func callAsFunction(
    _ pixels: UnsafePointer<UInt8>, sample: Int, epoch: Int, into output: UnsafeMutablePointer<Float>
  ) {
    let draw = augmentation.draw(seed: seed, epoch: epoch, sample: sample, shape: shape)
    apply(draw, to: pixels, into: output)
  }

  /// Overwrites `shape.count` floats at `output`: geometry, brightness, contrast, then the erased rectangle.
  package func apply(
    _ draw: Augmentation.Draw, to pixels: UnsafePointer<UInt8>, into output: UnsafeMutablePointer<Float>
  ) {
    if draw.changesGeometry {
      warp(pixels, draw, into: output)
    } else {
      scaleToUnit(pixels, count: shape.count, into: output)
    }
    if draw.brightness != 1 { Self.blend(output, count: shape.count, factor: draw.brightness, rest: 0) }
    if draw.contrast != 1 {
      let mean = Self.sum(output, count: shape.count) / Float(shape.count)
      Self.blend(output, count: shape.count, factor: draw.contrast, rest: (1 - draw.contrast) * mean)
    }
    if let erased = draw.erased {
      for y in erased.y..<erased.y + erased.height {
        (output + y * shape.width + erased.x).update(repeating: 0, count: erased.width)
      }
    }
  }

  /// values = factor values + rest, clamped to 0...1.
  private static func blend(
    _ values: UnsafeMutablePointer<Float>, count: Int, factor: Float, rest: Float
  ) {
    // Comparisons that the compiler turns into vector minima and maxima.
    for x in 0..<count {
      let changed = factor * values[x] + rest
      let low = changed > 0 ? changed : 0
      values[x] = low < 1 ? low : 1
    }
  }

  private static func sum(_ values: UnsafePointer<Float>, count: Int) -> Float {
    let whole = count & ~7
    var lanes = SIMD8<Float>.zero
    for x in stride(from: 0, to: whole, by: 8) {
      lanes += UnsafeRawPointer(values + x).loadUnaligned(as: SIMD8<Float>.self)
    }
    return (whole..<count).reduce(lanes.sum()) { $0 + values[$1] }
  }
}

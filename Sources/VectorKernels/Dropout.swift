import Kernels
import Tensors

extension VectorKernelSet {
  public static func dropout(
    _ x: Floats, into y: MutableFloats, count: Int, random: RandomStream, threshold: UInt32, scale: Float
  ) {
    let threshold = SIMD16(repeating: threshold)
    let scale = Vector(repeating: scale)
    forEachVector(count) { index, left in
      let block = index / 4
      let words = SIMD16<UInt32>(
        lowHalf: SIMD8(lowHalf: random.block(block), highHalf: random.block(block + 1)),
        highHalf: SIMD8(lowHalf: random.block(block + 2), highHalf: random.block(block + 3)))
      let kept = load(x + index, left: left) * scale
      store(kept.replacing(with: Vector(), where: words .< threshold), y + index, left: left)
    }
  }
}

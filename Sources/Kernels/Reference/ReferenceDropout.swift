import Tensors

extension ReferenceKernels {
  public static func dropout(
    _ x: Floats, into y: MutableFloats, count: Int, random: RandomStream, threshold: UInt32, scale: Float
  ) {
    for i in 0..<count { y[i] = random.word(i) >= threshold ? x[i] * scale : 0 }
  }
}

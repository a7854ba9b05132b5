import Kernels

#if canImport(Glibc)
  import Glibc
#else
  import Darwin
#endif

extension VectorKernels {
  public static func softmaxCrossEntropy(
    batch: Int, classes: Int, logits: Floats, labels: UnsafePointer<UInt8>, scale: Float,
    gradient: MutableFloats?
  ) -> (loss: Double, correct: Int) {
    var total = 0.0
    var correct = 0
    for sample in 0..<batch {
      let z = logits + sample * classes
      let label = Int(labels[sample])
      var best = 0
      for index in 1..<max(classes, 1) where z[index] > z[best] { best = index }
      let largest = Vector(repeating: z[best])
      var sum = 0.0
      forEachVector(classes) { index, left in
        let shares = exponential(load(z + index, left: left) - largest)
        if let gradient { store(shares, gradient + sample * classes + index, left: left) }
        for lane in 0..<min(left, lanes) { sum += Double(shares[lane]) }
      }
      let loss = log(sum) + Double(z[best]) - Double(z[label])
      total += loss
      // Where a logit is not a number, nothing is largest.
      if best == label, !loss.isNaN { correct += 1 }
      guard let gradient else { continue }
      let shares = gradient + sample * classes
      let norm = Float(1 / sum)
      for index in 0..<classes {
        shares[index] = (shares[index] * norm - (index == label ? 1 : 0)) * scale
      }
    }
    return (total, correct)
  }
}

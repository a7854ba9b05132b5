extension ReferenceKernels {
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
      let largest = Double(z[best])
      var sum = 0.0
      for index in 0..<classes { sum += exponential(Double(z[index]) - largest) }
      let loss = logarithm(sum) + largest - Double(z[label])
      total += loss
      // Where a logit is not a number, nothing is largest.
      if best == label, !loss.isNaN { correct += 1 }
      guard let gradient else { continue }
      for index in 0..<classes {
        let share = exponential(Double(z[index]) - largest) / sum - (index == label ? 1 : 0)
        gradient[sample * classes + index] = Float(share * Double(scale))
      }
    }
    return (total, correct)
  }
}

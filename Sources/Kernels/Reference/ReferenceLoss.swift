extension ReferenceKernels {
  public static func softmaxCrossEntropy(
    batch: Int, classes: Int, logits: Floats, targets: LossTargets, scale: Float, gradient: MutableFloats?
  ) -> (loss: Double, correct: Int) {
    var total = 0.0
    var correct = 0
    for sample in 0..<batch {
      let z = logits + sample * classes
      var best = 0
      for index in 1..<max(classes, 1) where z[index] > z[best] { best = index }
      let largest = Double(z[best])
      var sum = 0.0
      for index in 0..<classes { sum += exponential(Double(z[index]) - largest) }
      var loss = 0.0
      for index in 0..<classes {
        let target = targets.share(of: index, sample: sample, classes: classes)
        // A class that is not asked for costs nothing, even where its logit is minus infinity.
        if target != 0 { loss += target * (logarithm(sum) + largest - Double(z[index])) }
        guard let gradient else { continue }
        let share = exponential(Double(z[index]) - largest) / sum - target
        gradient[sample * classes + index] = Float(share * Double(scale))
      }
      total += LossTargets.summable(loss)
      // Where a logit is not a number, nothing is largest.
      if best == Int(targets.labels[sample]), !loss.isNaN { correct += 1 }
    }
    return (total, correct)
  }
}

extension LossTargets {
  /// The part of a sample's target distribution that a class has.
  fileprivate func share(of index: Int, sample: Int, classes: Int) -> Double {
    let first = shares.map { Double($0[sample]) } ?? 1
    var hard = index == Int(labels[sample]) ? first : 0
    if let others, index == Int(others[sample]) { hard += 1 - first }
    return (1 - Double(smoothing)) * hard + Double(smoothing) / Double(classes)
  }
}

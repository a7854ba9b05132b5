import Kernels

#if canImport(Glibc)
  import Glibc
#else
  import Darwin
#endif

extension VectorKernelSet {
  public static func softmaxCrossEntropy(
    batch: Int, classes: Int, logits: Floats, targets: LossTargets, scale: Float, gradient: MutableFloats?
  ) -> (loss: Double, correct: Int) {
    var total = 0.0
    var correct = 0
    let labelsAlone = targets.areLabelsAlone
    for sample in 0..<batch {
      let z = logits + sample * classes
      let shares = gradient.map { $0 + sample * classes }
      let label = Int(targets.labels[sample])
      var best = 0
      for index in 1..<max(classes, 1) where z[index] > z[best] { best = index }
      let sum = exponentials(z, classes, below: z[best], into: shares)
      let loss: Double
      if labelsAlone {
        loss = log(sum) + Double(z[best]) - Double(z[label])
        if let shares { subtract(label, from: shares, classes, norm: Float(1 / sum), scale) }
      } else {
        let target = BlendedTarget(targets, sample: sample, classes: classes)
        loss = log(sum) - target.mean(z, below: Double(z[best]), classes)
        if let shares { target.subtract(from: shares, classes, norm: Float(1 / sum), scale) }
      }
      total += LossTargets.summable(loss)
      // Where a logit is not a number, nothing is largest.
      if best == label, !loss.isNaN { correct += 1 }
    }
    return (total, correct)
  }

  /// shares = (shares norm - onehot(label)) scale.
  @inline(__always)
  private static func subtract(
    _ label: Int, from shares: MutableFloats, _ classes: Int, norm: Float, _ scale: Float
  ) {
    for index in 0..<classes {
      shares[index] = (shares[index] * norm - (index == label ? 1 : 0)) * scale
    }
  }
}

/// One sample's target: two classes and what is spread over all.
private struct BlendedTarget {
  private let label: Int
  private let other: Int
  private let labelShare: Double
  private let otherShare: Double
  /// The share of every class.
  private let even: Double

  @inline(__always)
  init(_ targets: LossTargets, sample: Int, classes: Int) {
    let rest = 1 - Double(targets.smoothing)
    label = Int(targets.labels[sample])
    even = Double(targets.smoothing) / Double(classes)
    if let others = targets.others, let shares = targets.shares {
      other = Int(others[sample])
      labelShare = rest * Double(shares[sample])
      otherShare = rest * (1 - Double(shares[sample]))
    } else {
      other = label
      labelShare = rest
      otherShare = 0
    }
  }

  /// The mean over the target of z - top. Classes without a share do not count: their logit may be minus infinity.
  func mean(_ z: Source, below top: Double, _ classes: Int) -> Double {
    var mean = 0.0
    if labelShare != 0 { mean += labelShare * (Double(z[label]) - top) }
    if otherShare != 0 { mean += otherShare * (Double(z[other]) - top) }
    guard even != 0 else { return mean }
    var sum = 0.0
    for index in 0..<classes { sum += Double(z[index]) - top }
    return mean + even * sum
  }

  /// shares = (shares norm - target) scale.
  func subtract(from shares: Target, _ classes: Int, norm: Float, _ scale: Float) {
    let (even, first, second) = (Float(even), Float(labelShare), Float(otherShare))
    for index in 0..<classes {
      let target = even + (index == label ? first : 0) + (index == other ? second : 0)
      shares[index] = (shares[index] * norm - target) * scale
    }
  }
}

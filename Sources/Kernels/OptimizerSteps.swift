#if canImport(Glibc)
  import Glibc
#else
  import Darwin
#endif

/// The numbers of one step of stochastic gradient descent.
@frozen
public struct SGDStep: Hashable, Sendable {
  public let rate: Float
  public let momentum: Float
  public let nesterov: Bool
  public let weightDecay: Float
  /// Multiplies every gradient first.
  public let gradientScale: Float
  /// Whether the velocity begins here: it is written, and not read.
  public let isFirst: Bool

  /// - Parameter step: the update's number, from 1.
  public init(
    rate: Float, momentum: Float = 0, nesterov: Bool = false, weightDecay: Float = 0,
    gradientScale: Float = 1, step: Int
  ) {
    precondition(step > 0, "steps are counted from 1")
    self.rate = rate
    self.momentum = momentum
    self.nesterov = nesterov
    self.weightDecay = weightDecay
    self.gradientScale = gradientScale
    isFirst = step == 1
  }
}

/// The numbers of one step of Adam or AdamW, worked out in double precision as PyTorch does.
@frozen
public struct AdamStep: Hashable, Sendable {
  public let rate: Float
  public let beta1: Float
  public let beta2: Float
  /// 1 - beta1 and 1 - beta2: in single precision the latter would be off by 1.3e-5 of itself.
  public let rest1: Float
  public let rest2: Float
  public let epsilon: Float
  /// Added to the gradient, times the parameter: Adam's own weight decay, else 0.
  public let weightDecay: Float
  /// What each parameter is multiplied by first: 1 - rate x weight decay for AdamW, else 1.
  public let shrinkage: Float
  /// Multiplies every gradient first.
  public let gradientScale: Float
  /// 1 - beta1^t.
  public let correction1: Float
  /// sqrt(1 - beta2^t).
  public let correction2Root: Float

  /// - Parameters:
  ///   - isDecoupled: shrinks the parameters themselves by the weight decay, as AdamW.
  ///   - step: t, from 1.
  public init(
    rate: Float, beta1: Double, beta2: Double, epsilon: Float, weightDecay: Float, isDecoupled: Bool = false,
    gradientScale: Float = 1, step: Int
  ) {
    precondition(step > 0, "steps are counted from 1")
    self.rate = rate
    self.beta1 = Float(beta1)
    self.beta2 = Float(beta2)
    rest1 = Float(1 - beta1)
    rest2 = Float(1 - beta2)
    self.epsilon = epsilon
    self.weightDecay = isDecoupled ? 0 : weightDecay
    shrinkage = isDecoupled ? Float(1 - Double(rate) * Double(weightDecay)) : 1
    self.gradientScale = gradientScale
    correction1 = Float(1 - pow(beta1, Double(step)))
    correction2Root = Float((1 - pow(beta2, Double(step))).squareRoot())
  }
}

extension ReferenceKernels {
  public static func sgd(
    parameters: MutableFloats, gradients: Floats, velocity: MutableFloats?, count: Int, rate: Float,
    momentum: Float, weightDecay: Float, isFirstStep: Bool
  ) {
    for i in 0..<count {
      var step = Double(gradients[i]) + Double(weightDecay) * Double(parameters[i])
      if let velocity {
        if !isFirstStep { step += Double(momentum) * Double(velocity[i]) }
        velocity[i] = Float(step)
      }
      parameters[i] = Float(Double(parameters[i]) - Double(rate) * step)
    }
  }

  public static func adam(
    parameters: MutableFloats, gradients: Floats, first: MutableFloats, second: MutableFloats, count: Int,
    hyper: AdamStep
  ) {
    let (beta1, beta2) = (Double(hyper.beta1), Double(hyper.beta2))
    for i in 0..<count {
      let gradient = Double(gradients[i]) + Double(hyper.weightDecay) * Double(parameters[i])
      let mean = beta1 * Double(first[i]) + Double(hyper.rest1) * gradient
      let square = beta2 * Double(second[i]) + Double(hyper.rest2) * gradient * gradient
      let root = square.squareRoot() / Double(hyper.correction2Root) + Double(hyper.epsilon)
      first[i] = Float(mean)
      second[i] = Float(square)
      parameters[i] = Float(
        Double(parameters[i]) - Double(hyper.rate) / Double(hyper.correction1) * mean / root)
    }
  }
}

extension ReferenceKernels {
  public static func sgd(
    parameters: MutableFloats, gradients: Floats, velocity: MutableFloats?, count: Int, hyper: SGDStep
  ) {
    let momentum = Double(hyper.momentum)
    for i in 0..<count {
      let gradient =
        Double(gradients[i]) * Double(hyper.gradientScale) + Double(hyper.weightDecay) * Double(parameters[i])
      var step = gradient
      if let velocity {
        let speed = hyper.isFirst ? gradient : momentum * Double(velocity[i]) + gradient
        velocity[i] = Float(speed)
        step = hyper.nesterov ? gradient + momentum * speed : speed
      }
      parameters[i] = Float(Double(parameters[i]) - Double(hyper.rate) * step)
    }
  }

  public static func lars(
    parameters: MutableFloats, gradients: Floats, velocity: MutableFloats?, count: Int, hyper: SGDStep
  ) {
    for i in 0..<count {
      let gradient =
        Double(gradients[i]) * Double(hyper.gradientScale) + Double(hyper.weightDecay) * Double(parameters[i])
      var step = Double(hyper.rate) * gradient
      if let velocity {
        if !hyper.isFirst { step += Double(hyper.momentum) * Double(velocity[i]) }
        velocity[i] = Float(step)
      }
      parameters[i] = Float(Double(parameters[i]) - step)
    }
  }

  public static func adam(
    parameters: MutableFloats, gradients: Floats, first: MutableFloats, second: MutableFloats, count: Int,
    hyper: AdamStep
  ) {
    let (beta1, beta2) = (Double(hyper.beta1), Double(hyper.beta2))
    for i in 0..<count {
      let gradient =
        Double(gradients[i]) * Double(hyper.gradientScale) + Double(hyper.weightDecay) * Double(parameters[i])
      let mean = beta1 * Double(first[i]) + Double(hyper.rest1) * gradient
      let square = beta2 * Double(second[i]) + Double(hyper.rest2) * gradient * gradient
      let root = square.squareRoot() / Double(hyper.correction2Root) + Double(hyper.epsilon)
      first[i] = Float(mean)
      second[i] = Float(square)
      parameters[i] = Float(
        Double(hyper.shrinkage) * Double(parameters[i])
          - Double(hyper.rate) / Double(hyper.correction1) * mean / root)
    }
  }
}

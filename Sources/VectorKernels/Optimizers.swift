import Kernels

// A gradient scale and a shrinkage of 1 change no bit; a product more hides behind the memory's time.
extension VectorKernelSet {
  public static func sgd(
    parameters: MutableFloats, gradients: Floats, velocity: MutableFloats?, count: Int, hyper: SGDStep
  ) {
    let rate = Vector(repeating: -hyper.rate)
    let scale = Vector(repeating: hyper.gradientScale)
    let decay = Vector(repeating: hyper.weightDecay)
    let momentum = Vector(repeating: hyper.momentum)
    forEachVector(count) { index, left in
      let parameter = load(parameters + index, left: left)
      let gradient = (load(gradients + index, left: left) * scale).addingProduct(decay, parameter)
      var step = gradient
      if let velocity {
        // The velocity of the first step is not read: it may hold anything.
        if !hyper.isFirst { step.addProduct(momentum, load(velocity + index, left: left)) }
        store(step, velocity + index, left: left)
        if hyper.nesterov { step = gradient.addingProduct(momentum, step) }
      }
      store(parameter.addingProduct(rate, step), parameters + index, left: left)
    }
  }

  public static func lars(
    parameters: MutableFloats, gradients: Floats, velocity: MutableFloats?, count: Int, hyper: SGDStep
  ) {
    let rate = Vector(repeating: hyper.rate)
    let scale = Vector(repeating: hyper.gradientScale)
    let decay = Vector(repeating: hyper.weightDecay)
    let momentum = Vector(repeating: hyper.momentum)
    forEachVector(count) { index, left in
      let parameter = load(parameters + index, left: left)
      var step = rate * (load(gradients + index, left: left) * scale).addingProduct(decay, parameter)
      if let velocity {
        if !hyper.isFirst { step.addProduct(momentum, load(velocity + index, left: left)) }
        store(step, velocity + index, left: left)
      }
      store(parameter - step, parameters + index, left: left)
    }
  }

  public static func adam(
    parameters: MutableFloats, gradients: Floats, first: MutableFloats, second: MutableFloats, count: Int,
    hyper: AdamStep
  ) {
    let scale = Vector(repeating: hyper.gradientScale)
    let decay = Vector(repeating: hyper.weightDecay)
    let shrinkage = Vector(repeating: hyper.shrinkage)
    let beta1 = Vector(repeating: hyper.beta1)
    let beta2 = Vector(repeating: hyper.beta2)
    let rest1 = Vector(repeating: hyper.rest1)
    let rest2 = Vector(repeating: hyper.rest2)
    let root = Vector(repeating: 1 / hyper.correction2Root)
    let epsilon = Vector(repeating: hyper.epsilon)
    let rate = Vector(repeating: -hyper.rate / hyper.correction1)
    forEachVector(count) { index, left in
      let parameter = load(parameters + index, left: left)
      let gradient = (load(gradients + index, left: left) * scale).addingProduct(decay, parameter)
      let mean = (beta1 * load(first + index, left: left)).addingProduct(rest1, gradient)
      let square = (beta2 * load(second + index, left: left)).addingProduct(rest2, gradient * gradient)
      store(mean, first + index, left: left)
      store(square, second + index, left: left)
      let step = mean / epsilon.addingProduct(squareRoot(square), root)
      store((parameter * shrinkage).addingProduct(rate, step), parameters + index, left: left)
    }
  }
}

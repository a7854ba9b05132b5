import Tensors

/// What a layer costs that uses each of its parameters once for every sample, or that has none.
extension Layer {
  public func multiplyAdds(parameters: Int, output: Shape) -> Int { parameters }

  public func connectedParameters(of parameters: Int) -> Int { parameters }

  public func connections(parameters: Int, output: Shape) -> Int {
    output.positions * connectedParameters(of: parameters)
  }
}

extension Shape {
  /// Pixels of an image; a vector is one.
  var positions: Int { isFlat ? 1 : height * width }
}

import Tensors

/// How the parameters of a network start.
public enum Initialization: String, CaseIterable, Sendable {
  /// PyTorch's default: weights and biases U(-1/sqrt(fan-in), 1/sqrt(fan-in)).
  case pytorch
  /// Weights N(0, 2 / fan-in), biases 0 (He et al., 2015, arXiv:1502.01852).
  case he
  /// Weights U(-a, a) with a = gain sqrt(6 / (fan-in + fan-out)), biases 0 (Glorot and Bengio, 2010).
  case xavier

  /// Fills one parameter, the `index`-th of its network.
  func fill(_ elements: UnsafeMutableBufferPointer<Float>, of parameter: Parameter, index: Int, seed: UInt64)
  {
    let random = RandomStream(seed: seed, .initialisation, layer: index)
    switch (self, parameter.role) {
    case (.xavier, .constant(_, .some(let value))), (_, .constant(let value, _)):
      elements.update(repeating: value)
    case (_, .sign):
      for element in elements.indices { elements[element] = random.word(element) & 1 == 0 ? -1 : 1 }
    case (.pytorch, _):
      fillUniform(elements, bound: 1 / Float(parameter.fanIn).squareRoot(), random)
    case (.he, .weight):
      fillNormal(elements, deviation: (2 / Float(parameter.fanIn)).squareRoot(), random)
    case (.xavier, .weight):
      let spread = 6 / Float(parameter.fanIn + parameter.fanOut)
      fillUniform(elements, bound: parameter.gain * spread.squareRoot(), random)
    case (.he, .bias), (.xavier, .bias):
      elements.update(repeating: 0)
    }
  }

  private func fillUniform(
    _ elements: UnsafeMutableBufferPointer<Float>, bound: Float, _ random: RandomStream
  ) {
    for block in 0..<(elements.count + 3) / 4 {
      let words = random.block(block)
      for lane in 0..<min(4, elements.count - 4 * block) {
        elements[4 * block + lane] = (Float(words[lane] >> 8) * 0x1p-23 - 1) * bound
      }
    }
  }

  private func fillNormal(
    _ elements: UnsafeMutableBufferPointer<Float>, deviation: Float, _ random: RandomStream
  ) {
    for block in 0..<(elements.count + 3) / 4 {
      let values = random.normals(block) * deviation
      for lane in 0..<min(4, elements.count - 4 * block) { elements[4 * block + lane] = values[lane] }
    }
  }
}

import Tensors

/// Draws one number after another from a stream.
struct Dice {
  let stream: RandomStream
  private var index = 0

  init(_ stream: RandomStream) { self.stream = stream }

  mutating func uniform(_ range: ClosedRange<Float>) -> Float {
    index += 1
    return range.lowerBound + stream.uniform(index - 1) * (range.upperBound - range.lowerBound)
  }

  /// A point of a square around zero.
  mutating func point(_ radius: Float) -> SIMD2<Float> {
    let x = uniform(-radius...radius)
    return SIMD2(x, uniform(-radius...radius))
  }

  mutating func chance(_ share: Float) -> Bool { uniform(0...1) < share }

  mutating func integer(below bound: Int) -> Int {
    index += 1
    return stream.integer(index - 1, below: bound)
  }
}

/// The derivative of `loss` by each number of `x`: (f(x + h) - f(x - h)) / 2h.
func centralDifferences(_ x: [Float], step: Float, _ loss: ([Float]) -> Double) -> [Double] {
  x.indices.map { index in
    var moved = x
    moved[index] = x[index] + step
    let above = loss(moved)
    moved[index] = x[index] - step
    return (above - loss(moved)) / Double(2 * step)
  }
}

/// The sum of `weights` x `y`: a loss whose gradient by y is `weights`.
func dot(_ weights: [Float], _ y: [Float]) -> Double {
  zip(weights, y).reduce(0) { $0 + Double($1.0) * Double($1.1) }
}

/// The largest difference between two lists of the same length, or infinity where the lengths differ.
func largestDifference(_ found: [Float], _ expected: [Double]) -> Double {
  guard found.count == expected.count else { return .infinity }
  return zip(found, expected).map { abs(Double($0) - $1) }.max() ?? 0
}

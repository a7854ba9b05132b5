import Tensors

/// Numbers that are the same in every run.
public enum TestNumbers {
  /// Whole numbers from -`bound` to `bound`: sums of their products are exact in any order while they stay below 2^24.
  public static func integers(_ count: Int, seed: UInt64, bound: Int = 4) -> [Float] {
    let random = RandomStream(seed: seed, .synthetic)
    return (0..<count).map { Float(random.integer($0, below: 2 * bound + 1) - bound) }
  }

  /// Real numbers from -`bound` to `bound`.
  public static func reals(_ count: Int, seed: UInt64, bound: Float = 1) -> [Float] {
    let random = RandomStream(seed: seed, .synthetic)
    return (0..<count).map { (2 * random.uniform($0) - 1) * bound }
  }
}

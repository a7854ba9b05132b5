import Kernels
import Tensors

/// The most that one core can do: fused multiply-adds on registers, without memory.
public enum PeakMeter {
  /// Floating-point operations a second of one thread; a fused multiply-add counts two.
  public static func operationsPerSecond(_ kernels: any KernelSet.Type) -> Double {
    var sum: Float = 0
    let rates = (0..<7).map { _ in
      var watch = Stopwatch()
      let (count, result) = kernels.fusedMultiplyAdds(rounds: 4_000_000)
      let seconds = watch.lap()
      sum += result
      return 2 * Double(count) / seconds
    }
    precondition(sum.isFinite, "the chains converge")
    return rates.max() ?? 0
  }

  /// As ``operationsPerSecond(_:)``, of the register tile that products of matrices are made of.
  /// - Parameter inner: the inner dimension.
  public static func tileOperationsPerSecond(_ kernels: any KernelSet.Type, inner: Int) -> Double {
    let scratch = FloatBuffer(count: kernels.tileScratch(inner: inner))
    scratch.randomize(seed: 1)
    defer { withExtendedLifetime(scratch) {} }
    return (0..<7).map { _ in
      var watch = Stopwatch()
      let count = kernels.tileProducts(inner: inner, rounds: 4_000, scratch: scratch.base)
      return 2 * Double(count) / watch.lap()
    }.max() ?? 0
  }
}

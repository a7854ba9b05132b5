import Kernels

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
}

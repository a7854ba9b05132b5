import Kernels
import Tensors

/// How fast the passes over flat buffers are beside a plain copy, on one thread.
public enum MemoryBenchmark {
  public struct Row: Sendable, Codable {
    public let pass: String
    /// Bytes read and written a second, each buffer counted as often as the formula needs it.
    public let bytesPerSecond: Double
  }

  /// Far more than any cache.
  private static let count = 32 << 20

  public static func rows(rounds: Int, kernels: any KernelSet.Type) -> [Row] {
    let buffers = (0..<4).map { _ in FloatBuffer(count: count) }
    for buffer in buffers { kernels.fill(buffer.base, count: count, value: 1) }
    defer { withExtendedLifetime(buffers) {} }
    let (w, g, m, v) = (buffers[0].base, buffers[1].base, buffers[2].base, buffers[3].base)
    let adam = AdamStep(rate: 1e-3, beta1: 0.9, beta2: 0.999, epsilon: 1e-8, weightDecay: 0, step: 9)
    let sgd = SGDStep(rate: 1e-3, momentum: 0.9, weightDecay: 0, step: 9)
    func row(_ pass: String, buffers: Int, _ body: () -> Void) -> Row {
      body()
      let times = (0..<rounds).map { _ in
        var watch = Stopwatch()
        body()
        return watch.lap()
      }
      let bytes = Double(buffers * count * MemoryLayout<Float>.stride)
      return Row(pass: pass, bytesPerSecond: bytes / median(times))
    }
    return [
      row("copy", buffers: 2) { w.update(from: g, count: count) },
      row("Adam", buffers: 7) {
        kernels.adam(parameters: w, gradients: g, first: m, second: v, count: count, hyper: adam)
      },
      row("SGD with momentum", buffers: 5) {
        kernels.sgd(parameters: w, gradients: g, velocity: m, count: count, hyper: sgd)
      },
      row("sum of squares", buffers: 1) { _ = kernels.sumOfSquares(g, count: count) },
    ]
  }
}

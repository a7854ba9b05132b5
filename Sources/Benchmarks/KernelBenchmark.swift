import Kernels
import Tensors

/// How fast convolutions and products of the networks' shapes are on one thread.
public enum KernelBenchmark {
  public struct Row: Sendable, Codable {
    public let shape: String
    public let algorithm: String
    /// Floating-point operations of each of the three, counted by the formula whatever the algorithm.
    public let operations: Double
    /// Seconds; each is the median.
    public let forward: Double
    public let inputGradient: Double
    public let parameterGradients: Double
    /// Seconds of OpenBLAS's product of the same rows, columns and inner dimension, without any copy of windows.
    public let blas: Double
  }

  /// - Parameters:
  ///   - batch: images at once.
  ///   - rounds: measured after one that warms up.
  public static func convolution(
    _ geometry: WindowGeometry, batch: Int, rounds: Int, kernels: any KernelSet.Type
  ) -> Row {
    let (input, output) = (geometry.input, geometry.output)
    let buffers = [
      batch * input.count, geometry.patch * output.channels, output.channels, batch * output.count,
      batch * input.count, geometry.patch * output.channels,
      kernels.convolutionScratch(geometry, Shards(whole: batch)),
    ].map { FloatBuffer(count: $0) }
    for (index, buffer) in buffers.dropLast(3).enumerated() { buffer.randomize(seed: UInt64(index)) }
    let (x, weight, bias, y) = (buffers[0].base, buffers[1].base, buffers[2].base, buffers[3].base)
    let (dx, dw, scratch) = (buffers[4].base, buffers[5].base, buffers[6].base)
    let times = times(rounds: rounds, buffers) { lap in
      kernels.convolve(
        geometry, batch: batch, x: x, weight: weight, bias: bias, activation: .relu, into: y, scratch: scratch
      )
      lap()
      kernels.convolutionInputGradient(
        geometry, batch: batch, dy: y, weight: weight, into: dx, adding: false, gate: nil, scratch: scratch)
      lap()
      kernels.convolutionParameterGradients(
        geometry, Shards(whole: batch), x: x, dy: y, weight: dw, bias: bias, scratch: scratch)
      lap()
    }
    let name =
      "\(batch)x\(input.height)x\(input.width), \(input.channels) to \(output.channels), "
      + "\(geometry.kernel)x\(geometry.kernel)/\(geometry.stride)"
    return Row(
      shape: name, algorithm: kernels.convolutionAlgorithm(geometry),
      operations: 2 * Double(batch * geometry.positions * geometry.patch * output.channels),
      forward: times[0],
      inputGradient: times[1], parameterGradients: times[2],
      blas: blas(
        rows: batch * geometry.positions, columns: output.channels, inner: geometry.patch, rounds: rounds))
  }

  /// As ``convolution(_:batch:rounds:kernels:)``, for a linear layer.
  public static func linear(
    batch: Int, inputs: Int, outputs: Int, rounds: Int, kernels: any KernelSet.Type
  ) -> Row {
    let buffers = [
      batch * inputs, inputs * outputs, outputs, batch * outputs, batch * inputs, inputs * outputs,
      kernels.linearScratch(Shards(whole: batch), inputs: inputs, outputs: outputs),
    ].map { FloatBuffer(count: $0) }
    for (index, buffer) in buffers.dropLast(3).enumerated() { buffer.randomize(seed: UInt64(index)) }
    let (x, weight, bias, y) = (buffers[0].base, buffers[1].base, buffers[2].base, buffers[3].base)
    let (dx, dw, scratch) = (buffers[4].base, buffers[5].base, buffers[6].base)
    let times = times(rounds: rounds, buffers) { lap in
      kernels.linear(
        batch: batch, inputs: inputs, outputs: outputs, x: x, weight: weight, bias: bias, activation: .relu,
        into: y, scratch: scratch)
      lap()
      kernels.linearInputGradient(
        batch: batch, inputs: inputs, outputs: outputs, dy: y, weight: weight, into: dx, scratch: scratch)
      lap()
      kernels.linearParameterGradients(
        Shards(whole: batch), inputs: inputs, outputs: outputs, x: x, dy: y, weight: dw, bias: bias,
        scratch: scratch)
      lap()
    }
    return Row(
      shape: "\(batch), \(inputs) to \(outputs)",
      algorithm: kernels.linearAlgorithm(inputs: inputs, outputs: outputs),
      operations: 2 * Double(batch * inputs * outputs), forward: times[0], inputGradient: times[1],
      parameterGradients: times[2],
      blas: blas(rows: batch, columns: outputs, inner: inputs, rounds: rounds))
  }

  private static func blas(rows: Int, columns: Int, inner: Int, rounds: Int) -> Double {
    let buffers = [rows * inner, inner * columns, rows * columns].map { FloatBuffer(count: $0) }
    buffers[0].randomize(seed: 1)
    buffers[1].randomize(seed: 2)
    BLAS.threads = 1
    return times(rounds: rounds, buffers) { lap in
      BLAS.multiply(
        rows: rows, columns: columns, inner: inner, .init(buffers[0].base), .init(buffers[1].base),
        into: buffers[2].base)
      lap()
    }[0]
  }

  /// The median time of each part of `body`, which calls its argument at the end of each and uses `buffers`.
  private static func times(
    rounds: Int, _ buffers: [FloatBuffer], _ body: (_ lap: () -> Void) -> Void
  ) -> [Double] {
    defer { withExtendedLifetime(buffers) {} }
    var all: [[Double]] = []
    for round in 0...rounds {
      var watch = Stopwatch()
      var laps: [Double] = []
      body { laps.append(watch.lap()) }
      if round > 0 { all.append(laps) }
    }
    return all[0].indices.map { part in median(all.map { $0[part] }) }
  }
}

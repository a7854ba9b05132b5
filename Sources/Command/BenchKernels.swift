import ArgumentParser
import Benchmarks
import Foundation
import InstructionSets
import Kernels
import Tensors

/// `cnn-dist bench kernels`.
struct BenchKernels: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "kernels", abstract: "Set convolutions and products beside OpenBLAS and the peak.",
    discussion: """
      Shapes of the networks, on one thread. GFLOP/s count the operations of the
      formula; an algorithm that needs fewer can exceed the peak. OpenBLAS
      multiplies matrices of the same size, without gathering a convolution's
      windows.

      Examples:
        cnn-dist bench kernels
        CNN_DIST_ISA=x86-64-v3 cnn-dist bench kernels --json
      """)

  @OptionGroup
  var options: BenchOptions

  /// Pixels a side, channels in and out, kernel, stride, padding; of VGG, AlexNet, NiN, GoogLeNet, ResNet, LeNet.
  private static let convolutions = [
    (112, 64, 128, 3, 1, 1), (56, 256, 256, 3, 1, 1), (28, 512, 512, 3, 1, 1), (14, 512, 512, 3, 1, 1),
    (3, 512, 512, 3, 1, 1),
    (12, 384, 384, 3, 1, 1), (26, 96, 256, 5, 1, 2), (54, 96, 96, 1, 1, 0), (12, 480, 192, 1, 1, 0),
    (24, 64, 64, 3, 1, 1), (24, 64, 128, 3, 2, 1), (224, 1, 64, 3, 1, 1), (224, 1, 96, 11, 4, 1),
    (96, 1, 64, 7, 2, 3), (28, 1, 6, 5, 1, 2), (14, 6, 16, 5, 1, 0),
  ]
  /// The inner dimension at which the register tile is measured.
  private static let inner = 256
  /// Inputs and outputs.
  private static let linears = [(25_088, 4_096), (4_096, 4_096), (4_096, 10), (400, 120)]

  func run() throws {
    let kernels = try InstructionSets.selected()
    let peak = PeakMeter.operationsPerSecond(kernels)
    var rows: [KernelBenchmark.Row] = []
    for (size, inputs, outputs, kernel, stride, padding) in Self.convolutions {
      guard
        let geometry = WindowGeometry(
          input: Shape(height: size, width: size, channels: inputs), kernel: kernel, stride: stride,
          padding: padding, channels: outputs)
      else { preconditionFailure("the networks' windows fit their images") }
      rows.append(KernelBenchmark.convolution(geometry, batch: 8, rounds: options.rounds, kernels: kernels))
    }
    for (inputs, outputs) in Self.linears {
      rows.append(
        KernelBenchmark.linear(
          batch: 32, inputs: inputs, outputs: outputs, rounds: options.rounds, kernels: kernels))
    }
    let record = Record(
      instructionSet: kernels.name, blas: BLAS.kernelName, peak: peak,
      tile: PeakMeter.tileOperationsPerSecond(kernels, inner: Self.inner), rows: rows,
      memory: MemoryBenchmark.rows(rounds: options.rounds, kernels: kernels))
    try options.show(record, table: record.table)
  }

  private struct Record: Encodable {
    let instructionSet: String
    let blas: String
    let peak: Double
    let tile: Double
    let rows: [KernelBenchmark.Row]
    let memory: [MemoryBenchmark.Row]

    var table: String {
      var table = TextTable([
        ("shape", .left), ("algorithm", .left), ("forward", .right), ("of peak", .right), ("dx", .right),
        ("of peak", .right), ("dw", .right), ("of peak", .right), ("OpenBLAS", .right),
      ])
      for row in rows {
        func cells(_ seconds: Double) -> [String] {
          let rate = row.operations / seconds
          return [String(format: "%.0f", rate / 1e9), String(format: "%.0f %%", 100 * rate / peak)]
        }
        table.append(
          [row.shape, row.algorithm] + cells(row.forward) + cells(row.inputGradient)
            + cells(row.parameterGradients) + [cells(row.blas)[0]])
      }
      return """
        GFLOP/s of one thread, \(instructionSet); dx and dw: the gradients of input and weights; OpenBLAS: its product of \
        that size, \(blas) kernels
        peak of a core \(String(format: "%.0f", peak / 1e9)); register tile with an inner dimension of \
        \(BenchKernels.inner): \(String(format: "%.0f, %.0f %% of it", tile / 1e9, 100 * tile / peak))

        \(table.text)
        """ + memoryTable
    }

    private var memoryTable: String {
      var table = TextTable([("pass over memory", .left), ("GB/s", .right), ("of a copy", .right)])
      let copy = memory[0].bytesPerSecond
      for row in memory {
        table.append([
          row.pass, String(format: "%.1f", row.bytesPerSecond / 1e9),
          String(format: "%.0f %%", 100 * row.bytesPerSecond / copy),
        ])
      }
      return "\nPasses over memory larger than the caches\n\n" + table.text
    }
  }
}

import Layers
import Tensors
import Testing

@Suite struct ParameterLayoutTests {
  /// PyTorch's element (o, c, h, w) of filters lies at (h, w, c, o) in memory.
  @Test(arguments: [(1, 1, 1), (3, 2, 5), (5, 6, 16), (2, 3, 33), (1, 40, 17)])
  func filters(kernel: Int, inputs: Int, outputs: Int) {
    let layout = ParameterLayout.filters(kernel: kernel, inputs: inputs, outputs: outputs)
    let memory = (0..<layout.count).map(Float.init)
    var expected: [Float] = []
    for o in 0..<outputs {
      for c in 0..<inputs {
        for h in 0..<kernel {
          for w in 0..<kernel { expected.append(memory[((h * kernel + w) * inputs + c) * outputs + o]) }
        }
      }
    }
    check(layout, memory: memory, torch: expected)
  }

  /// The weight behind a flattened image: PyTorch's inputs are (channels, rows, columns), ours (rows, columns, channels).
  @Test func linearBehindAnImage() {
    let image = Shape(height: 3, width: 2, channels: 5)
    let layout = ParameterLayout.linear(input: image.flattened, outputs: 18)
    let memory = (0..<layout.count).map(Float.init)
    var expected: [Float] = []
    for o in 0..<18 {
      for c in 0..<5 {
        for h in 0..<3 { for w in 0..<2 { expected.append(memory[((h * 2 + w) * 5 + c) * 18 + o]) } }
      }
    }
    #expect(layout.torchShape == [18, 30])
    check(layout, memory: memory, torch: expected)
  }

  @Test func vectorsKeepTheirOrder() {
    let layout = ParameterLayout.vector(37)
    let memory = (0..<37).map(Float.init)
    check(layout, memory: memory, torch: memory)
  }

  /// Every way to cut the elements in three pieces at awkward places copies the same elements, in both directions.
  private func check(_ layout: ParameterLayout, memory: [Float], torch: [Float]) {
    for (first, second) in [(0, 0), (1, layout.count - 1), (layout.count / 3, layout.count / 2)]
    where first <= second {
      var out: [Float] = []
      var back = [Float](repeating: .nan, count: memory.count)
      for range in [0..<first, first..<second, second..<layout.count] {
        var piece = [Float](repeating: .nan, count: range.count)
        piece.withUnsafeMutableBufferPointer { piece in
          memory.withUnsafeBufferPointer { layout.gather(range, from: $0.baseAddress!, into: piece) }
        }
        out += piece
        piece.withUnsafeBufferPointer { piece in
          back.withUnsafeMutableBufferPointer {
            layout.scatter(range, from: piece, into: $0.baseAddress!)
          }
        }
      }
      #expect(out == torch)
      #expect(back == memory)
    }
  }
}

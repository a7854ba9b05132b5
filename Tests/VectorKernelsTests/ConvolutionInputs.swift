import KernelShapes
import Kernels
import Testing

/// What a convolution's three kernels read, in plain arrays.
struct ConvolutionInputs {
  let geometry: WindowGeometry
  let batch: Int
  var x: [Float]
  var weight: [Float]
  var bias: [Float]
  var dy: [Float]
  /// What the parameters' gradients hold before this convolution adds to them.
  var dw: [Float]
  var db: [Float]

  init(_ geometry: WindowGeometry, batch: Int, _ numbers: (_ count: Int, _ seed: UInt64) -> [Float]) {
    self.geometry = geometry
    self.batch = batch
    x = numbers(batch * geometry.input.count, 1)
    weight = numbers(geometry.patch * geometry.output.channels, 2)
    bias = numbers(geometry.output.channels, 3)
    dy = numbers(batch * geometry.output.count, 4)
    dw = numbers(geometry.patch * geometry.output.channels, 5)
    db = numbers(geometry.output.channels, 6)
  }

  /// One image of the batch by itself.
  func image(_ index: Int) -> ConvolutionInputs { images(index..<index + 1) }

  /// Some images of the batch.
  func images(_ range: Range<Int>) -> ConvolutionInputs {
    var one = ConvolutionInputs(geometry, batch: range.count) { count, _ in
      [Float](repeating: 0, count: count)
    }
    let (input, output) = (geometry.input.count, geometry.output.count)
    one.x = Array(x[range.lowerBound * input..<range.upperBound * input])
    one.dy = Array(dy[range.lowerBound * output..<range.upperBound * output])
    (one.weight, one.bias, one.dw, one.db) = (weight, bias, dw, db)
    return one
  }

  /// The same with every number's size: what its sums yield is the scale of a rounding error.
  var magnitudes: ConvolutionInputs {
    var sizes = self
    sizes.x = x.map(abs)
    sizes.weight = weight.map(abs)
    sizes.bias = bias.map(abs)
    sizes.dy = dy.map(abs)
    sizes.dw = dw.map(abs)
    sizes.db = db.map(abs)
    return sizes
  }

  /// Outputs and gradients of inputs and filters as one chain of single-precision sums each, without bias.
  func plainSums() -> (y: [Float], dx: [Float], dw: [Float]) {
    var y = [Float](repeating: 0, count: batch * geometry.output.count)
    var dx = [Float](repeating: 0, count: batch * geometry.input.count)
    var dw = [Float](repeating: 0, count: weight.count)
    let (input, output) = (geometry.input, geometry.output)
    for image in 0..<batch {
      for place in 0..<geometry.positions * geometry.kernel * geometry.kernel {
        let (position, tap) = (
          place / (geometry.kernel * geometry.kernel), place % (geometry.kernel * geometry.kernel)
        )
        let row = position / output.width * geometry.stride + tap / geometry.kernel - geometry.padding
        let column = position % output.width * geometry.stride + tap % geometry.kernel - geometry.padding
        guard 0..<input.height ~= row, 0..<input.width ~= column else { continue }
        for inner in 0..<input.channels {
          let source = ((image * input.height + row) * input.width + column) * input.channels + inner
          let value = x[source]
          let first = (image * geometry.positions + position) * output.channels
          let filter = (tap * input.channels + inner) * output.channels
          for outer in 0..<output.channels {
            y[first + outer] += value * weight[filter + outer]
            dx[source] += weight[filter + outer] * dy[first + outer]
            dw[filter + outer] += value * dy[first + outer]
          }
        }
      }
    }
    return (y, dx, dw)
  }

  /// What the kernels write, on buffers and scratch that begin as not-a-numbers.
  ///
  /// - Parameter gated: whether the input's gradient is that before a ReLU which computed `x`.
  func run(
    _ kernels: any KernelSet.Type, bias usesBias: Bool = true, activation: Activation = .relu,
    gated: Bool = false, shards: Shards? = nil
  ) -> ConvolutionOutputs {
    let buffers = (
      x: GuardedBuffer(x), weight: GuardedBuffer(weight), bias: GuardedBuffer(bias), dy: GuardedBuffer(dy),
      y: GuardedBuffer(count: batch * geometry.output.count),
      dx: GuardedBuffer(count: batch * geometry.input.count),
      dw: GuardedBuffer(dw), db: GuardedBuffer(db)
    )
    func scratch() -> GuardedBuffer {
      GuardedBuffer(count: kernels.convolutionScratch(geometry, shards ?? Shards(whole: batch)))
    }
    var used = [scratch()]
    kernels.convolve(
      geometry, batch: batch, x: buffers.x.base, weight: buffers.weight.base,
      bias: usesBias ? UnsafePointer(buffers.bias.base) : nil, activation: activation, into: buffers.y.base,
      scratch: used[0].base)
    used.append(scratch())
    kernels.convolutionInputGradient(
      geometry, batch: batch, dy: buffers.dy.base, weight: buffers.weight.base, into: buffers.dx.base,
      adding: false, gate: gated ? UnsafePointer(buffers.x.base) : nil, scratch: used[1].base)
    used.append(scratch())
    kernels.convolutionParameterGradients(
      geometry, shards ?? Shards(whole: batch), x: buffers.x.base, dy: buffers.dy.base,
      weight: buffers.dw.base,
      bias: usesBias ? buffers.db.base : nil, scratch: used[2].base)
    expectIntact(used + [buffers.y, buffers.dx, buffers.dw, buffers.db])
    return ConvolutionOutputs(
      y: buffers.y.values, dx: buffers.dx.values, dw: buffers.dw.values, db: buffers.db.values)
  }
}

struct ConvolutionOutputs {
  var y: [Float]
  var dx: [Float]
  var dw: [Float]
  var db: [Float]
}

import Tensors

/// A parameter of a network: its PyTorch name, where it lies, how PyTorch orders it, and how it starts.
public struct Parameter: Hashable, Sendable {
  /// The key in PyTorch's `state_dict`, for example `0.weight`.
  public let name: String
  public internal(set) var slot: Slot
  public let layout: ParameterLayout
  public let role: Role
  public let fanIn: Int
  public let fanOut: Int
  /// By which Xavier's weights are larger: 4 in front of a sigmoid, whose slope at 0 is 1/4.
  public let gain: Float

  /// What a parameter does; initialisation and weight decay depend on it.
  public enum Role: Hashable, Sendable {
    case weight
    case bias
    /// Starts from a constant: the factors and shifts of channels, and running statistics. Xavier's scheme may have another.
    case constant(Float, xavier: Float? = nil)
    /// Starts from 1 or -1 by chance: the codes of radial basis functions.
    case sign
  }

  /// Whether weight decay means this parameter: the weights of convolutions and linear layers.
  public var decays: Bool { role == .weight }
}

/// The order of a parameter's elements in memory and in PyTorch.
///
/// In memory a weight is (rows, columns, inputs, outputs): outputs innermost, as the products want it. PyTorch keeps a
/// filter as (outputs, inputs, rows, columns), and a linear weight as (outputs, inputs) where the inputs of a flattened
/// image are (channels, rows, columns): the same permutation.
public struct ParameterLayout: Hashable, Sendable {
  let rows: Int
  let columns: Int
  let inputs: Int
  let outputs: Int
  /// The shape in PyTorch's `state_dict`.
  public let torchShape: [Int]

  public var count: Int { rows * columns * inputs * outputs }

  /// A bias: the same in both orders.
  public static func vector(_ count: Int) -> ParameterLayout {
    ParameterLayout(rows: 1, columns: 1, inputs: 1, outputs: count, torchShape: [count])
  }

  /// Rows that are kept as PyTorch keeps them.
  public static func matrix(rows: Int, columns: Int) -> ParameterLayout {
    ParameterLayout(
      rows: 1, columns: 1, inputs: 1, outputs: rows * columns, torchShape: [rows, columns])
  }

  /// The filters of a convolution.
  public static func filters(kernel: Int, inputs: Int, outputs: Int) -> ParameterLayout {
    ParameterLayout(
      rows: kernel, columns: kernel, inputs: inputs, outputs: outputs,
      torchShape: [outputs, inputs, kernel, kernel])
  }

  /// The weight of a linear layer over a (possibly flattened) sample.
  public static func linear(input: Shape, outputs: Int) -> ParameterLayout {
    ParameterLayout(
      rows: input.height, columns: input.width, inputs: input.channels, outputs: outputs,
      torchShape: [outputs, input.count])
  }

  /// Calls `body` with runs of neighbouring outputs: PyTorch's elements `torch`, `torch` + `stride`, ... are the `count`
  /// elements of memory from `memory` on.
  ///
  /// Covers PyTorch's elements `range`. Whole rows of PyTorch's weight are visited sixteen at a time, so that memory is
  /// read by cache lines although the orders are transposed.
  @inline(__always)
  private func forEachRun(
    of range: Range<Int>, _ body: (_ torch: Int, _ stride: Int, _ memory: Int, _ count: Int) -> Void
  ) {
    let row = rows * columns * inputs
    var position = range.lowerBound
    while position < range.upperBound {
      let output = position / row
      let wholeRows = position % row == 0 ? (range.upperBound - position) / row : 0
      let lanes = max(1, min(wholeRows, 16))
      let first = position % row
      let last = wholeRows > 0 ? row : min(row, first + range.upperBound - position)
      var place = first
      while place < last {
        let (channel, window) = (place / (rows * columns), place % (rows * columns))
        body(output * row + place, row, (window * inputs + channel) * outputs + output, lanes)
        place += 1
      }
      position = output * row + (lanes - 1) * row + last
    }
  }

  /// Copies PyTorch's elements `range` out of the parameter's memory.
  public func gather(
    _ range: Range<Int>, from memory: UnsafePointer<Float>, into torch: UnsafeMutableBufferPointer<Float>
  ) {
    precondition(torch.count >= range.count && range.upperBound <= count, "the range lies in the parameter")
    forEachRun(of: range) { first, stride, source, lanes in
      for lane in 0..<lanes { torch[first - range.lowerBound + lane * stride] = memory[source + lane] }
    }
  }

  /// Copies PyTorch's elements `range` into the parameter's memory.
  public func scatter(
    _ range: Range<Int>, from torch: UnsafeBufferPointer<Float>, into memory: UnsafeMutablePointer<Float>
  ) {
    precondition(torch.count >= range.count && range.upperBound <= count, "the range lies in the parameter")
    forEachRun(of: range) { first, stride, target, lanes in
      for lane in 0..<lanes { memory[target + lane] = torch[first - range.lowerBound + lane * stride] }
    }
  }
}

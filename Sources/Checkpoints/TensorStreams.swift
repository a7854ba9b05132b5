/// A tensor to save, read in pieces from wherever it lives.
///
/// Elements are numbered in PyTorch's order, the last dimension fastest: (out, in, rows, columns) for a convolution's
/// filters. A source that keeps another order converts while it is read, so no second copy of the tensor is needed.
public protocol TensorSource: Sendable {
  /// The name in PyTorch's `state_dict`.
  var name: String { get }
  /// The dimensions, as PyTorch has them; empty for a scalar.
  var shape: [Int] { get }
  /// Copies the elements of `range` into `elements`, which is as long as the range. Ranges come in order.
  func read(_ range: Range<Int>, into elements: UnsafeMutableBufferPointer<Float>)
}

/// A tensor to load, written in pieces to wherever it belongs.
public protocol TensorSink: Sendable {
  /// The name in PyTorch's `state_dict`.
  var name: String { get }
  /// The dimensions, as PyTorch has them; empty for a scalar.
  var shape: [Int] { get }
  /// Takes the elements of `range`, numbered in PyTorch's order. Ranges come in order and cover the tensor.
  func write(_ range: Range<Int>, from elements: UnsafeBufferPointer<Float>)
}

/// A small tensor of whole numbers: what PyTorch keeps as I64, such as batch norm's `num_batches_tracked`.
public struct IntegerTensor: Equatable, Sendable {
  public var name: String
  public var shape: [Int]
  /// The elements, the last dimension fastest.
  public var values: [Int64]

  public init(_ name: String, shape: [Int] = [], values: [Int64]) {
    precondition(shape.reduce(1, *) == values.count, "\(name): \(values.count) values for shape \(shape)")
    self.name = name
    self.shape = shape
    self.values = values
  }
}

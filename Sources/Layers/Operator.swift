import Kernels
import Tensors

/// Training keeps what backward needs and drops units; evaluation does neither.
public enum Mode: Sendable {
  case training
  case evaluation
}

/// What runs a layer: geometry and slots, worked out once. It allocates nothing, throws nothing, and infers no shape.
///
/// `backward` adds to parameter gradients and overwrites `dx`, or adds to it where `Workspace.addsInputGradient` says that
/// another reader of the input came first; `dx` is nil for the first layer. `dy` is the operator's to use up. `x` and `y`
/// hold their forward values only where ``keeps`` says so.
public protocol Operator: Sendable {
  /// What backward reads again, and so what must outlive forward.
  var keeps: Kept { get }
  /// Whether y may be x in forward, and dx be dy in backward.
  var worksInPlace: Bool { get }
  /// Whether forward adds to what `y` holds instead of overwriting it.
  var addsToOutput: Bool { get }
  /// Whether backward can add to `dx`.
  var addsInputGradient: Bool { get }
  /// Whether `x` and `dx` may be slices: pixels with other channels between them.
  var readsSlices: Bool { get }
  /// Whether `y` and `dy` may be slices.
  var writesSlices: Bool { get }
  /// Floats of scratch that a pass needs at most; their content is lost between passes.
  func scratch(_ room: Shards, _ kernels: any KernelSet.Type) -> Int
  /// Floats that forward leaves for backward at most.
  func saved(_ room: Shards) -> Int
  /// Multiply-adds of forward for one sample, as the layer's formula counts them; each of the two gradients takes as many.
  var products: Int { get }
  /// How these kernels compute the products, for reports; empty where there is one way.
  func algorithm(_ kernels: any KernelSet.Type) -> String

  func forward(_ x: TensorView, into y: TensorView, _ workspace: Workspace)
  func backward(
    _ dy: TensorView, into dx: TensorView?, x: TensorView, y: TensorView, _ workspace: Workspace)
}

extension Operator {
  public var worksInPlace: Bool { false }
  public var addsToOutput: Bool { false }
  public var addsInputGradient: Bool { false }
  public var readsSlices: Bool { false }
  public var writesSlices: Bool { false }
  public func scratch(_ room: Shards, _ kernels: any KernelSet.Type) -> Int { 0 }
  public func saved(_ room: Shards) -> Int { 0 }
  public var products: Int { 0 }
  public func algorithm(_ kernels: any KernelSet.Type) -> String { "" }
}

/// The values of forward that an operator's backward reads.
public struct Kept: OptionSet, Sendable {
  public let rawValue: Int
  public init(rawValue: Int) { self.rawValue = rawValue }
  public static let input = Kept(rawValue: 1)
  public static let output = Kept(rawValue: 2)
}

/// An operator that can apply an activation while its result is still at hand.
protocol ActivationFusing: Operator {
  var activation: Activation { get set }
}

/// The memory and the circumstances of one call of an operator.
public struct Workspace {
  let kernels: any KernelSet.Type
  let mode: Mode
  /// Whether backward adds to `dx` instead of overwriting it.
  let addsInputGradient: Bool
  let parameters: UnsafeMutablePointer<Float>
  let gradients: UnsafeMutablePointer<Float>
  /// Running statistics, and what this step adds to them.
  let statistics: UnsafeMutablePointer<Float>
  let statisticSums: UnsafeMutablePointer<Float>
  let saved: UnsafeMutablePointer<Float>
  let scratch: UnsafeMutablePointer<Float>
  let samples: SampleKeys
  /// The shards of the batch, over which gradients of parameters are added up.
  let shards: Shards
  /// Where to leave the factors of a weight's gradient instead of adding the gradient; nil for most.
  var factors: FactorRows?

  func parameter(_ slot: Slot) -> UnsafePointer<Float> { UnsafePointer(parameters + slot.offset) }
  func gradient(_ slot: Slot) -> UnsafeMutablePointer<Float> { gradients + slot.offset }
  var savedBytes: UnsafeMutablePointer<UInt8> {
    UnsafeMutableRawPointer(saved).assumingMemoryBound(to: UInt8.self)
  }
}

/// Names the samples of a batch for random numbers, independent of the rank that holds them.
public struct SampleKeys: Sendable {
  public var seed: UInt64
  /// The training step.
  public var step: Int
  /// Position of the batch's first sample in the global batch.
  public var firstPosition: Int
  /// How the batch is cut into shards; nil for one of all samples.
  public var shards: Shards?

  public init(seed: UInt64, step: Int, firstPosition: Int, shards: Shards? = nil) {
    self.seed = seed
    self.step = step
    self.firstPosition = firstPosition
    self.shards = shards
  }
}

/// Where a parameter lies in the flat buffers of parameters, gradients and moments.
public struct Slot: Hashable, Sendable {
  public internal(set) var offset: Int
  public let count: Int
}

import Checkpoints
import Failures
import Files
import Foundation
import Testing
import Threads

/// A directory for one test, gone when the test is.
final class TemporaryDirectory: Sendable {
  let path: String

  init() {
    var template = Array("/tmp/cnn-dist-test-XXXXXX".utf8CString)
    path = String(cString: mkdtemp(&template))
  }

  deinit { try? Directory.remove(path, code: .inputOutput) }

  func file(_ name: String) -> String { "\(path)/\(name)" }
}

/// A tensor that is read from an array.
struct ArraySource: TensorSource {
  let name: String
  let shape: [Int]
  let values: [Float]

  init(_ name: String, _ shape: [Int], _ values: [Float]) {
    self.name = name
    self.shape = shape
    self.values = values
  }

  /// Values that differ from element to element and from step to step.
  init(_ name: String, _ shape: [Int], step: Int = 0) {
    self.init(name, shape, (0..<shape.reduce(1, *)).map { Float($0) / 8 + Float(step) })
  }

  func read(_ range: Range<Int>, into elements: UnsafeMutableBufferPointer<Float>) {
    _ = elements.update(fromContentsOf: values[range])
  }
}

/// A tensor that runs `body` when it is read.
struct HookedSource: TensorSource {
  let name: String
  let shape: [Int]
  let body: @Sendable (Range<Int>) -> Void

  func read(_ range: Range<Int>, into elements: UnsafeMutableBufferPointer<Float>) {
    body(range)
    elements.update(repeating: 1)
  }
}

/// A tensor that is loaded into an array.
struct ArraySink: TensorSink {
  let name: String
  let shape: [Int]
  let values = Monitor([Float]())

  init(_ name: String, _ shape: [Int]) {
    self.name = name
    self.shape = shape
  }

  func write(_ range: Range<Int>, from elements: UnsafeBufferPointer<Float>) {
    values.update {
      precondition(range.lowerBound == $0.count && range.count == elements.count, "ranges come in order")
      $0 += elements
    }
  }

  var loaded: [Float] { values.read { $0 } }
}

/// The failure that `body` throws.
func failure(_ body: () throws(Failure) -> Void) -> Failure? {
  do throws(Failure) {
    try body()
    return nil
  } catch { return error }
}

func openFailure(_ path: String) -> Failure? {
  failure { () throws(Failure) in _ = try Checkpoint.open(path) }
}

func bytes(_ path: String) throws -> [UInt8] { Array(try Data(contentsOf: URL(filePath: path))) }

func write(_ bytes: [UInt8], to path: String) throws { try Data(bytes).write(to: URL(filePath: path)) }

/// A file of safetensors with this header, unpadded, and so many bytes of data.
func safetensors(_ header: String, data: Int = 0) -> [UInt8] {
  withUnsafeBytes(of: UInt64(header.utf8.count).littleEndian) { Array($0) } + Array(header.utf8)
    + [UInt8](repeating: 0, count: data)
}

/// A small checkpoint whose tensors follow from its step.
func contents(step: Int, isBest: Bool = false, elements: Int = 12) -> CheckpointContents {
  var state = CheckpointState(model: "lenet", step: step)
  state.epoch = step / 10
  state.batch = step % 10
  state.seed = .max
  state.bestAccuracy = 0.1 + Double(step) / 3
  return CheckpointContents(
    state: state, isBest: isBest,
    model: [
      ArraySource("conv.weight", [elements / 4, 4], step: step), ArraySource("conv.bias", [3], step: step),
    ],
    integers: [IntegerTensor("bn.num_batches_tracked", values: [Int64(step)])],
    optimizer: [ArraySource("momentum.conv.weight", [elements / 4, 4], step: -step)])
}

/// Whether a checkpoint holds what `contents(step:)` says.
func isWhole(_ checkpoint: Checkpoint, elements: Int = 12) throws -> Bool {
  guard let step = checkpoint.state?.step, let optimizer = checkpoint.optimizer else { return false }
  let expected = contents(step: step, elements: elements)
  let weight = ArraySource("conv.weight", [elements / 4, 4], step: step)
  let moment = ArraySource("momentum.conv.weight", [elements / 4, 4], step: -step)
  return try checkpoint.model.floats("conv.weight") == weight.values
    && checkpoint.model.integers("bn.num_batches_tracked") == expected.integers[0].values
    && optimizer.floats("momentum.conv.weight") == moment.values
}

func save(_ store: CheckpointStore, _ contents: CheckpointContents) throws {
  try store.save(contents) { Issue.record("\($0)") }
}

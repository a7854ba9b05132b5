import Kernels
import Tensors

/// Minimal filtering of 3x3 filters that leads back by tiles of six: 64 products for 36 outputs instead of 81, or of 100 where forward
/// goes by threes.
///
/// Eight points round more than six. What forward computes decides which ReLUs pass and which pixels of a window win, and of
/// millions some always lie within rounding of the other way; a gradient is only carried on. So forward keeps its tiles.
protocol WinogradBySixes: ConvolutionAlgorithm {
  associatedtype Forward: WinogradScheme
}

enum Winograd4x3BySixes: WinogradBySixes {
  typealias Forward = Winograd4x3
}

enum Winograd3x3BySixes: WinogradBySixes {
  typealias Forward = Winograd3x3
}

extension WinogradBySixes {
  private typealias Back = Winograd6x3

  /// The tiles forward and back.
  static var name: String { "F(\(Forward.outputs)x\(Forward.outputs)|6x6,3x3)" }

  static func scratch(_ geometry: WindowGeometry, together shards: Shards) -> Int {
    max(Forward.scratch(geometry, together: shards), Back.scratch(geometry, together: shards))
  }

  static func forward(
    _ geometry: WindowGeometry, batch: Int, x: Source, weight: Source, bias: Source?, activation: Activation,
    into y: Target, scratch: Target
  ) {
    Forward.forward(
      geometry, batch: batch, x: x, weight: weight, bias: bias, activation: activation, into: y,
      scratch: scratch)
  }

  static func inputGradient(
    _ geometry: WindowGeometry, batch: Int, dy: Source, weight: Source, into dx: Target, adding: Bool,
    gate: Source?, scratch: Target
  ) {
    Back.inputGradient(
      geometry, batch: batch, dy: dy, weight: weight, into: dx, adding: adding, gate: gate, scratch: scratch)
  }

  static func shardsTogether(_ geometry: WindowGeometry, _ shards: Shards) -> Int {
    Back.shardsTogether(geometry, shards)
  }

  static func parameterGradients(
    _ geometry: WindowGeometry, together shards: Shards, x: Source, dy: Source, weight dw: Target,
    bias db: Target?, scratch: Target
  ) {
    Back.parameterGradients(
      geometry, together: shards, x: x, dy: dy, weight: dw, bias: db, scratch: scratch)
  }
}

extension Winograd6x3 {
  /// Channels from which products take most of the time, rather than transforms; measured.
  private static var many: Int { 128 }

  /// Whether backward has fewer products than by forward's tiles, one gradient over the input's map and one over the output's: of few
  /// channels, an eighth fewer.
  static func pays(_ geometry: WindowGeometry, beside others: (Shape) -> Int) -> Bool {
    let (input, output) = (geometry.input, geometry.output)
    guard min(output.height, output.width) >= outputs else { return false }
    let (own, other) = (products(input) + products(output), others(input) + others(output))
    return min(input.channels, output.channels) < many ? 8 * own <= 7 * other : own < other
  }
}

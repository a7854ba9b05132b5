import Kernels

/// Minimal filtering of maps that are one tile, with the zeros around them left out of the algorithm: without the terms of those zeros,
/// fewer products are enough.
protocol PaddedWinograd: WinogradScheme {}

extension PaddedWinograd {
  static var border: Int { kernel / 2 }

  static var name: String { "F(\(outputs)x\(outputs),\(kernel)x\(kernel)) padded" }

  /// Whether it is for a convolution.
  static func fits(_ geometry: WindowGeometry) -> Bool {
    geometry.kernel == kernel && geometry.stride == stride && geometry.padding == border
      && geometry.output.height == outputs && geometry.output.width == outputs
  }
}

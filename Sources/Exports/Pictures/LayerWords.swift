import Layers

/// What a picture says about a layer.
struct LayerWords {
  /// What it is: `5x5 Conv, 6`.
  let title: String
  /// How it differs from the plainest of its kind: `stride 2, pad 3`; often empty.
  let detail: String
  let family: Family

  /// What a layer does, which has a colour in pictures.
  enum Family: String, CaseIterable {
    case convolution, pooling, dense, change, plain
  }

  init(_ layer: any Layer) {
    switch layer {
    case let layer as Conv2D:
      title = "\(layer.kernel)×\(layer.kernel) Conv, \(layer.channels)"
      detail = Self.window(stride: layer.stride, usual: 1, padding: layer.padding)
      family = .convolution
    case let layer as PartialConv2D:
      title = "\(layer.kernel)×\(layer.kernel) Conv, \(layer.table.count)"
      detail = "partly connected"
      family = .convolution
    case let layer as MaxPool:
      title = "\(layer.kernel)×\(layer.kernel) MaxPool"
      detail = Self.window(stride: layer.stride, usual: nil, padding: layer.padding)
      family = .pooling
    case let layer as AveragePool:
      title = "\(layer.kernel)×\(layer.kernel) AvgPool"
      detail = Self.window(stride: layer.stride, usual: nil, padding: 0)
      family = .pooling
    case let layer as AdaptiveAveragePool:
      title = layer.size == 1 ? "Global AvgPool" : "\(layer.size)×\(layer.size) cells AvgPool"
      detail = ""
      family = .pooling
    case is Subsampling:
      title = "2×2 Subsampling"
      detail = "trained, Sigmoid"
      family = .pooling
    case let layer as Linear:
      title = "Linear, \(layer.outputs)"
      detail = ""
      family = .dense
    case let layer as RadialBasis:
      title = "Radial basis, \(layer.classes)"
      detail = "distances to codes"
      family = .dense
    case let layer as Dropout:
      title = "Dropout \(layer.probability)"
      detail = ""
      family = .change
    case is BatchNorm:
      title = "BatchNorm"
      detail = ""
      family = .change
    case is ReLU, is Sigmoid, is Tanh, is Softmax:
      title = layer.kind
      detail = ""
      family = .change
    default:
      title = layer.kind
      detail = ""
      family = .plain
    }
  }

  /// - Parameter usual: the stride that goes without saying; nil for none.
  private static func window(stride: Int, usual: Int?, padding: Int) -> String {
    let words = [stride == usual ? nil : "stride \(stride)", padding == 0 ? nil : "pad \(padding)"]
    return words.compactMap { $0 }.joined(separator: ", ")
  }
}

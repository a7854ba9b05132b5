import Kernels
import Tensors

/// A window over an image, with the name under which results are reported.
public struct WindowShape: Sendable, CustomStringConvertible {
  public let name: String
  public let geometry: WindowGeometry

  init(
    _ name: String, _ height: Int, _ width: Int, channels: Int, outputs: Int? = nil, kernel: Int,
    stride: Int = 1, padding: Int = 0
  ) {
    let input = Shape(height: height, width: width, channels: channels)
    guard
      let geometry = WindowGeometry(
        input: input, kernel: kernel, stride: stride, padding: padding, channels: outputs)
    else { preconditionFailure("\(name): the window fits nowhere") }
    self.name = name
    self.geometry = geometry
  }

  public var description: String { name }
}

/// A convolution with its function and its pooling, with the name under which results are reported.
public struct StageShape: Sendable, CustomStringConvertible {
  public let name: String
  public let stage: PooledConvolution

  init(
    _ name: String, _ height: Int, _ width: Int, outputs: Int, kernel: Int = 5, padding: Int = 0,
    _ function: PooledConvolution.Function, _ pooling: PooledConvolution.Pooling
  ) {
    let window = WindowShape(
      name, height, width, channels: 1, outputs: outputs, kernel: kernel, padding: padding)
    guard let stage = PooledConvolution(window.geometry, function, pooling) else {
      preconditionFailure("\(name): this is not done as one")
    }
    self.name = name
    self.stage = stage
  }

  public var description: String { "\(name), \(stage.function), \(stage.pooling)" }
}

/// A linear layer's size.
public struct LinearShape: Sendable, CustomStringConvertible {
  public let inputs: Int
  public let outputs: Int

  public var description: String { "\(inputs) to \(outputs)" }
}

/// The shapes that every fast kernel is tested on, and that a benchmark can share.
public enum KernelShapes {
  public static let batches = [0, 1, 3]

  /// Lengths of flat buffers: around the vector width, and one long enough for every unrolled loop.
  public static let counts = [0, 1, 2, 3, 4, 7, 8, 15, 16, 17, 31, 32, 33, 63, 64, 65, 100, 1000, 4097]

  public static let convolutions: [WindowShape] = [
    // Odd ends.
    WindowShape("1x1 image", 1, 1, channels: 1, outputs: 1, kernel: 1),
    WindowShape("1x1 image, padded 3x3", 1, 1, channels: 5, outputs: 3, kernel: 3, padding: 1),
    WindowShape("1x1 image under 7x7", 1, 1, channels: 2, outputs: 17, kernel: 7, padding: 3),
    WindowShape("one row", 1, 19, channels: 3, outputs: 4, kernel: 1),
    WindowShape("one column", 19, 1, channels: 3, outputs: 4, kernel: 3, padding: 1),
    WindowShape("stride above the kernel", 11, 13, channels: 3, outputs: 5, kernel: 2, stride: 3),
    WindowShape(
      "stride above the kernel, padded", 10, 9, channels: 4, outputs: 6, kernel: 1, stride: 4, padding: 2),
    WindowShape("stride that leaves a border", 10, 10, channels: 2, outputs: 3, kernel: 3, stride: 4),
    WindowShape("padding of the kernel", 4, 5, channels: 3, outputs: 7, kernel: 2, padding: 2),
    WindowShape("padding above half the kernel", 6, 6, channels: 2, outputs: 9, kernel: 3, padding: 2),
    WindowShape("window as large as the image", 5, 5, channels: 7, outputs: 11, kernel: 5),
    WindowShape("even kernel", 9, 8, channels: 3, outputs: 5, kernel: 4, stride: 2, padding: 1),
    // Channels around the widths of vectors and panels.
    WindowShape("15 to 15", 7, 6, channels: 15, outputs: 15, kernel: 3, padding: 1),
    WindowShape("16 to 16", 7, 6, channels: 16, outputs: 16, kernel: 3, padding: 1),
    WindowShape("17 to 17", 7, 6, channels: 17, outputs: 17, kernel: 3, padding: 1),
    WindowShape("31 to 33", 5, 5, channels: 31, outputs: 33, kernel: 3, padding: 1),
    WindowShape("33 to 48", 5, 7, channels: 33, outputs: 48, kernel: 3, stride: 2, padding: 1),
    WindowShape("64 to 65", 4, 4, channels: 64, outputs: 65, kernel: 1),
    WindowShape("1 to 100", 6, 6, channels: 1, outputs: 100, kernel: 3, padding: 1),
    WindowShape("1x1, stride 2", 9, 9, channels: 20, outputs: 24, kernel: 1, stride: 2),
    WindowShape("pointwise, many parts", 24, 25, channels: 130, outputs: 40, kernel: 1),
    WindowShape("pointwise, many columns", 3, 3, channels: 520, outputs: 300, kernel: 1),
    WindowShape("pointwise, a page from pixel to pixel", 5, 3, channels: 1024, outputs: 40, kernel: 1),
    WindowShape("pointwise, parts of a shard", 31, 32, channels: 17, outputs: 35, kernel: 1),
    WindowShape("pointwise, shards in pairs", 20, 20, channels: 17, outputs: 16, kernel: 1),
    // With the other channels that a test of slices puts beside them.
    WindowShape(
      "pointwise, a slice a page from pixel to pixel", 3, 3, channels: 17, outputs: 1019, kernel: 1),
    // Strips: rows of one image, and whole images together.
    WindowShape("many strips", 41, 37, channels: 3, outputs: 18, kernel: 5, padding: 2),
    WindowShape("a row longer than a strip", 5, 300, channels: 2, outputs: 3, kernel: 3, padding: 1),
    WindowShape("many strips, stride 2", 67, 61, channels: 2, outputs: 5, kernel: 3, stride: 2, padding: 1),
    WindowShape(
      "many strips, stride above the kernel", 120, 70, channels: 2, outputs: 5, kernel: 2, stride: 3),
    WindowShape("many strips, 1x1", 40, 40, channels: 6, outputs: 5, kernel: 1),
    // Tiles: several parts of a batch, borders of every width, rows and columns left over.
    WindowShape(
      "3x3 tiles by sixes, whole batches", 60, 57, channels: 16, outputs: 16, kernel: 3, padding: 1),
    WindowShape("3x3 tiles, half a vector", 14, 13, channels: 8, outputs: 16, kernel: 3, padding: 1),
    WindowShape("3x3 tiles, half a vector, strips", 3, 2, channels: 9, outputs: 300, kernel: 3, padding: 1),
    WindowShape(
      "3x3 tiles by sixes, half a vector", 60, 57, channels: 15, outputs: 17, kernel: 3, padding: 1),
    WindowShape("3x3 tiles, no padding", 9, 10, channels: 20, outputs: 40, kernel: 3),
    WindowShape("3x3 tiles, padding 2", 6, 5, channels: 16, outputs: 49, kernel: 3, padding: 2),
    WindowShape("3x3 tiles by sixes", 12, 11, channels: 17, outputs: 33, kernel: 3, padding: 1),
    WindowShape("3x3 tiles by sixes, no padding", 12, 11, channels: 16, outputs: 18, kernel: 3),
    WindowShape("3x3 tiles by sixes, padding 2", 10, 9, channels: 19, outputs: 16, kernel: 3, padding: 2),
    WindowShape("3x3 tiles by sixes, strips", 6, 6, channels: 50, outputs: 66, kernel: 3, padding: 1),
    WindowShape("3x3 tiles, many parts", 56, 52, channels: 16, outputs: 16, kernel: 3, padding: 1),
    // One product in nine fewer pays with so many channels alone.
    WindowShape(
      "3x3 tiles by sixes, many channels", 7, 6, channels: 128, outputs: 130, kernel: 3, padding: 1),
    WindowShape(
      "3x3 tiles, channels too few for sixes", 7, 6, channels: 127, outputs: 16, kernel: 3, padding: 1),
    WindowShape("3x3 tiles by threes", 6, 5, channels: 16, outputs: 17, kernel: 3, padding: 1),
    WindowShape("3x3 tiles by threes, padding 2", 3, 4, channels: 19, outputs: 16, kernel: 3, padding: 2),
    WindowShape("3x3 tiles by threes, strips", 5, 5, channels: 130, outputs: 84, kernel: 3, padding: 1),
    WindowShape("3x3 tiles by twos, no padding", 4, 4, channels: 17, outputs: 33, kernel: 3),
    // Tiles that are whole maps.
    WindowShape("3x3 on a map of 3x3", 3, 3, channels: 17, outputs: 33, kernel: 3, padding: 1),
    WindowShape("3x3 on a map of 3x3, strips", 3, 3, channels: 130, outputs: 84, kernel: 3, padding: 1),
    WindowShape("3x3 on a map of 2x2", 2, 2, channels: 17, outputs: 33, kernel: 3, padding: 1),
    WindowShape("3x3 on a map of 2x2, strips", 2, 2, channels: 130, outputs: 84, kernel: 3, padding: 1),
    WindowShape("5x5 on a map of 3x3", 3, 3, channels: 17, outputs: 33, kernel: 5, padding: 2),
    WindowShape("5x5 on a map of 3x3, strips", 3, 3, channels: 130, outputs: 84, kernel: 5, padding: 2),
    WindowShape("3x3 tiles, strips", 4, 4, channels: 84, outputs: 130, kernel: 3, padding: 1),
    WindowShape("5x5 tiles, strips", 4, 4, channels: 60, outputs: 70, kernel: 5, padding: 2),
    WindowShape("3x3 tiles, one row", 1, 19, channels: 18, outputs: 16, kernel: 3, padding: 1),
    WindowShape("3x3 tiles, 2x1", 2, 1, channels: 35, outputs: 30, kernel: 3, padding: 1),
    WindowShape("5x5 tiles, many parts", 45, 43, channels: 16, outputs: 24, kernel: 5, padding: 2),
    WindowShape("5x5 tiles by twos", 2, 2, channels: 17, outputs: 33, kernel: 5, padding: 2),
    WindowShape("5x5 tiles by twos, one row", 1, 13, channels: 18, outputs: 16, kernel: 5, padding: 2),
    WindowShape("5x5 tiles, one row", 1, 16, channels: 18, outputs: 16, kernel: 5, padding: 2),
    WindowShape("5x5, stride 2", 9, 9, channels: 16, outputs: 16, kernel: 5, stride: 2, padding: 2),
    WindowShape("5x5 tiles, no padding", 9, 8, channels: 17, outputs: 33, kernel: 5),
    WindowShape("5x5 tiles, padding 4", 4, 3, channels: 16, outputs: 16, kernel: 5, padding: 4),
    WindowShape(
      "3x3 tiles with stride 2", 11, 12, channels: 16, outputs: 17, kernel: 3, stride: 2, padding: 1),
    WindowShape(
      "3x3 tiles with stride 2, many parts", 61, 57, channels: 16, outputs: 16, kernel: 3, stride: 2,
      padding: 1),
    WindowShape("3x3, stride 2, no padding", 13, 13, channels: 16, outputs: 16, kernel: 3, stride: 2),
    WindowShape(
      "3x3, stride 2, padding 2", 13, 13, channels: 16, outputs: 16, kernel: 3, stride: 2, padding: 2),
    WindowShape(
      "3x3 tiles with stride 2, shards in strips", 5, 5, channels: 80, outputs: 130, kernel: 3, stride: 2,
      padding: 1),
    WindowShape(
      "3x3 tiles with stride 2, strips", 6, 5, channels: 130, outputs: 84, kernel: 3, stride: 2, padding: 1),
    WindowShape(
      "3x3 tiles with stride 2, few inputs", 24, 23, channels: 19, outputs: 70, kernel: 3, stride: 2,
      padding: 1),
    // Layers of the networks, some at reduced size.
    WindowShape("lenet 1", 28, 28, channels: 1, outputs: 6, kernel: 5, padding: 2),
    WindowShape("lenet 2", 14, 14, channels: 6, outputs: 16, kernel: 5),
    WindowShape("alexnet 1", 63, 63, channels: 1, outputs: 96, kernel: 11, stride: 4),
    WindowShape("alexnet 1, 3 channels", 47, 47, channels: 3, outputs: 64, kernel: 11, stride: 4, padding: 2),
    WindowShape("alexnet 2", 12, 12, channels: 24, outputs: 64, kernel: 5, padding: 2),
    WindowShape("vgg 1", 32, 32, channels: 1, outputs: 64, kernel: 3, padding: 1),
    WindowShape("vgg 2", 28, 28, channels: 16, outputs: 32, kernel: 3, padding: 1),
    WindowShape("vgg, last", 2, 2, channels: 64, outputs: 64, kernel: 3, padding: 1),
    WindowShape("resnet stem", 40, 40, channels: 1, outputs: 16, kernel: 7, stride: 2, padding: 3),
  ]

  public static let poolings: [WindowShape] = [
    WindowShape("1x1 image", 1, 1, channels: 1, kernel: 1),
    WindowShape("whole image", 6, 6, channels: 10, kernel: 6),
    WindowShape("2x2, 1 channel", 8, 8, channels: 1, kernel: 2, stride: 2),
    WindowShape("2x2, border left over", 7, 9, channels: 5, kernel: 2, stride: 2),
    WindowShape("3x3 overlapping", 13, 13, channels: 17, kernel: 3, stride: 2),
    WindowShape("3x3 overlapping, padded", 12, 11, channels: 33, kernel: 3, stride: 2, padding: 1),
    WindowShape("3x3, stride 1, padded", 5, 6, channels: 16, kernel: 3, padding: 1),
    WindowShape("stride above the kernel", 11, 10, channels: 7, kernel: 2, stride: 3),
    WindowShape("windows in the padding alone", 3, 3, channels: 4, kernel: 2, stride: 2, padding: 2),
    WindowShape("15 channels", 4, 6, channels: 15, kernel: 2, stride: 2),
    WindowShape("lenet 1", 28, 28, channels: 6, kernel: 2, stride: 2),
    WindowShape("lenet 2", 10, 10, channels: 16, kernel: 2, stride: 2),
    WindowShape("vgg", 14, 14, channels: 64, kernel: 2, stride: 2),
    WindowShape("16x16 window, the largest", 16, 16, channels: 3, kernel: 16),
  ]

  public static let stages: [StageShape] = [
    StageShape("one window", 6, 6, outputs: 1, .identity, .average),
    StageShape("one window, padded", 2, 3, outputs: 3, kernel: 3, padding: 1, .relu, .maximum),
    StageShape("padding of all but a tap", 1, 2, outputs: 2, padding: 4, .identity, .maximum),
    StageShape("last row and column dropped", 15, 12, outputs: 7, padding: 1, .tanh, .average),
    StageShape("last row and column dropped", 13, 16, outputs: 8, kernel: 3, .sigmoid, .maximum),
    StageShape("rows longer than their vectors", 9, 36, outputs: 9, padding: 2, .relu, .average),
    StageShape("rows shorter than their vectors", 11, 37, outputs: 15, padding: 2, .identity, .maximum),
    StageShape("odd width, full vectors", 8, 37, outputs: 6, .tanh, .maximum),
    StageShape("16 outputs", 20, 18, outputs: 16, kernel: 3, padding: 2, .sigmoid, .average),
    StageShape("13 outputs", 10, 70, outputs: 13, padding: 3, .identity, .average),
    StageShape("lenet", 28, 28, outputs: 6, padding: 2, .sigmoid, .average),
    StageShape("lenet-max", 28, 28, outputs: 6, .sigmoid, .maximum),
    StageShape("lenet5", 32, 32, outputs: 6, .tanh, .average),
    StageShape("lenet with ReLU at 64x64", 64, 64, outputs: 6, padding: 2, .relu, .maximum),
    // Bands, of which the last is shorter, and one that ends among what the one before it left.
    StageShape("bands, 64 outputs", 44, 50, outputs: 64, kernel: 3, padding: 1, .relu, .maximum),
    StageShape("bands, mean", 31, 40, outputs: 63, padding: 2, .sigmoid, .average),
    StageShape("bands of vgg11-small", 40, 224, outputs: 8, kernel: 3, padding: 1, .relu, .maximum),
  ]

  public static let linears: [LinearShape] = [
    LinearShape(inputs: 1, outputs: 1), LinearShape(inputs: 3, outputs: 2),
    LinearShape(inputs: 7, outputs: 17), LinearShape(inputs: 16, outputs: 16),
    LinearShape(inputs: 33, outputs: 15), LinearShape(inputs: 84, outputs: 10),
    LinearShape(inputs: 400, outputs: 120), LinearShape(inputs: 129, outputs: 257),
    LinearShape(inputs: 523, outputs: 517),
  ]

  /// Batches of linear layers: around the rows of a tile and the samples of a group.
  public static let linearBatches = [0, 1, 3, 12, 17, 40]
}

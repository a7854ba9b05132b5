import Layers
import Tensors

/// Networks drawn by chance from every kind of block, so that plans meet more than what somebody thought of.
enum RandomModel {
  static let image = Shape(height: 8, width: 6, channels: 3)
  static let classes = 3

  /// - Parameter smooth: without maxima and kinks, which finite steps would cross.
  static func make(seed: Int, smooth: Bool = false) -> Sequential {
    var draw = Draw(random: RandomStream(seed: UInt64(seed), .synthetic))
    return Sequential {
      for _ in 0..<2 + draw.below(4) { block(&draw, smooth) }
      if draw.below(4) == 0 { open(&draw, smooth) } else { closed(&draw, smooth) }
    }
  }

  private static func closed(_ draw: inout Draw, _ smooth: Bool) -> [any Layer] {
    var layers: [any Layer] = [AdaptiveAveragePool(1 + draw.below(2)), Flatten(), Linear(5)]
    if !smooth { layers.append(ReLU()) }
    layers.append(Dropout(0.25))
    if draw.below(2) == 0 { layers.append(Tanh()) }
    layers.append(Linear(classes))
    return draw.below(4) == 0 ? layers + [Softmax()] : layers
  }

  /// Ends in a block of several writers, whose image is the logits.
  private static func open(_ draw: inout Draw, _ smooth: Bool) -> [any Layer] {
    let last: any Layer =
      smooth || draw.below(2) == 0
      ? Concat("Inception", [[Conv2D(1, kernel: 1)], [Conv2D(2, kernel: 1), Tanh()]])
      : DenseBlock(convolutions: 2, growth: 2)
    return [AdaptiveAveragePool(2), last, Flatten()]
  }

  private static func block(_ draw: inout Draw, _ smooth: Bool) -> [any Layer] {
    let activation: any Layer = smooth ? Sigmoid() : ReLU()
    let width = 2 + draw.below(4)
    switch draw.below(10) {
    case 0: return [Conv2D(width, kernel: 3, padding: 1), activation, Dropout(0.25)]
    case 1: return [Conv2D(width, kernel: 1), BatchNorm(), activation]
    case 2: return [Conv2D(width, kernel: 3, padding: 1), Tanh(), Dropout(0.25), Sigmoid(), BatchNorm()]
    case 3: return smooth ? [AdaptiveAveragePool(4)] : [DenseBlock(convolutions: 2, growth: width)]
    case 4:
      return [Conv2D(width, kernel: 1), residual(width, stride: 1, projects: false, activation)]
        + (draw.below(2) == 0 ? [activation] : [])
    case 5: return [residual(width, stride: 1 + draw.below(2), projects: true, activation)]
    case 6: return [Concat("Inception", [[], [Conv2D(width, kernel: 1), activation]]), BatchNorm()]
    case 7: return smooth ? [Conv2D(width, kernel: 1)] : [MaxPool(3, stride: 1, padding: 1), Subsampling()]
    default: return [inception(&draw, smooth, activation, depth: 0)]
    }
  }

  private static func residual(
    _ width: Int, stride: Int, projects: Bool, _ activation: any Layer
  ) -> Residual {
    Residual {
      Conv2D(width, kernel: 3, stride: stride, padding: 1)
      BatchNorm()
      activation
      Conv2D(width, kernel: 3, padding: 1)
      if projects { BatchNorm() }
    } shortcut: {
      if projects { Conv2D(width, kernel: 1, stride: stride) }
    } after: {
      activation
    }
  }

  private static func inception(
    _ draw: inout Draw, _ smooth: Bool, _ activation: any Layer, depth: Int
  ) -> Concat {
    var branches: [[any Layer]] = [
      [Conv2D(1 + draw.below(3), kernel: 1), activation],
      [Conv2D(2, kernel: 1), activation, Conv2D(1 + draw.below(3), kernel: 3, padding: 1), activation],
    ]
    if !smooth { branches.append([MaxPool(3, stride: 1, padding: 1)]) }
    if draw.below(3) == 0 { branches.append([Conv2D(2, kernel: 1), BatchNorm(), activation]) }
    if depth == 0, draw.below(2) == 0 {
      branches.append([inception(&draw, smooth, activation, depth: 1)])
    }
    if !smooth, draw.below(3) == 0 { branches.append([DenseBlock(convolutions: 1, growth: 2)]) }
    return Concat("Inception", branches)
  }

  private struct Draw {
    let random: RandomStream
    var count = 0

    mutating func below(_ bound: Int) -> Int {
      count += 1
      return random.integer(count, below: bound)
    }
  }
}

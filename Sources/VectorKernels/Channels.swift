import Kernels

/// Rows that are summed in registers before they are added to what came before: so short that two looks at them stay in
/// the second-level cache, and long enough that the sums in memory are seldom touched.
private let block = 64

extension VectorKernelSet {
  /// Block by block: mean and sum of squared differences of a block, joined to those of the blocks before it (Chan, Golub
  /// and LeVeque, 1983), so that memory is read once and no large squares cancel.
  public static func channelMoments(
    _ x: Floats, _ rows: ChannelRows, mean: MutableFloats, variance: MutableFloats
  ) {
    clear(mean, count: rows.channels)
    clear(variance, count: rows.channels)
    var before = 0
    while before < rows.count {
      let count = min(block, rows.count - before)
      let x = x + before * rows.stride
      let share = Float(count) / Float(before + count)
      let weight = Float(before) * share
      forEachVector(rows.channels) { channel, left in
        let sum = Columns.sum(rows: count) { load(x + $0 * rows.stride + channel, left: left) }
        let centre = sum * Vector(repeating: 1 / Float(count))
        let squares = Columns.sum(rows: count) {
          let difference = load(x + $0 * rows.stride + channel, left: left) - centre
          return difference * difference
        }
        let old = load(mean + channel, left: left)
        let gap = centre - old
        store(old.addingProduct(gap, Vector(repeating: share)), mean + channel, left: left)
        let joined = (load(variance + channel, left: left) + squares)
          .addingProduct(gap * gap, Vector(repeating: weight))
        store(joined, variance + channel, left: left)
      }
      before += count
    }
    let inverse = Vector(repeating: 1 / Float(max(rows.count, 1)))
    map(variance, into: variance, rows.channels) { $0 * inverse }
  }

  public static func scaleAndShift(
    _ x: Floats, _ rows: ChannelRows, scale: Floats, shift: Floats, activation: Activation,
    into y: MutableFloats
  ) {
    let floor = Vector(repeating: activation == .relu ? 0 : -.infinity)
    for row in 0..<rows.count {
      let (x, y) = (x + row * rows.stride, y + row * rows.channels)
      forEachVector(rows.channels) { channel, left in
        let value = scaled(load(x + channel, left: left), scale, shift, channel, left)
        store(value.replacing(with: floor, where: value .< floor), y + channel, left: left)
      }
    }
  }

  public static func scaleAndShiftSums(
    _ dy: Floats, x: Floats, _ rows: ChannelRows, scale: Floats, shift: Floats, activation: Activation,
    centre: Floats, sums: MutableFloats, products: MutableFloats
  ) {
    clear(sums, count: rows.channels)
    clear(products, count: rows.channels)
    var first = 0
    while first < rows.count {
      let last = min(first + block, rows.count)
      forEachVector(rows.channels) { channel, left in
        let (a, b) = (load(scale + channel, left: left), load(shift + channel, left: left))
        let middle = load(centre + channel, left: left)
        var sum = Vector()
        var product = Vector()
        for row in first..<last {
          let value = load(x + row * rows.stride + channel, left: left)
          var gradient = load(dy + row * rows.channels + channel, left: left)
          if activation == .relu {
            gradient = Vector().replacing(with: gradient, where: b.addingProduct(value, a) .> Vector())
          }
          sum += gradient
          product.addProduct(gradient, value - middle)
        }
        store(load(sums + channel, left: left) + sum, sums + channel, left: left)
        store(load(products + channel, left: left) + product, products + channel, left: left)
      }
      first = last
    }
  }

  public static func scaleAndShiftGradient(
    _ dy: Floats, x: Floats, _ rows: ChannelRows, scale: Floats, shift: Floats, activation: Activation,
    a: Floats, b: Floats, c: Floats, into dx: MutableFloats, adding: Bool
  ) {
    for row in 0..<rows.count {
      let (x, dx) = (x + row * rows.stride, dx + row * rows.stride)
      let dy = dy + row * rows.channels
      forEachVector(rows.channels) { channel, left in
        let value = load(x + channel, left: left)
        var gradient = load(dy + channel, left: left)
        if activation == .relu {
          let passes = scaled(value, scale, shift, channel, left) .> Vector()
          gradient = Vector().replacing(with: gradient, where: passes)
        }
        var sum = load(c + channel, left: left).addingProduct(load(b + channel, left: left), value)
        sum.addProduct(load(a + channel, left: left), gradient)
        store(adding ? sum + load(dx + channel, left: left) : sum, dx + channel, left: left)
      }
    }
  }

  public static func copyRows(
    _ x: Floats, _ rows: ChannelRows, into y: MutableFloats, stride: Int, adding: Bool
  ) {
    for row in 0..<rows.count {
      let (x, y) = (x + row * rows.stride, y + row * stride)
      if adding {
        accumulate(x, into: y, count: rows.channels)
      } else {
        copy(x, to: y, count: rows.channels)
      }
    }
  }

  public static func addAndActivate(_ x: Floats, into y: MutableFloats, count: Int, activation: Activation) {
    let floor = Vector(repeating: activation == .relu ? 0 : -.infinity)
    map(x, y, into: y, count) { x, y in
      let sum = x + y
      return sum.replacing(with: floor, where: sum .< floor)
    }
  }

  /// x scale + shift, rounded once: both passes must agree on its sign.
  @inline(__always)
  private static func scaled(
    _ x: Vector, _ scale: Floats, _ shift: Floats, _ channel: Int, _ left: Int
  ) -> Vector {
    load(shift + channel, left: left).addingProduct(x, load(scale + channel, left: left))
  }
}

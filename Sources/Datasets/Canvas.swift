/// A grey picture that polygons are filled into, with smooth edges.
///
/// Uses only IEEE sums, products, quotients and roots, so a drawing is the same to the bit on every machine.
struct Canvas {
  /// What a shape is filled with.
  struct Paint {
    enum Texture: Int, CaseIterable {
      case plain, rows, columns, checks, fold
    }

    /// 0 to 255.
    var shade: Float
    var texture = Texture.plain
    /// Pixels of half a period.
    var period: Float = 2
    /// How much darker the dark parts are, 0 to 1.
    var contrast: Float = 0

    /// The shade at a pixel.
    func shade(_ x: Int, _ y: Int) -> Float {
      let isDark: Bool
      switch texture {
      case .plain: return shade
      case .fold: return shade * (1 - contrast * Float(x) / Float(Canvas.side))
      case .rows: isDark = Int(Float(y) / period) & 1 == 1
      case .columns: isDark = Int(Float(x) / period) & 1 == 1
      case .checks: isDark = (Int(Float(x) / period) + Int(Float(y) / period)) & 1 == 1
      }
      return isDark ? shade * (1 - contrast) : shade
    }
  }

  /// Where unit coordinates, -1 to 1 from the picture's centre, come to lie.
  struct Placement {
    var scale = SIMD2<Float>(1, 1)
    var offset = SIMD2<Float>(0, 0)
    var shear: Float = 0

    func pixel(_ point: SIMD2<Float>) -> SIMD2<Float> {
      let slanted = SIMD2(point.x + shear * point.y, point.y)
      return slanted * scale * (0.5 * Float(Canvas.side)) + offset + 0.5 * Float(Canvas.side)
    }
  }

  static let side = 28
  private(set) var pixels = [Float](repeating: 0, count: side * side)
  private var placement = Placement()
  private var coverage = [Float](repeating: 0, count: side)
  private var corners: [SIMD2<Float>] = []
  private var crossings: [Float] = []

  /// An empty picture.
  mutating func clear(_ placement: Placement) {
    self.placement = placement
    for index in pixels.indices { pixels[index] = 0 }
  }

  /// Fills a polygon (even-odd rule), two samples a pixel downwards and exact across.
  mutating func fill(_ polygon: [SIMD2<Float>], _ paint: Paint) {
    corners.removeAll(keepingCapacity: true)
    for point in polygon { corners.append(placement.pixel(point)) }
    var (top, bottom) = (Float(Self.side), Float(0))
    for corner in corners { (top, bottom) = (min(top, corner.y), max(bottom, corner.y)) }
    let first = max(0, Int(top.rounded(.down)))
    let last = min(Self.side - 1, Int(bottom.rounded(.down)))
    if first > last { return }
    for y in first...last {
      for x in coverage.indices { coverage[x] = 0 }
      cover(Float(y) + 0.25)
      cover(Float(y) + 0.75)
      for x in coverage.indices where coverage[x] > 0 {
        let index = y * Self.side + x
        let share = min(coverage[x], 1)
        pixels[index] += share * (paint.shade(x, y) - pixels[index])
      }
    }
  }

  /// Fills both a polygon and its mirror image.
  mutating func fillTwice(_ polygon: [SIMD2<Float>], _ paint: Paint) {
    fill(polygon, paint)
    fill(polygon.map { SIMD2(-$0.x, $0.y) }, paint)
  }

  /// Fills a line of some width.
  mutating func stroke(_ from: SIMD2<Float>, _ to: SIMD2<Float>, width: Float, _ paint: Paint) {
    let along = to - from
    let length = (along * along).sum().squareRoot()
    if length == 0 { return }
    let across = SIMD2(-along.y, along.x) * (width / (2 * length))
    fill([from + across, to + across, to - across, from - across], paint)
  }

  /// Adds half of what the corners' polygon covers of each pixel on the line at `y`.
  private mutating func cover(_ y: Float) {
    crossings.removeAll(keepingCapacity: true)
    var previous = corners[corners.count - 1]
    for corner in corners {
      if (previous.y <= y) != (corner.y <= y) {
        crossings.append(previous.x + (y - previous.y) / (corner.y - previous.y) * (corner.x - previous.x))
      }
      previous = corner
    }
    crossings.sort()
    for pair in stride(from: 0, to: crossings.count - 1, by: 2) {
      let begin = max(crossings[pair], 0)
      let end = min(crossings[pair + 1], Float(Self.side))
      if begin >= end { continue }
      for x in Int(begin)...min(Int(end), Self.side - 1) {
        coverage[x] += 0.5 * max(0, min(end, Float(x + 1)) - max(begin, Float(x)))
      }
    }
  }
}

/// A grey picture that polygons are filled into, with smooth edges.
///
/// Uses only IEEE sums, products, quotients and roots, so a drawing is the same to the bit on every machine.
final class Canvas {
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
  /// The most corners of a polygon.
  private static let mostCorners = 16
  /// `side` x `side` shades, row by row.
  let pixels = UnsafeMutablePointer<Float>.allocate(capacity: side * side)
  private var placement = Placement()
  private let coverage = UnsafeMutablePointer<Float>.allocate(capacity: side)
  private let corners = UnsafeMutablePointer<SIMD2<Float>>.allocate(capacity: mostCorners)
  private let crossings = UnsafeMutablePointer<Float>.allocate(capacity: mostCorners)

  init() {
    clear(Placement())
    coverage.initialize(repeating: 0, count: Self.side)
  }

  deinit {
    pixels.deallocate()
    coverage.deallocate()
    corners.deallocate()
    crossings.deallocate()
  }

  /// An empty picture.
  func clear(_ placement: Placement) {
    self.placement = placement
    pixels.initialize(repeating: 0, count: Self.side * Self.side)
  }

  /// Fills a polygon (even-odd rule), two samples a pixel downwards and exact across.
  func fill(_ polygon: [SIMD2<Float>], _ paint: Paint) {
    precondition(polygon.count <= Self.mostCorners, "a polygon has few corners")
    var (top, bottom) = (Float(Self.side), Float(0))
    for (index, point) in polygon.enumerated() {
      let corner = placement.pixel(point)
      corners[index] = corner
      (top, bottom) = (min(top, corner.y), max(bottom, corner.y))
    }
    let first = max(0, Int(top.rounded(.down)))
    let last = min(Self.side - 1, Int(bottom.rounded(.down)))
    if first > last { return }
    for y in first...last {
      var touched = cover(polygon.count, Float(y) + 0.25, 0..<0)
      touched = cover(polygon.count, Float(y) + 0.75, touched)
      for x in touched {
        let share = min(coverage[x], 1)
        coverage[x] = 0
        if share == 0 { continue }
        let index = y * Self.side + x
        pixels[index] += share * (paint.shade(x, y) - pixels[index])
      }
    }
  }

  /// Fills both a polygon and its mirror image.
  func fillTwice(_ polygon: [SIMD2<Float>], _ paint: Paint) {
    fill(polygon, paint)
    fill(polygon.map { SIMD2(-$0.x, $0.y) }, paint)
  }

  /// Fills a line of some width.
  func stroke(_ from: SIMD2<Float>, _ to: SIMD2<Float>, width: Float, _ paint: Paint) {
    let along = to - from
    let length = (along * along).sum().squareRoot()
    if length == 0 { return }
    let across = SIMD2(-along.y, along.x) * (width / (2 * length))
    fill([from + across, to + across, to - across, from - across], paint)
  }

  /// Adds half of what the corners' polygon covers of each pixel on the line at `y`, and returns `touched` with the
  /// columns it reaches.
  private func cover(_ count: Int, _ y: Float, _ touched: Range<Int>) -> Range<Int> {
    var touched = touched
    var crossed = 0
    var previous = corners[count - 1]
    for index in 0..<count {
      let corner = corners[index]
      if (previous.y <= y) != (corner.y <= y) {
        let x = previous.x + (y - previous.y) / (corner.y - previous.y) * (corner.x - previous.x)
        // Kept in order: there are two nearly always.
        var place = crossed
        while place > 0 && crossings[place - 1] > x {
          crossings[place] = crossings[place - 1]
          place -= 1
        }
        crossings[place] = x
        crossed += 1
      }
      previous = corner
    }
    for pair in stride(from: 0, to: crossed - 1, by: 2) {
      let begin = max(crossings[pair], 0)
      let end = min(crossings[pair + 1], Float(Self.side))
      if begin >= end { continue }
      let columns = Int(begin)..<min(Int(end), Self.side - 1) + 1
      for x in columns {
        coverage[x] += 0.5 * max(0, min(end, Float(x + 1)) - max(begin, Float(x)))
      }
      touched =
        touched.isEmpty
        ? columns
        : min(touched.lowerBound, columns.lowerBound)..<max(touched.upperBound, columns.upperBound)
    }
    return touched
  }
}

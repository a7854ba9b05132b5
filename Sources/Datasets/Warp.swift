import Tensors

#if canImport(Glibc)
  import Glibc
#else
  import Darwin
#endif

/// Mirrors, turns and moves a grey picture in one pass from bytes to floats.
///
/// The result at (x, y) is the turned, mirrored picture at (x + shift.x, y + shift.y), and 0 outside it. Turning reads
/// bilinearly with zeros outside, about the centre, as PyTorch's `F.affine_grid` and `F.grid_sample` without corner
/// alignment. It keeps a scratch picture, so each thread needs one of its own.
final class Warp {
  private let height: Int
  private let width: Int
  /// The decoded picture with a black border, one pixel above and left, two below and right: both taps of a position that
  /// is clamped to -1...height or -1...width lie inside.
  private let bordered: FloatBuffer
  private let pitch: Int

  init(_ shape: Shape) {
    height = shape.height
    width = shape.width
    pitch = width + 3
    bordered = FloatBuffer(count: (height + 3) * pitch)
  }

  func callAsFunction(
    _ pixels: UnsafePointer<UInt8>, _ draw: Augmentation.Draw, into output: UnsafeMutablePointer<Float>
  ) {
    // Where the crop lies inside the picture.
    let (dx, dy) = (draw.shift.x, draw.shift.y)
    let firstX = min(max(0, -dx), width)
    let inside = firstX..<max(firstX, min(width, width - dx))
    for y in 0..<height {
      scaleToUnit(pixels + y * width, count: width, into: bordered.base + (y + 1) * pitch + 1)
    }
    let radians = Double(draw.degrees) * (.pi / 180)
    let (cosine, sine) = (cos(radians), sin(radians))
    for y in 0..<height {
      let row = output + y * width
      guard y + dy >= 0 && y + dy < height else {
        row.update(repeating: 0, count: width)
        continue
      }
      row.update(repeating: 0, count: inside.lowerBound)
      (row + inside.upperBound).update(repeating: 0, count: width - inside.upperBound)
      if draw.degrees == 0 {
        copy(y + dy, draw.flips, dx, inside, into: row)
      } else {
        turn(y + dy, draw.flips, dx, cosine, sine, inside, into: row)
      }
    }
  }

  private func copy(
    _ line: Int, _ flips: Bool, _ dx: Int, _ inside: Range<Int>, into row: UnsafeMutablePointer<Float>
  ) {
    let source = bordered.base + (line + 1) * pitch + 1
    if flips {
      for x in inside { row[x] = source[width - 1 - x - dx] }
    } else {
      (row + inside.lowerBound).update(from: source + inside.lowerBound + dx, count: inside.count)
    }
  }

  /// Positions are fixed-point numbers with 32 binary places, so that a pixel costs integer sums and shifts: the error is
  /// below 2^-27 of a pixel.
  private func turn(
    _ line: Int, _ flips: Bool, _ dx: Int, _ cosine: Double, _ sine: Double, _ inside: Range<Int>,
    into row: UnsafeMutablePointer<Float>
  ) {
    // Coordinates of the bordered picture, whose pixel 0 is the border.
    let (middleX, middleY) = (Double(width - 1) / 2, Double(height - 1) / 2)
    let (right, down) = (Double(inside.lowerBound + dx) - middleX, Double(line) - middleY)
    let mirror: Double = flips ? -1 : 1
    var atX = Self.fixed(middleX + 1 + mirror * (cosine * right - sine * down))
    var atY = Self.fixed(middleY + 1 + sine * right + cosine * down)
    let (stepX, stepY) = (Self.fixed(mirror * cosine), Self.fixed(sine))
    let (lastX, lastY) = (Self.fixed(Double(width + 1)), Self.fixed(Double(height + 1)))
    for x in inside {
      let (nearX, nearY) = (min(max(atX, 0), lastX), min(max(atY, 0), lastY))
      let corner = bordered.base + ((nearY >> 32) * pitch + (nearX >> 32))
      let (shareX, shareY) = (Self.fraction(nearX), Self.fraction(nearY))
      let above = corner[0] + shareX * (corner[1] - corner[0])
      let below = corner[pitch] + shareX * (corner[pitch + 1] - corner[pitch])
      row[x] = above + shareY * (below - above)
      atX &+= stepX
      atY &+= stepY
    }
  }

  private static func fixed(_ number: Double) -> Int { Int((number * 0x1p32).rounded()) }

  /// The part behind the point, cut to the 24 bits of a float.
  private static func fraction(_ fixed: Int) -> Float {
    Float(Int32(truncatingIfNeeded: fixed >> 8 & 0xFF_FFFF)) * 0x1p-24
  }
}

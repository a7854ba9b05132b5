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
    let radians = draw.degrees * (.pi / 180)
    let (cosine, sine) = (cosf(radians), sinf(radians))
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

  private func turn(
    _ line: Int, _ flips: Bool, _ dx: Int, _ cosine: Float, _ sine: Float, _ inside: Range<Int>,
    into row: UnsafeMutablePointer<Float>
  ) {
    // Centres in the bordered picture's coordinates, whose pixel 0 is the border.
    let (middleX, middleY) = (Float(width - 1) / 2, Float(height - 1) / 2)
    let fromCentre = Float(line) - middleY
    let (startX, startY) = (middleX + 1 - sine * fromCentre, middleY + 1 + cosine * fromCentre)
    for x in inside {
      let offset = Float(x + dx) - middleX
      var atX = startX + cosine * offset
      if flips { atX = Float(width + 1) - atX }
      atX = min(max(atX, 0), Float(width + 1))
      let atY = min(max(startY + sine * offset, 0), Float(height + 1))
      let (left, top) = (Int32(atX), Int32(atY))
      let (right, lower) = (atX - Float(left), atY - Float(top))
      let corner = bordered.base + Int(top) * pitch + Int(left)
      let above = corner[0] + right * (corner[1] - corner[0])
      let below = corner[pitch] + right * (corner[pitch + 1] - corner[pitch])
      row[x] = above + lower * (below - above)
    }
  }
}

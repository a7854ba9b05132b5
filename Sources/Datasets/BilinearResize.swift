import Tensors

/// Turns grey bytes into floats in [0, 1] and resizes them bilinearly, the grey image once for each channel.
///
/// With half-pixel centres and no corner alignment: output x is read at s = max((x + 1/2) in / out - 1/2, 0), between
/// pixels floor(s) and floor(s) + 1. Equal to PyTorch's `F.interpolate(mode="bilinear", align_corners=False)` of
/// value / 255; there is no smoothing when it shrinks, as there is none in PyTorch unless asked for.
///
/// Rows are resized once each and then blended in pairs. It keeps scratch rows, so each thread needs one of its own.
public final class BilinearResize {
  public let source: Shape
  public let target: Shape

  /// Where one output element reads: two inputs and the share of the second.
  private struct Tap {
    var first: Int32
    var second: Int32
    var share: Float
  }

  /// A tap for each row of the target.
  private let rows: [Tap]
  /// A tap for each element of a target row, channels included.
  private let columns: [Tap]
  /// One source row as floats, and two source rows at the target's width.
  private let scratch: FloatBuffer

  /// - Parameters:
  ///   - source: the shape of the bytes, one channel.
  ///   - target: the shape of the floats, (H, W, C).
  public init(from source: Shape, to target: Shape) {
    precondition(source.channels == 1, "the source is grey")
    precondition(source.count > 0 && target.count > 0, "images have at least one pixel")
    self.source = source
    self.target = target
    rows = Self.taps(from: source.height, to: target.height)
    columns = Self.taps(from: source.width, to: target.width)
      .flatMap { Array(repeating: $0, count: target.channels) }
    let row = FloatBuffer.aligned(target.width * target.channels)
    scratch = FloatBuffer(count: FloatBuffer.aligned(source.width) + 2 * row)
  }

  private static func taps(from input: Int, to output: Int) -> [Tap] {
    // Single precision, step by step as PyTorch computes it, so that the shares are the same to the bit.
    let scale = Float(input) / Float(output)
    return (0..<output).map { index in
      let position = max((Float(index) + 0.5) * scale - 0.5, 0)
      let first = min(Int(position), input - 1)
      let share = min(max(position - Float(first), 0), 1)
      return Tap(first: Int32(first), second: Int32(min(first + 1, input - 1)), share: share)
    }
  }

  /// Overwrites `target.count` floats at `output` with the image at `pixels`.
  public func callAsFunction(_ pixels: UnsafePointer<UInt8>, into output: UnsafeMutablePointer<Float>) {
    if source == target { return scaleToUnit(pixels, count: source.count, into: output) }
    let line = scratch.base
    resize(into: output) { y in
      scaleToUnit(pixels + y * source.width, count: source.width, into: line)
      return UnsafePointer(line)
    }
  }

  /// Overwrites `target.count` floats at `output` with the image at `values`, `source.count` floats.
  public func callAsFunction(_ values: UnsafePointer<Float>, into output: UnsafeMutablePointer<Float>) {
    if source == target { return output.update(from: values, count: source.count) }
    resize(into: output) { values + $0 * source.width }
  }

  /// - Parameter line: a row of the source as floats, valid until it is asked for the next.
  private func resize(into output: UnsafeMutablePointer<Float>, line: (Int) -> UnsafePointer<Float>) {
    let width = target.width * target.channels
    var above = scratch.base + FloatBuffer.aligned(source.width)
    var below = above + FloatBuffer.aligned(width)
    // Which source rows `above` and `below` hold.
    var (aboveRow, belowRow) = (Int32(-1), Int32(-1))
    rows.withUnsafeBufferPointer { rows in
      for (y, tap) in rows.enumerated() {
        if tap.first != aboveRow {
          if tap.first == belowRow {
            swap(&above, &below)
            belowRow = aboveRow
          } else {
            widen(line(Int(tap.first)), into: above)
          }
          aboveRow = tap.first
        }
        if tap.share > 0 && tap.second != belowRow {
          widen(line(Int(tap.second)), into: below)
          belowRow = tap.second
        }
        let row = output + y * width
        if tap.share > 0 {
          Self.blend(above, below, tap.share, count: width, into: row)
        } else {
          row.update(from: above, count: width)
        }
      }
    }
  }

  /// Resizes one source row to the target's width.
  private func widen(_ line: UnsafePointer<Float>, into row: UnsafeMutablePointer<Float>) {
    columns.withUnsafeBufferPointer { columns in
      for x in columns.indices {
        let tap = columns[x]
        row[x] = (1 - tap.share) * line[Int(tap.first)] + tap.share * line[Int(tap.second)]
      }
    }
  }

  /// output = (1 - share) above + share below.
  private static func blend(
    _ above: UnsafePointer<Float>, _ below: UnsafePointer<Float>, _ share: Float, count: Int,
    into output: UnsafeMutablePointer<Float>
  ) {
    let rest = 1 - share
    let whole = count & ~7
    for x in stride(from: 0, to: whole, by: 8) {
      let first = UnsafeRawPointer(above + x).loadUnaligned(as: SIMD8<Float>.self)
      let second = UnsafeRawPointer(below + x).loadUnaligned(as: SIMD8<Float>.self)
      UnsafeMutableRawPointer(output + x).storeBytes(
        of: rest * first + share * second, as: SIMD8<Float>.self)
    }
    for x in whole..<count { output[x] = rest * above[x] + share * below[x] }
  }
}

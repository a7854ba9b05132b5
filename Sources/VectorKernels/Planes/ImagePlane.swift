import Kernels

/// A band of an image between zeros, its rows `line` floats apart: the zeros behind a row are those in front of the next.
///
/// The window at position p of a plane of results begins at element p, so a plane is one long row; what it holds between the
/// last column and the next row is nobody's.
struct ImagePlane {
  private let stage: PooledConvolution

  init(_ stage: PooledConvolution) { self.stage = stage }

  /// Floats that hold the band, and what vectors and windows at the end of a plane of results read.
  var count: Int { padded(stage.plane + (stage.window.kernel - 1) * (stage.line + 1)) + lanes }

  /// Writes the rows of the image that a band's windows meet; the zeros beside them were written before the first image.
  @inline(__always)
  func copy(_ x: Source, _ band: Range<Int>, into target: Target) {
    let (width, padding) = (stage.window.input.width, stage.window.padding)
    for place in 0..<2 * band.count + stage.window.kernel - 1 {
      let row = 2 * band.lowerBound + place - padding
      let target = target + place * stage.line + padding
      guard 0 <= row, row < stage.window.input.height else {
        clear(target, count: width)
        continue
      }
      let source = x + row * width
      guard width >= lanes else {
        store(load(source, count: width), target, count: width)
        continue
      }
      // The last vector begins early instead of ending late.
      forEachVector(width) { column, _ in
        let first = min(column, width - lanes)
        store(load(source + first), target + first)
      }
    }
  }
}

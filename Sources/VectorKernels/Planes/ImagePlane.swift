import Kernels

/// One image between zeros, its rows `line` floats apart: the zeros behind a row are those in front of the next.
///
/// The window at position p of a plane of results begins at element p, so a plane is one long row; what it holds between the
/// last column and the next row is nobody's.
struct ImagePlane {
  private let stage: PooledConvolution

  init(_ stage: PooledConvolution) { self.stage = stage }

  /// Floats that hold the image, and what vectors and windows at the end of a plane of results read.
  var count: Int { padded(stage.plane + (stage.window.kernel - 1) * (stage.line + 1)) + lanes }

  /// Writes the rows that windows meet; the zeros around them were written before the first image.
  @inline(__always)
  func copy(_ x: Source, into target: Target) {
    let (width, padding) = (stage.window.input.width, stage.window.padding)
    let rows = min(stage.window.input.height, 2 * stage.output.height + stage.window.kernel - 1 - padding)
    for row in 0..<rows {
      let (source, target) = (x + row * width, target + (row + padding) * stage.line + padding)
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

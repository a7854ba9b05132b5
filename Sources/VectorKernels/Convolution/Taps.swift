import Kernels

/// The rows and columns of a filter that meet the image at all.
///
/// At the end of a deep network images are smaller than filters: of a padded 3x3 on a 1x1 image only the middle counts, a ninth
/// of the arithmetic.
struct Taps {
  /// The convolution with the filter cut down to them; its output is that of the whole.
  let geometry: WindowGeometry
  /// Rows and columns that are cut off in front.
  private let first: Int
  private let kernel: Int

  init(_ geometry: WindowGeometry) {
    let input = geometry.input
    let (extent, outputs) = (
      max(input.height, input.width), max(geometry.output.height, geometry.output.width)
    )
    // The last window begins here; a tap before `first` meets only padding even there, one behind `last` even in the first.
    let start = (outputs - 1) * geometry.stride - geometry.padding
    let first = max(0, -start)
    let last = min(geometry.kernel, extent + geometry.padding)
    let cut = WindowGeometry(
      input: input, kernel: max(1, last - first), stride: geometry.stride,
      padding: max(0, geometry.padding - first),
      channels: geometry.output.channels)
    let isSame = last > first && first <= geometry.padding && cut?.output == geometry.output
    if isSame, let cut {
      self.geometry = cut.spaced(geometry.outputStride)
      self.first = first
    } else {
      self.geometry = geometry
      self.first = 0
    }
    kernel = geometry.kernel
  }

  /// Elements of a filter's row, of every input channel.
  var line: Int { geometry.kernel * geometry.input.channels }

  /// Where a row of the filter begins in (kernel, kernel, in, out).
  func row(_ row: Int) -> Int {
    ((first + row) * kernel + first) * geometry.input.channels * geometry.output.channels
  }
}

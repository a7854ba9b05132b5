import Datasets
import Pictures
import Tensors

/// Brings a picture of any size to that of a data set, as Fashion-MNIST's own pictures were made: the longer side fills the
/// frame, the shape is kept, and what is left is background.
///
/// A picture that is larger is averaged over the area that each pixel covers; one that is smaller is enlarged bilinearly. One
/// that has the size stays as it is to the bit.
package struct Framing {
  /// Pixels a side.
  private let size: Int

  package init(size: Int) { self.size = size }

  package func callAsFunction(_ picture: GreyPicture) -> [UInt8] {
    let longer = max(picture.width, picture.height)
    func scaled(_ side: Int) -> Int { max(1, (side * size + longer / 2) / longer) }
    let (width, height) = (scaled(picture.width), scaled(picture.height))
    let inner =
      longer > size ? Self.averaged(picture, width, height) : Self.enlarged(picture, width, height)
    var framed = [UInt8](repeating: 0, count: size * size)
    let (left, top) = ((size - width) / 2, (size - height) / 2)
    for y in 0..<height {
      framed.replaceSubrange(
        (top + y) * size + left..<(top + y) * size + left + width, with: inner[y * width..<(y + 1) * width])
    }
    return framed
  }

  private static func enlarged(_ picture: GreyPicture, _ width: Int, _ height: Int) -> [UInt8] {
    if width == picture.width, height == picture.height { return picture.pixels }
    let resize = BilinearResize(
      from: Shape(height: picture.height, width: picture.width, channels: 1),
      to: Shape(height: height, width: width, channels: 1))
    var values = [Float](repeating: 0, count: width * height)
    resize(picture.pixels, into: &values)
    return values.map { UInt8(($0 * 255).rounded()) }
  }

  private static func averaged(_ picture: GreyPicture, _ width: Int, _ height: Int) -> [UInt8] {
    let columns = coverage(from: picture.width, to: width)
    let rows = coverage(from: picture.height, to: height)
    // Columns first: a row of the source at a time.
    var narrow = [Double](repeating: 0, count: picture.height * width)
    for y in 0..<picture.height {
      for (x, cover) in columns.enumerated() {
        var sum = 0.0
        for (offset, share) in cover.shares.enumerated() {
          sum += share * Double(picture.pixels[y * picture.width + cover.first + offset])
        }
        narrow[y * width + x] = sum
      }
    }
    return rows.flatMap { cover in
      (0..<width).map { x in
        var sum = 0.0
        for (offset, share) in cover.shares.enumerated() {
          sum += share * narrow[(cover.first + offset) * width + x]
        }
        return UInt8(min(255, sum.rounded()))
      }
    }
  }

  /// For each of `output` pixels, which of `input` it covers and by what share; the shares of one add up to 1.
  private static func coverage(from input: Int, to output: Int) -> [(first: Int, shares: [Double])] {
    (0..<output).map { index in
      // In units of 1 / output of a source pixel, whole numbers.
      let (start, end) = (index * input, (index + 1) * input)
      let (first, last) = (start / output, (end - 1) / output)
      let shares = (first...last).map { pixel in
        Double(min(end, (pixel + 1) * output) - max(start, pixel * output)) / Double(input)
      }
      return (first, shares)
    }
  }
}

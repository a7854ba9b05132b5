import Pictures
import Tensors

/// Pictures in rows on one sheet, small ones enlarged, with a margin between them.
public struct ContactSheet {
  /// Small pictures are enlarged by whole numbers, as long as they stay below this, in pixels a side.
  private static let usualSide = 96
  private static let margin = 6
  /// Of the sheet: pictures are black around their edges, or white.
  private static let background: UInt8 = 90

  private let rows: [[[UInt8]]]
  private let shape: Shape
  private let factor: Int

  /// - Parameters:
  ///   - rows: pictures of `shape`, row by row, 0 to 255.
  public init(_ rows: [[[UInt8]]], shape: Shape) {
    precondition(rows.joined().allSatisfy { $0.count == shape.count }, "every picture has the shape")
    precondition(!rows.joined().isEmpty, "a sheet has a picture")
    self.rows = rows
    self.shape = shape
    factor = max(1, Self.usualSide / max(shape.width, shape.height))
  }

  public var picture: GreyPicture {
    let (cellWidth, cellHeight) = (shape.width * factor + Self.margin, shape.height * factor + Self.margin)
    let width = (rows.map(\.count).max() ?? 0) * cellWidth + Self.margin
    let height = rows.count * cellHeight + Self.margin
    var pixels = [UInt8](repeating: Self.background, count: width * height)
    for (row, pictures) in rows.enumerated() {
      for (column, picture) in pictures.enumerated() {
        let corner = (row * cellHeight + Self.margin) * width + column * cellWidth + Self.margin
        for y in 0..<shape.height * factor {
          for x in 0..<shape.width * factor {
            pixels[corner + y * width + x] = picture[y / factor * shape.width + x / factor]
          }
        }
      }
    }
    return GreyPicture(width: width, height: height, pixels: pixels)
  }
}

import Datasets
import Failures
import Pictures
import Telemetry

/// A confusion matrix of pictures: in row i and column j the test image of class i that was taken for class j with the most
/// confidence, the first of equal ones.
struct MistakeGrid {
  /// TensorBoard shows no other text beside a picture.
  private static let tag = "mistakes/row what it is, column what it was taken for"
  private let set: ImageSet
  private let classes: Int
  /// The image of each cell, row by row; nil where there was no such mistake.
  private let cells: [Int?]

  /// Answers that are no class of the set's have no cell.
  init(_ outcomes: Outcomes, of set: ImageSet) {
    self.set = set
    classes = set.classNames.count
    var cells = [Int?](repeating: nil, count: classes * classes)
    for (image, answer) in outcomes.answers.enumerated() {
      let label = Int(set.labels[image])
      guard answer != label, set.classNames.indices.contains(Int(answer)) else { continue }
      let cell = label * classes + Int(answer)
      if let known = cells[cell], outcomes.probabilities[known] >= outcomes.probabilities[image] { continue }
      cells[cell] = image
    }
    self.cells = cells
  }

  /// White lines between cells; a cell without a mistake is black.
  func picture() throws(Failure) -> TensorBoardWriter.Picture {
    let (rows, columns) = (set.shape.height, set.shape.width)
    let (height, width) = (classes * (rows + 1) - 1, classes * (columns + 1) - 1)
    var pixels = [UInt8](repeating: 255, count: width * height)
    for (cell, image) in cells.enumerated() {
      let image = image.map(set.pixels)
      let corner = cell / classes * (rows + 1) * width + cell % classes * (columns + 1)
      for row in 0..<rows {
        for column in 0..<columns {
          let pixel = image.map { $0[$0.startIndex + row * columns + column] } ?? 0
          pixels[corner + row * width + column] = pixel
        }
      }
    }
    return TensorBoardWriter.Picture(
      tag: Self.tag, width: width, height: height,
      png: try PNGWriter.grey(width: width, height: height, pixels: pixels))
  }
}

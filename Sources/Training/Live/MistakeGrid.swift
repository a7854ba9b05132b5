import Collectives
import Datasets
import Failures
import Pictures
import Telemetry
import Tensors

#if canImport(Glibc)
  import Glibc
#else
  import Darwin
#endif

/// A confusion matrix of pictures: in row i and column j the test image of class i that was taken for class j with the most
/// confidence.
///
/// Every rank looks at its own images; the grid is that of all, the same on any number of ranks.
final class MistakeGrid {
  /// TensorBoard shows no other text beside a picture.
  private static let tag = "mistakes/row what it is, column what it was taken for"
  private let set: ImageSet
  private let classes: Int
  /// For each cell the bits of the confidence, which order as the number does, above the image's index; -1 for none.
  private var cells: [Int64]

  init(_ set: ImageSet) {
    self.set = set
    classes = set.classNames.count
    cells = [Int64](repeating: -1, count: classes * classes)
  }

  func begin() { for index in cells.indices { cells[index] = -1 } }

  /// Looks at a batch and its logits, of which those behind the set's classes are ignored.
  func see(_ batch: Batch, _ logits: TensorView) {
    let outputs = logits.shape.count
    for sample in 0..<batch.count {
      let row = UnsafeBufferPointer(start: logits.base + sample * outputs, count: outputs)
      let label = Int(batch.labels[sample])
      guard let (predicted, highest) = row.prefix(classes).enumerated().max(by: { $0.element < $1.element }),
        predicted != label, highest.isFinite
      else { continue }
      // The softmax of the highest logit.
      let confidence = 1 / row.reduce(Float(0)) { $0 + exp($1 - highest) }
      guard confidence.isFinite else { continue }
      let key = Int64(confidence.bitPattern) << 32 | Int64(batch.samples[sample])
      cells[label * classes + predicted] = max(cells[label * classes + predicted], key)
    }
  }

  /// Makes it the grid of all ranks; a call for all of them together.
  func gather(_ communication: CommunicationThread) throws(Failure) {
    var failure: Failure?
    cells.withUnsafeMutableBufferPointer {
      do throws(Failure) { try communication.allReduce($0, .max) } catch { failure = error }
    }
    if let failure { throw failure }
  }

  /// White lines between cells; a cell without a mistake is black.
  func picture() throws(Failure) -> TensorBoardWriter.Picture {
    let (rows, columns) = (set.shape.height, set.shape.width)
    let (height, width) = (classes * (rows + 1) - 1, classes * (columns + 1) - 1)
    var pixels = [UInt8](repeating: 255, count: width * height)
    for (cell, key) in cells.enumerated() {
      let image = key < 0 ? nil : set.pixels(of: Int(key & 0xFFFF_FFFF))
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

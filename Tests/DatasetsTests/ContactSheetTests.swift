import Datasets
import Tensors
import Testing

@Suite struct ContactSheetTests {
  /// Pictures of 40x40 are enlarged twice; a margin of 6 is around each.
  @Test func everyPictureIsAtItsPlace() {
    let shape = Shape(height: 40, width: 40, channels: 1)
    let shades: [[UInt8]] = [[10, 20, 30], [40]]
    let rows = shades.map { row in
      row.map { shade in (0..<shape.count).map { UInt8(Int(shade) + $0 / 40 / 20) } }
    }
    let sheet = ContactSheet(rows, shape: shape).picture
    #expect((sheet.width, sheet.height) == (6 + 3 * 86, 6 + 2 * 86))
    for (row, shades) in shades.enumerated() {
      for (column, shade) in shades.enumerated() {
        let corner = (6 + 86 * row) * sheet.width + 6 + 86 * column
        let bottom = corner + 79 * sheet.width + 79
        #expect(sheet.pixels[corner] == shade && sheet.pixels[bottom] == shade + 1)
        #expect(sheet.pixels[corner - 1] == sheet.pixels[0] && sheet.pixels[bottom + 1] == sheet.pixels[0])
      }
    }
  }

  /// What is shown is what the loader makes.
  @Test func previewsAreWhatTheLoaderMakes() throws {
    let set = SyntheticGarments(trainCount: 4).load(.train)
    let augmentation = try Augmentation(parsing: "flip,crop,rotate:20")
    let loader = Loader(
      set: set, sample: Shape(height: 32, width: 32, channels: 1), capacity: 4, augmentation: augmentation,
      seed: 7)
    loader.begin(Pass(order: [0, 1, 2, 3], globalBatch: 4, epoch: 3))
    let batch = try #require(loader.next())
    let preview = Preview(of: set, size: 32, augmentation: augmentation, seed: 7)
    for sample in 0..<4 {
      let floats = UnsafeBufferPointer(start: batch.images.base + sample * 1024, count: 1024)
      #expect(preview(sample, epoch: 3) == floats.map { UInt8(($0 * 255).rounded()) })
    }
    #expect(preview(0, epoch: 3) != preview(0, epoch: 4))
  }
}

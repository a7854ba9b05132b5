import Failures
import Files
import Foundation
import Tensors
import Testing

import Datasets

@Suite struct SharedImageSetsTests {
  private func sets() -> [ImageSet] {
    Split.allCases.map { split in
      let count = split == .train ? 37 : 5
      return ImageSet(
        name: "steps", split: split, shape: Shape(height: 3, width: 3, channels: 1),
        storage: (0..<4 + count * 9).map { UInt8(truncatingIfNeeded: $0 * 7) }, firstPixel: 4,
        labels: (0..<count).map { UInt8($0 % 3) }, classNames: ["a", "b", "c"], warnings: ["of \(split)"])
    }
  }

  /// Over the text that one process sends another.
  @Test func anotherProcessHasTheSameSets() throws {
    let sets = sets()
    let made = try SharedImageSets.create(sets, in: FileManager.default.temporaryDirectory.path)
    let text = try JSONEncoder().encode(made.offer)
    let opened = try SharedImageSets.open(try JSONDecoder().decode(SharedImageSets.Offer.self, from: text))
    made.segment.unlink()
    for found in [made.sets, opened] {
      for (set, original) in zip(found, sets) {
        #expect(set.name == "steps" && set.split == original.split && set.shape == original.shape)
        #expect(set.labels == original.labels && set.classNames == original.classNames)
        #expect(set.warnings == original.warnings && set.digest == original.digest)
        for index in 0..<set.count {
          #expect(set.pixels(of: index).elementsEqual(original.pixels(of: index)))
        }
        #expect(set.prefix(3).digest == original.prefix(3).digest)
        #expect(set.withPixels { $0[9] } == original.pixels(of: 1).first)
      }
    }
    #expect(SharedImageSets.bytes(of: sets) == made.segment.bytes.count)
  }
}

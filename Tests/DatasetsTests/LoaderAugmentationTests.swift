import Datasets
import Tensors
import Testing

@Suite struct LoaderAugmentationTests {
  private static let shape = Shape(height: 20, width: 24, channels: 2)
  private static let set = Workbench.drawn(103)

  /// What came out for one sample.
  private struct Outcome: Equatable {
    var image: [Float]
    var label: UInt8
    var other: UInt8?
    var share: Float?
  }

  /// Every sample's outcome over all ranks, by its index.
  private func outcomes(
    _ augmentation: Augmentation?, mixup: Double = 0, seed: UInt64 = 7, epoch: Int = 3, order: [Int32]? = nil,
    globalBatch: Int = 20, ranks: Int = 1, shape: Shape = shape, firstBatch: Int = 0
  ) -> [Int32: Outcome] {
    var found: [Int32: Outcome] = [:]
    for rank in 0..<ranks {
      let pass = Pass(
        order: order ?? Sampler(count: 103, seed: 1).order(epoch: epoch), globalBatch: globalBatch,
        rank: rank,
        ranks: ranks, firstBatch: firstBatch, epoch: epoch)
      let loader = Loader(
        set: Self.set, sample: shape, capacity: pass.localCapacity, augmentation: augmentation, mixup: mixup,
        seed: seed)
      loader.begin(pass)
      while let batch = loader.next() {
        #expect((batch.others == nil) == (mixup == 0) && (batch.shares == nil) == (mixup == 0))
        for slot in 0..<batch.count {
          let image = batch.images.elements[slot * shape.count..<(slot + 1) * shape.count]
          found[batch.samples[slot]] = Outcome(
            image: Array(image), label: batch.labels[slot], other: batch.others?[slot],
            share: batch.shares?[slot])
        }
      }
    }
    return found
  }

  @Test func noAugmentationChangesNothing() {
    let plain = outcomes(nil)
    #expect(plain.count == 103)
    #expect(outcomes(Augmentation()) == plain)
    let resize = BilinearResize(from: Self.set.shape, to: Self.shape)
    let image = FloatBuffer(count: Self.shape.count)
    for (sample, outcome) in plain {
      Self.set.withPixels { resize($0 + Int(sample) * 784, into: image.base) }
      #expect(outcome.image.elementsEqual(image.elements))
    }
    // A change that never happens takes the way through floats, and comes to the same bits.
    #expect(outcomes(Augmentation([.flip: 1e-30])) == plain)
  }

  @Test(arguments: [
    Shape(height: 28, width: 28, channels: 1), Shape(height: 40, width: 33, channels: 1), shape,
  ])
  func picturesAreAugmentedThenResized(shape: Shape) {
    let augmenter = Augmenter(.usual, shape: Self.set.shape, seed: 7)
    let resize = BilinearResize(from: Self.set.shape, to: shape)
    let (small, image) = (FloatBuffer(count: 784), FloatBuffer(count: shape.count))
    for (sample, outcome) in outcomes(.usual, shape: shape) {
      Self.set.withPixels {
        augmenter($0 + Int(sample) * 784, sample: Int(sample), epoch: 3, into: small.base)
      }
      resize(UnsafePointer(small.base), into: image.base)
      #expect(outcome.image.elementsEqual(image.elements))
      #expect(outcome.label == Self.set.labels[Int(sample)])
    }
  }

  @Test func aSampleComesOutTheSameWhoeverDrawsItAndWhen() {
    let expected = outcomes(.usual)
    #expect(expected.count == 103)
    for ranks in [2, 3] { #expect(outcomes(.usual, ranks: ranks) == expected) }
    #expect(outcomes(.usual, globalBatch: 7) == expected)
    #expect(outcomes(.usual, order: Array(0..<103), globalBatch: 103, ranks: 2) == expected)
    let resumed = outcomes(.usual, firstBatch: 4)
    #expect(resumed.count == 23)
    #expect(resumed.allSatisfy { $0.value == expected[$0.key] })
  }

  @Test func seedsAndEpochsDiffer() {
    let first = outcomes(.usual)
    #expect(outcomes(.usual) == first)
    for others in [outcomes(.usual, seed: 8), outcomes(.usual, epoch: 4)] {
      #expect(first.count { others[$0.key] == $0.value } == 0)
    }
  }

  @Test(arguments: [2, 3, 4])
  func mixupIsTheSameOnAnyNumberOfRanks(ranks: Int) {
    #expect(outcomes(.usual, mixup: 0.4, ranks: ranks) == outcomes(.usual, mixup: 0.4))
    #expect(
      outcomes(nil, mixup: 1, globalBatch: 50, ranks: ranks) == outcomes(nil, mixup: 1, globalBatch: 50))
  }

  /// Each picture is a blend of its own with another of the same global batch, both as they come out without mixup.
  @Test(arguments: [(nil, 1), (Augmentation.usual, 2)])
  func mixupBlendsPicturesOfOneBatch(augmentation: Augmentation?, ranks: Int) throws {
    let order = Sampler(count: 103, seed: 1).order(epoch: 3)
    let plain = outcomes(augmentation)
    let mixup = Mixup(alpha: 0.6, seed: 7)
    for (sample, outcome) in outcomes(augmentation, mixup: 0.6, ranks: ranks) {
      let place = try #require(order.firstIndex(of: sample))
      let first = place / 20 * 20
      let drawn = mixup.draw(
        epoch: 3, first: first, position: place - first, count: min(20, 103 - first))
      let other = order[first + drawn.partner]
      let (own, theirs) = try (#require(plain[sample]), #require(plain[other]))
      #expect(other != sample)
      #expect(outcome.label == own.label && outcome.other == theirs.label && outcome.share == drawn.share)
      let worst = outcome.image.indices.map {
        let blend = drawn.share * own.image[$0] + (1 - drawn.share) * theirs.image[$0]
        return abs(outcome.image[$0] - blend)
      }.max()!
      // Blended before it is resized: three roundings of values up to 1.
      #expect(worst < 3e-7)
    }
  }

  @Test func mixupDependsOnSeedAndEpoch() {
    let first = outcomes(nil, mixup: 0.4)
    #expect(outcomes(nil, mixup: 0.4) == first)
    for others in [outcomes(nil, mixup: 0.4, seed: 8), outcomes(nil, mixup: 0.4, epoch: 4)] {
      #expect(first.count { others[$0.key]?.share == $0.value.share } < 5)
    }
  }

  @Test func aSampleAloneIsItsOwnPartner() {
    let found = outcomes(nil, mixup: 0.4, globalBatch: 1)
    #expect(found.allSatisfy { $0.value.other == $0.value.label })
  }
}

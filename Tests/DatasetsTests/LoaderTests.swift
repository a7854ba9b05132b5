import Datasets
import Tensors
import Testing

@Suite struct LoaderTests {
  private static let shape = Shape(height: 32, width: 32, channels: 3)
  private static let set = Workbench.drawn(103)

  /// What a batch must hold, computed on the spot.
  private func expectRight(_ batch: Batch, _ pass: Pass, shape: Shape = shape) {
    let positions = pass.positions(of: batch.index)
    let resize = BilinearResize(from: Self.set.shape, to: shape)
    let image = FloatBuffer(count: shape.count)
    #expect(batch.count == positions.count)
    #expect(batch.firstPosition == positions.lowerBound)
    #expect(batch.globalCount == pass.globalCount(of: batch.index))
    #expect(batch.images.batch == batch.count && batch.images.shape == shape)
    for (slot, position) in positions.enumerated() {
      let sample = pass.order[batch.index * pass.globalBatch + position]
      #expect(batch.samples[slot] == sample)
      #expect(batch.labels[slot] == Self.set.labels[Int(sample)])
      Self.set.withPixels { resize($0 + Int(sample) * Self.set.shape.count, into: image.base) }
      #expect(
        batch.images.elements[slot * shape.count..<(slot + 1) * shape.count].elementsEqual(image.elements))
    }
  }

  @Test(arguments: [1, 2, 3, 4, 7])
  func everySampleOnceOverAllRanks(ranks: Int) {
    let order = Sampler(count: Self.set.count, seed: 5).order(epoch: 2)
    var seen: [Int32] = []
    for rank in 0..<ranks {
      let pass = Pass(order: order, globalBatch: 20, rank: rank, ranks: ranks)
      let loader = Loader(set: Self.set, sample: Self.shape, capacity: pass.localCapacity)
      loader.begin(pass)
      var index = 0
      while let batch = loader.next() {
        #expect(batch.index == index)
        expectRight(batch, pass)
        seen += (0..<batch.count).map { batch.samples[$0] }
        index += 1
      }
      #expect(index == 6)
      #expect(loader.next() == nil)
    }
    #expect(seen.sorted() == (0..<103).map { $0 })
  }

  @Test func samplesOfTheSetsOwnSize() {
    let pass = Pass(order: Array(0..<103), globalBatch: 10)
    let loader = Loader(set: Self.set, sample: Self.set.shape, capacity: 10)
    loader.begin(pass)
    while let batch = loader.next() { expectRight(batch, pass, shape: Self.set.shape) }
  }

  @Test func resumesInTheMiddle() {
    let pass = Pass(order: Sampler(count: 103, seed: 1).order(epoch: 0), globalBatch: 16, firstBatch: 5)
    let loader = Loader(set: Self.set, sample: Self.shape, capacity: 16)
    loader.begin(pass)
    for index in 5...6 {
      let batch = loader.next()
      #expect(batch?.index == index)
      if let batch { expectRight(batch, pass) }
    }
    #expect(loader.next() == nil)
    loader.begin(Pass(order: pass.order, globalBatch: 16, firstBatch: 7))
    #expect(loader.next() == nil)
  }

  /// A pass can be given up at any moment for another, without a trace of the first.
  @Test func anotherPassReplacesTheFirst() {
    let loader = Loader(set: Self.set, sample: Self.shape, capacity: 16)
    for round in 0..<60 {
      let pass = Pass(order: Sampler(count: 103, seed: 1).order(epoch: round), globalBatch: 1 + round % 16)
      loader.begin(pass)
      for index in 0..<min(round % 5, pass.batchCount) {
        let batch = loader.next()
        #expect(batch?.index == index)
        if let batch { expectRight(batch, pass) }
      }
    }
  }

  /// The loader fills one buffer while the other is in use, and never the one in use.
  @Test func aBatchStaysUntilTheNext() {
    let pass = Pass(order: Array(0..<103), globalBatch: 8)
    let loader = Loader(set: Self.set, sample: Self.shape, capacity: 8)
    loader.begin(pass)
    while let batch = loader.next() {
      let before = Array(batch.images.elements)
      for _ in 0..<20 { #expect(batch.images.elements.elementsEqual(before)) }
      expectRight(batch, pass)
    }
  }

  @Test func stoppingEndsEverything() {
    let loader = Loader(set: Self.set, sample: Self.shape, capacity: 16)
    #expect(loader.next() == nil)
    loader.begin(Pass(order: Array(0..<103), globalBatch: 16))
    #expect(loader.next() != nil)
    loader.stop()
    loader.stop()
    #expect(loader.next() == nil)
    loader.begin(Pass(order: Array(0..<103), globalBatch: 16))
    #expect(loader.next() == nil)
  }

  /// Its thread ends with the loader, whatever it is doing.
  @Test func goesAwayInTheMiddleOfAPass() {
    weak var gone: Loader?
    for taken in 0..<20 {
      let loader = Loader(set: Self.set, sample: Self.shape, capacity: 16)
      gone = loader
      loader.begin(Pass(order: Array(0..<103), globalBatch: 16))
      for _ in 0..<taken % 4 { _ = loader.next() }
    }
    #expect(gone == nil)
  }

  @Test func anEmptyOrderHasNoBatches() {
    let loader = Loader(set: Self.set, sample: Self.shape, capacity: 16)
    loader.begin(Pass(order: [], globalBatch: 16))
    #expect(loader.next() == nil)
  }
}

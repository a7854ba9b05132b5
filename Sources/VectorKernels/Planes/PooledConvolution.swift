import Kernels

extension VectorKernelSet {
  public static var pooledConvolutionAlgorithm: String { "planes" }

  public static func pooledConvolutionScratch(_ stage: PooledConvolution, _ shards: Shards) -> Int {
    places(stage, shards) + max(PlaneForward(stage).scratch, PlaneGradients(stage).scratch)
  }

  private static func places(_ stage: PooledConvolution, _ shards: Shards) -> Int {
    shardScratch(shards, weights: stage.window.patch * stage.output.channels, biases: stage.output.channels)
  }

  public static func pooledConvolution(
    _ stage: PooledConvolution, batch: Int, x: Floats, weight: Floats, bias: Floats, into y: MutableFloats,
    saved: MutableFloats?, scratch: MutableFloats
  ) {
    let forward = PlaneForward(stage)
    forward.begin(weight, bias, scratch)
    for image in 0..<batch {
      forward.run(
        image, x: x + image * stage.window.input.count, into: y + image * stage.output.count, saved: saved,
        scratch: scratch)
    }
  }

  public static func pooledConvolutionGradients(
    _ stage: PooledConvolution, _ shards: Shards, x: Floats, y: Floats, dy: Floats, saved: Floats,
    weight dw: MutableFloats, bias db: MutableFloats, scratch: MutableFloats
  ) {
    let gradients = PlaneGradients(stage)
    let channels = stage.output.channels
    addShards(
      shards, weight: dw, weights: stage.window.patch * channels, bias: db, biases: channels, scratch: scratch
    ) { shard, dw, db in
      let scratch = scratch + places(stage, shards)
      gradients.begin(scratch)
      for image in shard.samples {
        gradients.add(
          image, x: x + image * stage.window.input.count, y: y + image * stage.output.count,
          dy: dy + image * stage.output.count, saved: saved, scratch: scratch)
      }
      gradients.finish(scratch, weight: dw, bias: db)
    }
  }
}

extension PooledConvolution {
  /// Positions of a band's plane, from the first to the last that is pooled.
  func positions(_ band: Range<Int>) -> Int { (2 * band.count - 1) * line + 2 * output.width }
  /// Vectors of a row of pooled windows.
  var blocks: Int { padded(output.width) / lanes }

  /// Calls `body` with each band: its number and its rows of pooled windows.
  @inline(__always)
  func forEachBand(_ body: (_ number: Int, _ rows: Range<Int>) -> Void) {
    for number in 0..<bands { body(number, number * band..<min(output.height, (number + 1) * band)) }
  }

  /// Where, in what is saved of a maximum, the bytes lie that say which place of 16 windows won.
  @inline(__always)
  func winners(image: Int, channel: Int, row: Int, block: Int) -> Int {
    (((image * output.channels + channel) * output.height + row) * blocks + block) * lanes
  }
}

import Tensors
import Threads

/// What a loader does to samples besides resizing them.
struct LoaderChanges: Sendable {
  let augmentation: Augmentation
  let mixup: Mixup?
  let seed: UInt64
}

/// What the loader and its thread share. The buffers are the thread's while it fills them, the consumer's from then until
/// it asks for the next batch; the state says which.
final class LoaderCore: @unchecked Sendable {
  struct State {
    var pass: Pass?
    /// Counts passes, so that a batch of a pass that was given up is not taken for one of the next.
    var generation = 0
    /// Batches before this one are filled.
    var nextFilled = 0
    /// Batches before this one were handed out.
    var nextTaken = 0
    /// Whether the consumer still uses the batch it was handed last.
    var isHolding = false
    var stopped = false

    /// Nothing is left to hand out.
    var isFinished: Bool { pass.map { nextTaken >= $0.batchCount } ?? true }

    /// Something is left to fill, and a buffer is free for it.
    var canFill: Bool {
      guard let pass, nextFilled < pass.batchCount else { return false }
      return nextFilled - nextTaken + (isHolding ? 1 : 0) < LoaderCore.buffers
    }
  }

  static let buffers = 2
  let set: ImageSet
  let sample: Shape
  let capacity: Int
  let state = Monitor(State())
  private let changes: LoaderChanges
  private let images: FloatBuffer
  private let imageStride: Int
  private let labels: UnsafeMutablePointer<UInt8>
  private let others: UnsafeMutablePointer<UInt8>
  private let shares: UnsafeMutablePointer<Float>
  private let samples: UnsafeMutablePointer<Int32>

  init(set: ImageSet, sample: Shape, capacity: Int, _ changes: LoaderChanges) {
    self.set = set
    self.sample = sample
    self.capacity = capacity
    self.changes = changes
    imageStride = FloatBuffer.aligned(capacity * sample.count)
    images = FloatBuffer(count: Self.buffers * imageStride)
    labels = .allocate(capacity: Self.buffers * capacity)
    others = .allocate(capacity: Self.buffers * capacity)
    shares = .allocate(capacity: Self.buffers * capacity)
    samples = .allocate(capacity: Self.buffers * capacity)
  }

  deinit {
    labels.deallocate()
    others.deallocate()
    shares.deallocate()
    samples.deallocate()
  }

  /// The view of a batch in its buffer.
  func batch(_ index: Int, of pass: Pass) -> Batch {
    let buffer = index % Self.buffers
    let isBlended = changes.mixup != nil
    let positions = pass.positions(of: index)
    return Batch(
      images: TensorView(images.base + buffer * imageStride, batch: positions.count, shape: sample),
      labels: labels + buffer * capacity, others: isBlended ? others + buffer * capacity : nil,
      shares: isBlended ? shares + buffer * capacity : nil, samples: samples + buffer * capacity,
      count: positions.count,
      globalCount: pass.globalCount(of: index), firstPosition: positions.lowerBound, index: index)
  }

  /// The thread's loop: fills a batch whenever a buffer is free, until it is stopped.
  func run() {
    let writer = SampleWriter(from: set.shape, to: sample, changes)
    while true {
      let job: (batch: Int, pass: Pass, generation: Int)? = state.wait(
        until: { $0.stopped || $0.canFill },
        then: { state in
          guard !state.stopped, let pass = state.pass else { return nil }
          return (state.nextFilled, pass, state.generation)
        })
      guard let job else { return }
      fill(batch(job.batch, of: job.pass), of: job.pass, writer)
      state.update { state in
        if state.generation == job.generation { state.nextFilled += 1 }
      }
    }
  }

  private func fill(_ batch: Batch, of pass: Pass, _ writer: SampleWriter) {
    let first = batch.index * pass.globalBatch
    let offset = batch.index % Self.buffers * capacity
    set.withPixels { pixels in
      for slot in 0..<batch.count {
        let position = batch.firstPosition + slot
        let index = pass.order[first + position]
        let output = batch.images.base + slot * sample.count
        samples[offset + slot] = index
        labels[offset + slot] = set.labels[Int(index)]
        guard let mixup = changes.mixup else {
          writer.write(index, epoch: pass.epoch, of: pixels, into: output)
          continue
        }
        let (partner, share) = mixup.draw(
          epoch: pass.epoch, first: first, position: position, count: batch.globalCount)
        let other = pass.order[first + partner]
        others[offset + slot] = set.labels[Int(other)]
        shares[offset + slot] = share
        writer.write(index, share: share, and: other, epoch: pass.epoch, of: pixels, into: output)
      }
    }
  }
}

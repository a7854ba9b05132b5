import Tensors
import Threads

/// One rank's part of one global batch. Valid until the loader is asked for the next, begins another pass, or stops.
public struct Batch: @unchecked Sendable {
  /// (count, H, W, C), values in [0, 1].
  public let images: TensorView
  /// `count` classes.
  public let labels: UnsafePointer<UInt8>
  /// `count` indices into the image set.
  public let samples: UnsafePointer<Int32>
  /// Samples of this rank: may be none in the last batch.
  public let count: Int
  /// Samples of all ranks.
  public let globalCount: Int
  /// Position of this rank's first sample in the global batch.
  public let firstPosition: Int
  /// The batch's number within the epoch.
  public let index: Int
}

/// Prepares batches on a thread of its own, one ahead of the batch in use.
///
/// Two buffers are made at the start and used in turn; nothing is allocated after that. A loader serves one consumer.
/// A sample goes from bytes to floats at its final size: decoded, then resized straight into its place in the batch.
public final class Loader: Sendable {
  private let core: LoaderCore
  private let thread: DedicatedThread

  /// - Parameters:
  ///   - sample: the shape of one image as the network wants it; a grey image is repeated over its channels.
  ///   - capacity: the most samples of a batch, see ``Pass/localCapacity(globalBatch:ranks:)``.
  public init(set: ImageSet, sample: Shape, capacity: Int) {
    precondition(capacity > 0, "a loader has room for at least one sample")
    let core = LoaderCore(set: set, sample: sample, capacity: capacity)
    self.core = core
    thread = DedicatedThread(name: "loader") { core.run() }
  }

  deinit { stop() }

  /// Starts a pass, giving up the one that is under way, if any. Batches handed out before are no longer valid.
  public func begin(_ pass: Pass) {
    precondition(pass.localCapacity <= core.capacity, "the batch does not fit into the loader")
    precondition(
      pass.order.allSatisfy { $0 >= 0 && Int($0) < core.set.count },
      "the order names samples that are not there")
    core.state.update { state in
      state.generation += 1
      state.nextFilled = pass.firstBatch
      state.nextTaken = pass.firstBatch
      state.isHolding = false
      state.pass = pass
    }
  }

  /// The next batch of the pass, waiting until it is ready; nil at the end, and before the first pass.
  public func next() -> Batch? {
    core.state.update { $0.isHolding = false }
    let taken: (batch: Int, pass: Pass)? = core.state.wait(
      until: { $0.stopped || $0.isFinished || $0.nextFilled > $0.nextTaken },
      then: { state in
        guard !state.stopped, !state.isFinished, let pass = state.pass else { return nil }
        state.nextTaken += 1
        state.isHolding = true
        return (state.nextTaken - 1, pass)
      })
    guard let taken else { return nil }
    return core.batch(taken.batch, of: taken.pass)
  }

  /// Ends the thread and waits for it. After this there are no more batches.
  public func stop() {
    let isFirst = core.state.update { state in
      defer { state.stopped = true }
      return !state.stopped
    }
    if isFirst { thread.join() }
  }
}

/// What the loader and its thread share. The buffers are the thread's while it fills them, the consumer's from then until
/// it asks for the next batch; the state says which.
private final class LoaderCore: @unchecked Sendable {
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
  private let images: FloatBuffer
  private let imageStride: Int
  private let labels: UnsafeMutablePointer<UInt8>
  private let samples: UnsafeMutablePointer<Int32>

  init(set: ImageSet, sample: Shape, capacity: Int) {
    self.set = set
    self.sample = sample
    self.capacity = capacity
    imageStride = FloatBuffer.aligned(capacity * sample.count)
    images = FloatBuffer(count: Self.buffers * imageStride)
    labels = .allocate(capacity: Self.buffers * capacity)
    samples = .allocate(capacity: Self.buffers * capacity)
  }

  deinit {
    labels.deallocate()
    samples.deallocate()
  }

  /// The view of a batch in its buffer.
  func batch(_ index: Int, of pass: Pass) -> Batch {
    let buffer = index % Self.buffers
    let positions = pass.positions(of: index)
    return Batch(
      images: TensorView(images.base + buffer * imageStride, batch: positions.count, shape: sample),
      labels: labels + buffer * capacity, samples: samples + buffer * capacity, count: positions.count,
      globalCount: pass.globalCount(of: index), firstPosition: positions.lowerBound, index: index)
  }

  /// The thread's loop: fills a batch whenever a buffer is free, until it is stopped.
  func run() {
    let resize = BilinearResize(from: set.shape, to: sample)
    while true {
      let job: (batch: Int, pass: Pass, generation: Int)? = state.wait(
        until: { $0.stopped || $0.canFill },
        then: { state in
          guard !state.stopped, let pass = state.pass else { return nil }
          return (state.nextFilled, pass, state.generation)
        })
      guard let job else { return }
      fill(batch(job.batch, of: job.pass), of: job.pass, resize)
      state.update { state in
        if state.generation == job.generation { state.nextFilled += 1 }
      }
    }
  }

  private func fill(_ batch: Batch, of pass: Pass, _ resize: BilinearResize) {
    let first = batch.index * pass.globalBatch + batch.firstPosition
    let buffer = batch.index % Self.buffers
    set.withPixels { pixels in
      for slot in 0..<batch.count {
        let index = pass.order[first + slot]
        samples[buffer * capacity + slot] = index
        labels[buffer * capacity + slot] = set.labels[Int(index)]
        resize(pixels + Int(index) * set.shape.count, into: batch.images.base + slot * sample.count)
      }
    }
  }
}

import Tensors
import Threads

/// One rank's part of one global batch. Valid until the loader is asked for the next, begins another pass, or stops.
public struct Batch: @unchecked Sendable {
  /// (count, H, W, C), values in [0, 1].
  public let images: TensorView
  /// `count` classes.
  public let labels: UnsafePointer<UInt8>
  /// The classes of the pictures that were blended in; nil without mixup.
  public let others: UnsafePointer<UInt8>?
  /// The share of its own picture in each sample, the rest being another's; nil without mixup.
  public let shares: UnsafePointer<Float>?
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
/// A sample goes from bytes to floats at its final size: decoded, augmented, blended with another, and resized straight
/// into its place in the batch. What chance decides is keyed by the seed, the epoch and the sample, or its position in
/// the epoch, so that a sample comes out the same on any rank, and on any number of them.
public final class Loader: Sendable {
  private let core: LoaderCore
  private let thread: DedicatedThread

  /// - Parameters:
  ///   - sample: the shape of one image as the network wants it; a grey image is repeated over its channels.
  ///   - capacity: the most samples of a batch, see ``Pass/localCapacity(globalBatch:ranks:)``.
  ///   - augmentation: random changes to each picture; nil leaves them as they are.
  ///   - mixup: alpha of the Beta(alpha, alpha) distribution of shares; 0 blends nothing.
  ///   - seed: of everything that chance decides.
  public init(
    set: ImageSet, sample: Shape, capacity: Int, augmentation: Augmentation? = nil, mixup: Double = 0,
    seed: UInt64 = 0
  ) {
    precondition(capacity > 0, "a loader has room for at least one sample")
    precondition(mixup >= 0 && mixup.isFinite, "mixup's alpha is not negative")
    let changes = LoaderChanges(
      augmentation: augmentation ?? Augmentation(),
      mixup: mixup > 0 ? Mixup(alpha: mixup, seed: seed) : nil, seed: seed)
    let core = LoaderCore(set: set, sample: sample, capacity: capacity, changes)
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

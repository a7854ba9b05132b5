import Collectives
import Datasets
import Failures
import Kernels
import Layers

/// One rank's gradient of a batch: forward, loss and backward, in as many pieces as `--accumulate` says.
struct GradientComputation {
  private let network: Network
  private let pieces: Int
  private let shards: ShardPlan
  private let smoothing: Float
  private let fault: Fault?

  init(_ settings: TrainingSettings, network: Network, shards: ShardPlan, fault: Fault?) {
    self.network = network
    self.shards = shards
    pieces = settings.accumulate
    smoothing = settings.labelSmoothing
    self.fault = fault
  }

  /// Leaves the gradient of the mean over the global batch in the network. Allocates nothing, and gives the same bits
  /// when it is repeated.
  ///
  /// - Parameters:
  ///   - step: the step's number, from 1.
  ///   - exchange: makes it the gradient of all ranks; nil for this rank's own.
  ///   - scored: told the sum of the losses, and how many samples were classified right, before the first gradient is
  ///     ready.
  func run(
    _ batch: Batch, seed: UInt64, step: Int, exchange: (any GradientExchange)? = nil,
    scored: (_ loss: Double, _ correct: Int) -> Void = { _, _ in }
  ) {
    var total = (loss: 0.0, correct: 0)
    var hasBegun = false
    for index in 0..<pieces {
      let piece = batch.piece(index, of: pieces, smoothing: smoothing)
      let isLast = index == pieces - 1
      guard isLast || piece.images.batch > 0 else { continue }
      let samples = SampleKeys(
        seed: seed, step: step - 1, firstPosition: piece.firstPosition,
        shards: shards.shards(of: batch.globalCount, samples: piece.images.batch))
      let logits = network.forward(
        piece.images, mode: .training, samples: samples, accumulating: hasBegun)
      let found = network.loss(logits, targets: piece.targets, scale: 1 / Float(batch.globalCount))
      total = (total.loss + found.loss, total.correct + found.correct)
      if isLast { scored(total.loss, total.correct) }
      network.backward(
        piece.images, samples: samples, accumulating: hasBegun, completing: isLast, exchange: exchange)
      hasBegun = true
    }
    if exchange == nil { fault?.strike(step: step, network) }
  }
}

import Tensors

/// Blends each picture of a batch with another, and the loss with it.
///
/// x = share a + (1 - share) b, with share ~ Beta(alpha, alpha) for each sample. (Zhang, Cisse, Dauphin and Lopez-Paz,
/// "mixup: beyond empirical risk minimization", 2018, arXiv:1710.09412; there one share serves a whole batch.)
package struct Mixup: Sendable {
  private let alpha: Double
  private let seed: UInt64

  /// Stream numbers behind those of the augmentation's methods.
  private static let (partners, shares) = (32, 33)

  package init(alpha: Double, seed: UInt64) {
    self.alpha = alpha
    self.seed = seed
  }

  /// What happens to the sample at a position of a global batch: the position of its partner, uniform over the others,
  /// and its own share.
  ///
  /// - Parameters:
  ///   - first: the position in the epoch of the batch's first sample.
  ///   - count: samples of the global batch; alone, a sample is its own partner.
  package func draw(epoch: Int, first: Int, position: Int, count: Int) -> (partner: Int, share: Float) {
    let partners = RandomStream(
      seed: seed, .augmentation, layer: Self.partners, time: epoch, sample: first + position)
    let shares = RandomStream(
      seed: seed, .augmentation, layer: Self.shares, time: epoch, sample: first + position)
    let distance = count > 1 ? 1 + partners.integer(0, below: count - 1) : 0
    return ((position + distance) % count, Float(shares.beta(alpha)))
  }
}

/// What a batch is scored against: a class a sample, or a blend of two, smoothed.
///
/// With share s of class a, 1 - s of class b, and smoothing e over K classes, the target distribution is
/// q = (1 - e) (s onehot(a) + (1 - s) onehot(b)) + e / K.
/// Blends are those of mixup (Zhang et al., 2018, arXiv:1710.09412); smoothing is that of Szegedy et al. (2016,
/// arXiv:1512.00567).
@frozen
public struct LossTargets {
  /// The class of each sample.
  public let labels: UnsafePointer<UInt8>
  /// The second class of each sample; nil where nothing is blended.
  public let others: UnsafePointer<UInt8>?
  /// The weight of each sample's label, in 0...1; what is left of 1 goes to its other class.
  public let shares: UnsafePointer<Float>?
  /// The part of the target that is spread evenly over all classes, in 0...1, as PyTorch's
  /// `CrossEntropyLoss(label_smoothing:)`.
  public let smoothing: Float

  public init(
    labels: UnsafePointer<UInt8>, others: UnsafePointer<UInt8>? = nil, shares: UnsafePointer<Float>? = nil,
    smoothing: Float = 0
  ) {
    precondition((others == nil) == (shares == nil), "second classes come with the shares of the first")
    precondition((0...1).contains(smoothing), "smoothing is a part of 1")
    self.labels = labels
    self.others = others
    self.shares = shares
    self.smoothing = smoothing
  }

  /// The targets of the samples from `first` on.
  public func from(_ first: Int) -> LossTargets {
    LossTargets(
      labels: labels + first, others: others.map { $0 + first }, shares: shares.map { $0 + first },
      smoothing: smoothing)
  }

  /// A loss rounded to a multiple of 2^-24. The sums of such losses are exact up to 2^29, and so the same in any order.
  public static func summable(_ loss: Double) -> Double { (loss * 0x1p24).rounded() * 0x1p-24 }

  /// Whether every sample's target is its label alone.
  @inlinable
  public var areLabelsAlone: Bool { others == nil && smoothing == 0 }
}

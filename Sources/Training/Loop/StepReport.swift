/// What a step did, over all ranks.
struct StepReport {
  let step: Int
  /// Samples of the global batch.
  let images: Int
  let totals: StepTotals.Values
  /// Before it was clipped.
  let gradientNorm: Double
  /// The learning rate.
  let rate: Float
  let ranks: Int

  var loss: Double { totals.loss / Double(images) }
  var accuracy: Double { totals.correct / Double(images) }
  var isStopping: Bool { totals.stops > 0 }
}

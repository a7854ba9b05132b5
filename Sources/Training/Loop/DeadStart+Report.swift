import Layers
import Models
import Telemetry

extension DeadStart {
  /// What is said about a network that was found dead by `window`, with the likeliest cause.
  ///
  /// - Parameter gradientNorm: of the last step.
  package func report(
    _ window: StartWindow, gradientNorm: Double, settings: TrainingSettings
  ) -> String {
    let loss = window.loss / window.images
    let accuracy = window.correct / window.images
    return "the network has not begun to learn: after \(steps) steps its loss \(fixed(loss, 4)) and accuracy "
      + "\(fixed(accuracy, 3)) are those of guessing; likely "
      + cause(excess: loss / guess.loss, gradientNorm: gradientNorm, settings)
  }

  /// The likeliest cause and what to do about it.
  private func cause(excess: Double, gradientNorm: Double, _ settings: TrainingSettings) -> String {
    let kinds = Set((ModelRegistry.named(settings.model)?.layers(settings.classes).layers ?? []).map(\.kind))
    let saturates = kinds.contains("Sigmoid") || kinds.contains("Tanh")
    let rate = settings.learningRate
    let adapts = settings.optimizer == .adam || settings.optimizer == .adamw
    if rate < (adapts ? 1e-6 : 1e-4) { return "--lr \(rate) is too low" }
    if excess > 1.1 { return "--lr \(rate) is too high: the loss is above that of guessing" }
    if settings.initialization == .pytorch, kinds.contains("ReLU"), !kinds.contains("BatchNorm2d") {
      return "PyTorch's initialisation is too small for ReLU layers in a row: try --initialization he"
    }
    if saturates, settings.initialization != .xavier {
      return "its saturating units started badly: try --initialization xavier"
    }
    if gradientNorm < 1e-6 {
      return "its units are dead or saturated, for the gradient vanishes: try a lower --lr or another --seed"
    }
    return saturates
      ? "it is on the plateau of saturating units: try a higher --lr, or --optimizer adam"
      : "--lr \(rate) is too high for --optimizer \(settings.optimizer.rawValue): try a lower one, or another --seed"
  }
}

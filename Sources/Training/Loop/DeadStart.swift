import Foundation

/// Sums over the last of the first steps.
package struct StartWindow: Equatable {
  package var loss = 0.0
  package var correct = 0.0
  package var images = 0.0

  package init() {}

  /// What a checkpoint kept.
  package init(_ numbers: [Double]?) {
    guard let numbers, numbers.count == 3 else { return }
    (loss, correct, images) = (numbers[0], numbers[1], numbers[2])
  }

  /// For a checkpoint; nil where there is nothing.
  package var numbers: [Double]? { images == 0 ? nil : [loss, correct, images] }
}

/// Tells after the first steps of a run whether the network has begun to learn.
///
/// A network whose units are dead or saturated learns nothing but the bias of its outputs: its loss stays at that of the
/// best constant guess, the entropy of the labels (ln 10 for ten equal classes), and its accuracy at that of guessing.
/// So does every network for a while; sigmoid networks with plain SGD and Xavier's weights without a gain were seen to leave
/// that plateau after up to 420 steps of 256 images.
package struct DeadStart {
  /// Judged after this step; 0 for never.
  package let steps: Int
  /// Loss and accuracy of the best constant guess.
  package let guess: (loss: Double, accuracy: Double)

  /// Steps, up to the one that is judged, over which loss and accuracy are averaged.
  package static let window = 100
  /// How far below the guess's loss a network may be and still have learned nothing.
  package static let band = 0.01

  /// - Parameters:
  ///   - labels: of the training set.
  ///   - outputs: of the network.
  ///   - smoothing: of the labels, which the guess's loss contains.
  package init(steps: Int, labels: [UInt8], outputs: Int, smoothing: Float) {
    self.steps = steps
    var counts = [Double](repeating: 0, count: max(outputs, 256))
    for label in labels { counts[Int(label)] += 1 }
    let (total, smoothing) = (Double(max(1, labels.count)), Double(smoothing))
    let shares = counts.prefix(outputs).map { $0 / total * (1 - smoothing) + smoothing / Double(outputs) }
    guess = (
      loss: shares.reduce(0) { $1 > 0 ? $0 - $1 * log($1) : $0 }, accuracy: (counts.max() ?? 0) / total
    )
  }

  /// Takes in a step: the sums over its samples. A step whose loss is not finite tells nothing, and no checkpoint could keep it.
  package func add(
    step: Int, loss: Double, correct: Double, images: Int, to window: inout StartWindow
  ) {
    guard steps > 0, loss.isFinite, step > steps - Self.window, step <= steps else { return }
    window.loss += loss
    window.correct += correct
    window.images += Double(images)
  }

  /// Whether a network with these sums has learned nothing; never where there is nothing to learn, of one class alone.
  package func isDead(_ window: StartWindow) -> Bool {
    guard window.images > 0, guess.loss > 0 else { return false }
    return window.loss / window.images >= guess.loss * (1 - Self.band)
      && window.correct / window.images < 2 * guess.accuracy
  }
}

import Checkpoints
import Datasets
import Failures
import Tensors

/// What a network's pictures are before it sees them, and what its outputs are called: those of the data set that it was
/// trained with.
struct PictureFormat {
  /// Pixels a side.
  let side: Int
  let classNames: [String]
  /// Whether pictures are light on black, as Fashion-MNIST's are; of own data nobody knows.
  let isLightOnBlack: Bool

  /// - Parameter state: of the checkpoint. Where it does not say, as in a bare file of weights, the settings' data set does.
  init(
    _ settings: TrainingSettings, state: CheckpointState?, environment: [String: String]
  ) throws(Failure) {
    isLightOnBlack = !settings.dataset.needsDirectory
    if let side = state?.imageSide, let classNames = state?.classNames {
      (self.side, self.classNames) = (side, classNames)
    } else if settings.dataset.needsDirectory {
      let test = try TrainingData.loadTest(settings, environment: environment)
      (side, classNames) = (test.shape.height, test.classNames)
    } else {
      side = FashionMNIST.shape.height
      // A network with other outputs was trained for something else.
      classNames =
        settings.classes == FashionMNIST.classNames.count
        ? FashionMNIST.classNames : (0..<settings.classes).map { "\($0)" }
    }
  }

  var shape: Shape { Shape(height: side, width: side, channels: 1) }
}

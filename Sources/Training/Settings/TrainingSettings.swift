import Datasets
import Foundation
import Layers
import Optimizers
import Tensors

/// Everything that defines a training run, resolved. ``Setting`` lists the fields with their names and limits.
public struct TrainingSettings: Equatable, Sendable {
  public var model = ""
  public var recipe = "default"

  // What is learned from.
  public var dataset = DatasetChoice.fashionMNIST
  public var data: String?
  /// The part of a folder's pictures that is for testing; nil where the folder is split, or for the usual part.
  public var testFraction: Double?
  public var trainLimit: Int?
  public var testLimit: Int?
  public var imageSize: Int?
  public var classes = 10
  public var shuffle = true
  public var verify = FashionMNIST.Verification.warn

  // How.
  public var epochs = 5
  public var maxSteps: Int?
  public var batchSize = 256
  /// Into how many shards a global batch is cut, whose gradients are added up in one fixed tree; 0 for none.
  public var shards = 8
  /// Pieces in which a rank computes its part of a batch.
  public var accumulate = 1
  public var optimizer = OptimizerChoice.adam
  public var learningRate: Float = 0.001
  public var schedule = LearningRateSchedule.constant
  public var warmupEpochs = 0.0
  public var momentum: Float = 0
  public var nesterov = false
  public var weightDecay: Float = 0
  public var decay = DecayChoice.weights
  /// The largest norm of a gradient; 0 for any.
  public var clipNorm = 0.0
  /// How much of the average of the weights a step keeps; 0 for no average.
  public var ema = 0.0
  public var augmentation = Augmentation()
  /// Alpha of the shares; 0 blends nothing.
  public var mixup = 0.0
  public var labelSmoothing: Float = 0
  public var dropout: Double?
  public var initialization = Initialization.pytorch
  public var seed: UInt64 = 1
  public var initialWeights: String?
  /// Epochs without a better test accuracy after which the run ends; 0 for never.
  public var earlyStopping = 0

  // What if it goes wrong.
  /// The step after which a network must have begun to learn; 0 asks never.
  public var deadSteps = 600
  public var restartDead = 0
  public var onNonFinite = NonFiniteChoice.stop
  /// Seconds of waiting for another rank after which it is named, and after which the job is given up; 0 for never.
  public var stallWarning = 60
  public var stallLimit = 600
  /// Steps after which the ranks compare their replicas; 0 for never.
  public var auditEvery = 100
  public var heal = false

  // On what.
  public var ranks: Int?
  public var threads: Int?
  /// Whether each rank keeps the moments of a part of the parameters and updates these alone.
  public var shardOptimizer = false
  /// How ranks send each other gradients.
  public var wire = FloatFormat.f32
  /// Whether ranks add gradients up while backward goes on.
  public var overlap = true
  /// Seconds after which the ranks must have met; 0 for any time.
  public var startLimit = 120
  public var gemm = ProductChoice.own

  // What is left behind and shown.
  public var run: String?
  public var forceUnlock = false
  public var resume = ResumeChoice.none
  /// Whether a run is resumed although it becomes another one.
  public var override = false
  public var checkpointEvery: Int?
  public var keep = 3
  public var evalEvery = 1
  public var logEvery = 10
  /// Whether TensorBoard's event files are written.
  public var tensorboard = true
  /// Steps between two histograms of weights and gradients; 0 for none.
  public var histogramEvery = 0
  /// Where metrics are served; nil for nowhere, port 0 for any that is free.
  public var metricsPort: UInt16?
  public var metricsHost: String?
  static let standardMetricsHost = "127.0.0.1"
  /// A file for the timeline of all ranks.
  public var trace: String?
  public var quiet = false

  public init() {}
}

extension TrainingSettings {
  /// The same, with paths that lead there from any working directory.
  var withAbsolutePaths: TrainingSettings {
    func absolute(_ path: String) -> String { URL(fileURLWithPath: path).standardizedFileURL.path }
    var settings = self
    settings.data = data.map(absolute)
    settings.initialWeights = initialWeights.map(absolute)
    return settings
  }
}

public enum OptimizerChoice: String, CaseIterable, Sendable {
  case sgd
  case adam
  case adamw
  case lars
}

/// What weight decay acts on: every parameter, as in PyTorch, or the weights of convolutions and linear layers alone.
public enum DecayChoice: String, CaseIterable, Sendable {
  case all
  case weights
}

/// Whose matrix products the kernels use.
public enum ProductChoice: String, CaseIterable, Sendable {
  case own
  case openblas
}

/// What to do about a gradient that is not finite.
public enum NonFiniteChoice: Equatable, Sendable, CustomStringConvertible {
  case stop
  /// Leave the update out, so many times in a run.
  case skip(Int)

  /// Reads `stop` or `skip:N`; nil for anything else.
  public init?(_ text: String) {
    if text == "stop" {
      self = .stop
    } else if text.hasPrefix("skip:"), let count = Int(text.dropFirst(5)), count > 0 {
      self = .skip(count)
    } else {
      return nil
    }
  }

  public var description: String {
    switch self {
    case .stop: "stop"
    case .skip(let count): "skip:\(count)"
    }
  }

  /// How many updates a run may leave out.
  var allowance: Int { if case .skip(let count) = self { count } else { 0 } }
}

/// Where a run starts from: `none`, the newest valid checkpoint of its directory, or a given checkpoint.
public enum ResumeChoice: Equatable, Sendable {
  case none
  case auto
  case path(String)
}

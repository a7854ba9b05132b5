import Datasets
import Layers

/// Everything that defines a training run, resolved. ``Setting`` lists the fields with their names and limits.
public struct TrainingSettings: Equatable, Sendable {
  public var model = ""
  public var recipe = "default"

  // What is learned from.
  public var dataset = DatasetChoice.fashionMNIST
  public var data: String?
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
  public var optimizer = OptimizerChoice.adam
  public var learningRate: Float = 0.001
  public var momentum: Float = 0
  public var weightDecay: Float = 0
  public var dropout: Double?
  public var initialization = Initialization.pytorch
  public var seed: UInt64 = 1
  public var initialWeights: String?

  // On what.
  public var ranks: Int?
  public var threads: Int?

  // What is left behind and shown.
  public var run: String?
  public var forceUnlock = false
  public var resume = ResumeChoice.none
  public var checkpointEvery: Int?
  public var keep = 3
  public var evalEvery = 1
  public var logEvery = 10
  public var quiet = false

  public init() {}
}

public enum DatasetChoice: String, CaseIterable, Sendable {
  case fashionMNIST = "fashion-mnist"
  case synthetic
}

public enum OptimizerChoice: String, CaseIterable, Sendable {
  case sgd
  case adam
}

/// Where a run starts from: `none`, the newest valid checkpoint of its directory, or a given checkpoint.
public enum ResumeChoice: Equatable, Sendable {
  case none
  case auto
  case path(String)
}

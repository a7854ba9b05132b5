/// Settings that belong together, by name. A recipe is data: what it does not say keeps its default.
public struct Recipe: Sendable {
  /// Every recipe's name, for messages and help.
  public static let names = ["default", "notebook", "quick"]

  /// The settings of a recipe for a model, as text; nil where the model has no such recipe.
  public static func settings(_ recipe: String, model: String) -> [String: String]? {
    switch recipe {
    case "default": defaults[model]
    case "notebook": notebook[model]
    case "quick": quick[model]
    default: nil
    }
  }

  /// Learns from the first epoch. Saturating networks start from Xavier's weights, ReLU networks from He's with a small
  /// step: at full width, PyTorch's default start and Adam at 1e-3 stay at a loss of ln 10.
  private static let defaults: [String: [String: String]] = [
    "lenet": ["initialization": "xavier", "lr": "0.003", "batch-size": "256", "epochs": "10"],
    "lenet-max": ["initialization": "xavier", "lr": "0.003", "batch-size": "256", "epochs": "10"],
    "lenet5": ["initialization": "xavier", "lr": "0.001", "batch-size": "256", "epochs": "10"],
    "alexnet": ["initialization": "he", "lr": "0.0001", "batch-size": "128", "epochs": "5"],
    "alexnet-small": ["initialization": "he", "lr": "0.0001", "batch-size": "128", "epochs": "5"],
    "vgg11": ["initialization": "he", "lr": "0.0001", "batch-size": "64", "epochs": "5"],
    "vgg11-small": ["initialization": "he", "lr": "0.001", "batch-size": "64", "epochs": "5"],
    "vgg16": ["initialization": "he", "lr": "0.0001", "batch-size": "64", "epochs": "5"],
  ]

  /// The notebooks' own: Adam at 1e-3 from PyTorch's default start, their batches and five epochs.
  private static let notebook: [String: [String: String]] = [
    "lenet": ["batch-size": "256"],
    "lenet-max": ["batch-size": "256"],
    "lenet5": ["batch-size": "256"],
    "alexnet": ["batch-size": "128"],
    "alexnet-small": ["batch-size": "128"],
    "vgg11": ["batch-size": "64"],
    "vgg11-small": ["batch-size": "64"],
    "vgg16": ["batch-size": "64"],
  ]

  /// A few minutes on two cores: full widths on small images.
  private static let quick: [String: [String: String]] = [
    "vgg11": [
      "initialization": "he", "lr": "0.0001", "batch-size": "128", "image-size": "32", "train-limit": "22400",
      "epochs": "1", "checkpoint-every": "40",
    ]
  ]
}

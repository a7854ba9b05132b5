extension Recipe {
  /// Recipe, model, settings: words `name=value`.
  static let table: [String: [String: String]] = [
    // Learns from the first epoch. Saturating networks start from Xavier's weights, plain ReLU networks from He's with a
    // small step: at full width, PyTorch's default start and Adam at 1e-3 stay at a loss of ln 10. Networks with
    // batch normalisation forgive both.
    "default": [
      "lenet": "initialization=xavier lr=0.003 batch-size=256 epochs=10",
      "lenet-max": "initialization=xavier lr=0.003 batch-size=256 epochs=10",
      "lenet5": "initialization=xavier lr=0.001 batch-size=256 epochs=10",
      "lenet5-1998": "initialization=xavier lr=0.006 schedule=one-cycle batch-size=64 epochs=15",
      "alexnet": "initialization=he lr=0.0001 batch-size=128 epochs=5",
      "alexnet-small": "initialization=he lr=0.0001 batch-size=128 epochs=5",
      "alexnet-imagenet": "initialization=he lr=0.0001 batch-size=128 epochs=5",
      "alexnet-half": "initialization=he lr=0.0003 batch-size=128 epochs=5",
      "vgg11": "initialization=he lr=0.0001 batch-size=64 epochs=5",
      "vgg11-small": "initialization=he lr=0.001 batch-size=64 epochs=5",
      "vgg16": "initialization=he lr=0.0001 batch-size=64 epochs=5",
      "nin": "initialization=he lr=0.0003 batch-size=128 epochs=10",
      "googlenet": "initialization=he lr=0.0003 batch-size=128 epochs=10",
      "resnet18": "lr=0.001 batch-size=128 epochs=10",
      "densenet": "lr=0.001 batch-size=128 epochs=10",
    ],

    // The notebooks' own: Adam at 1e-3 from PyTorch's default start, their batches and five epochs.
    "notebook": [
      "lenet": "batch-size=256 decay=all",
      "lenet-max": "batch-size=256 decay=all",
      "lenet5": "batch-size=256 decay=all",
      "lenet5-1998": "batch-size=256 decay=all",
      "alexnet": "batch-size=128 decay=all",
      "alexnet-small": "batch-size=128 decay=all",
      "alexnet-imagenet": "batch-size=128 decay=all",
      "alexnet-half": "batch-size=128 decay=all",
      "vgg11": "batch-size=64 decay=all",
      "vgg11-small": "batch-size=64 decay=all",
      "vgg16": "batch-size=64 decay=all",
      "nin": "batch-size=128 decay=all",
      "googlenet": "batch-size=128 decay=all",
      "resnet18": "batch-size=256 decay=all",
      "densenet": "batch-size=256 decay=all",
    ],

    // Dive into Deep Learning (Zhang, Lipton, Li and Smola, 2023): plain SGD from Xavier's weights, ten epochs. Its VGG-11
    // divides the widths by 4; here that is vgg11-small, which divides them by 8. Here sigmoids start with the gain that
    // Glorot and Bengio give for them, 4, and leave their plateau in the first epoch instead of after up to 420 steps.
    "book": [
      "lenet":
        "initialization=xavier optimizer=sgd lr=0.9 batch-size=256 epochs=10 decay=all",
      "alexnet": "initialization=xavier optimizer=sgd lr=0.01 batch-size=128 epochs=10 decay=all",
      "vgg11-small": "initialization=xavier optimizer=sgd lr=0.05 batch-size=128 epochs=10 decay=all",
      "nin": "initialization=xavier optimizer=sgd lr=0.1 batch-size=128 epochs=10 decay=all",
      "googlenet": "initialization=xavier optimizer=sgd lr=0.1 batch-size=128 epochs=10 decay=all",
      "resnet18": "initialization=xavier optimizer=sgd lr=0.05 batch-size=256 epochs=10 decay=all",
      "densenet": "initialization=xavier optimizer=sgd lr=0.1 batch-size=256 epochs=10 decay=all",
    ],

    // For accuracy.
    "best": [
      "lenet":
        "initialization=xavier optimizer=adamw lr=0.004 weight-decay=0.01 schedule=one-cycle batch-size=128 epochs=40 augment=flip",
      "lenet-max":
        "initialization=xavier optimizer=adamw lr=0.004 weight-decay=0.01 schedule=one-cycle batch-size=128 epochs=40 augment=flip",
      "lenet5":
        "initialization=xavier optimizer=sgd lr=0.05 momentum=0.9 nesterov=true weight-decay=0.0005 schedule=one-cycle batch-size=64 epochs=100 augment=rotate:4",
      "lenet5-1998":
        "initialization=xavier optimizer=adamw lr=0.002 weight-decay=0.01 schedule=one-cycle batch-size=128 epochs=40 augment=flip",
      "alexnet":
        "initialization=he optimizer=adamw lr=0.0005 weight-decay=0.05 schedule=one-cycle batch-size=128 epochs=20 augment=flip,crop label-smoothing=0.1 ema=0.999",
      "alexnet-small":
        "initialization=he optimizer=adamw lr=0.0005 weight-decay=0.05 schedule=one-cycle batch-size=128 epochs=20 augment=flip,crop label-smoothing=0.1 ema=0.999",
      "alexnet-imagenet":
        "initialization=he optimizer=adamw lr=0.0005 weight-decay=0.05 schedule=one-cycle batch-size=128 epochs=20 augment=flip,crop label-smoothing=0.1 ema=0.999",
      "alexnet-half":
        "initialization=he optimizer=adamw lr=0.0005 weight-decay=0.05 schedule=one-cycle batch-size=128 epochs=20 augment=flip,crop label-smoothing=0.1 ema=0.999",
      "vgg11":
        "initialization=he optimizer=adamw lr=0.0003 weight-decay=0.05 schedule=one-cycle batch-size=128 epochs=20 augment=flip,crop label-smoothing=0.1 ema=0.999 clip-norm=5",
      "vgg11-small":
        "initialization=he optimizer=adamw lr=0.001 weight-decay=0.05 schedule=one-cycle batch-size=128 epochs=20 augment=flip,crop label-smoothing=0.1 ema=0.999 clip-norm=5",
      "vgg16":
        "initialization=he optimizer=adamw lr=0.0003 weight-decay=0.05 schedule=one-cycle batch-size=128 epochs=20 augment=flip,crop label-smoothing=0.1 ema=0.999 clip-norm=5",
      "nin":
        "initialization=he optimizer=adamw lr=0.001 weight-decay=0.05 schedule=one-cycle batch-size=128 epochs=20 augment=flip,crop ema=0.999 clip-norm=5",
      "googlenet":
        "initialization=he optimizer=adamw lr=0.001 weight-decay=0.05 schedule=one-cycle batch-size=128 epochs=20 augment=flip,crop label-smoothing=0.1 ema=0.999 clip-norm=5",
      // In two shards, because batch normalisation over 64 images gave the accuracy that is published.
      "resnet18":
        "shards=2 initialization=he optimizer=sgd lr=0.05 momentum=0.9 nesterov=true weight-decay=0.0005 schedule=one-cycle batch-size=128 epochs=24 augment=flip,crop:1 image-size=32 label-smoothing=0.1 ema=0.998",
      "densenet":
        "initialization=he optimizer=sgd lr=0.1 momentum=0.9 nesterov=true weight-decay=0.0005 schedule=one-cycle batch-size=128 epochs=15 augment=flip,crop:2 image-size=32 label-smoothing=0.1 ema=0.998",
    ],

    // A few minutes on two cores: full widths on small images.
    "quick": [
      "vgg11":
        "initialization=he lr=0.0001 batch-size=128 image-size=32 train-limit=22400 epochs=1 checkpoint-every=40"
    ],
  ]
}

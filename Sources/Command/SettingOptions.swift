import ArgumentParser
import Datasets
import Training

/// The options of `train`. Values are text here; ``SettingsResolver`` reads them, so that the command line, the
/// environment and files share one set of limits and messages.
struct SettingOptions: ParsableArguments {
  @Option(
    help: ArgumentHelp(
      "Settings that belong together: default, notebook, book, best or quick.", valueName: "name"),
    completion: .list(Recipe.names))
  var recipe: String?
  @Option(
    help: ArgumentHelp(
      "fashion-mnist; synthetic drawings that need no files; idx (MNIST's format) or folder (of folders of PNG files) in --data.",
      valueName: "name"), completion: .list(DatasetChoice.allCases.map(\.rawValue)))
  var dataset: String?
  @Option(help: ArgumentHelp("Directory of the data files.", valueName: "dir"), completion: .directory)
  var data: String?
  @Option(
    help: ArgumentHelp(
      "The part of a folder's pictures to test on, where it has no test folder.", valueName: "x"))
  var testFraction: String?
  @Option(help: ArgumentHelp("Train on the first n samples only.", valueName: "n"))
  var trainLimit: String?
  @Option(help: ArgumentHelp("Test on the first n samples only.", valueName: "n"))
  var testLimit: String?
  @Option(help: ArgumentHelp("Pixels a side; images are resized.", valueName: "n"))
  var imageSize: String?
  @Option(help: ArgumentHelp("Outputs of the network.", valueName: "n"))
  var classes: String?
  @Flag(help: "Keep the order of the files in every epoch.")
  var noShuffle = false
  @Option(help: ArgumentHelp("Data that is valid but not the published: warn or strict.", valueName: "mode"))
  var verify: String?
  @Option(help: ArgumentHelp("Times to go through the training set.", valueName: "n"))
  var epochs: String?
  @Option(help: ArgumentHelp("Stop after n steps instead, however many epochs that takes.", valueName: "n"))
  var maxSteps: String?
  @Option(help: ArgumentHelp("Images in a step over all ranks.", valueName: "n"))
  var batchSize: String?
  @Option(
    help: ArgumentHelp(
      "Cut every batch into s shards, whose gradients are added up in one fixed order: the same bits on any number of ranks that "
        + "divides s. Batch normalisation sees a shard at a time. 0 leaves the order to MPI.",
      valueName: "s"))
  var shards: String?
  @Option(
    help: ArgumentHelp(
      "Compute a rank's part of a batch in k pieces, for less memory; batch normalisation sees a piece at a time.",
      valueName: "k"))
  var accumulate: String?
  @Option(
    help: ArgumentHelp("adam, adamw, sgd or lars.", valueName: "name"),
    completion: .list(OptimizerChoice.allCases.map(\.rawValue)))
  var optimizer: String?
  @Option(help: ArgumentHelp("Learning rate; the highest of a schedule.", valueName: "x"))
  var lr: String?
  @Option(
    help: ArgumentHelp("How the rate goes over the run: \(Setting.schedule.allowed).", valueName: "text"))
  var schedule: String?
  @Option(help: ArgumentHelp("Epochs, or a part of one, in which the rate rises from zero.", valueName: "x"))
  var warmupEpochs: String?
  @Option(help: ArgumentHelp("Momentum of sgd and lars.", valueName: "x"))
  var momentum: String?
  @Flag(inversion: .prefixedNo, help: "Nesterov's form of sgd's momentum.")
  var nesterov: Bool?
  @Option(
    help: ArgumentHelp("Weight decay: on the gradient, with adamw on the parameter.", valueName: "x"))
  var weightDecay: String?
  @Option(
    help: ArgumentHelp(
      "What decays: weights (of convolutions and linear layers), or all (biases and norms too).",
      valueName: "what"))
  var decay: String?
  @Option(help: ArgumentHelp("Scale a gradient down to this norm; 0 never.", valueName: "x"))
  var clipNorm: String?
  @Option(
    help: ArgumentHelp(
      "Keep an exponential moving average of the weights, to evaluate and save; 0 for none.",
      valueName: "decay"))
  var ema: String?
  @Option(
    help: ArgumentHelp(
      "Change training pictures at random: flip,rotate:10,crop:4,brightness:0.2,contrast:0.2,erase:0.25.",
      valueName: "list"))
  var augment: String?
  @Option(help: ArgumentHelp("Blend pairs of pictures, shares from Beta(alpha, alpha).", valueName: "alpha"))
  var mixup: String?
  @Option(help: ArgumentHelp("Give this much of the target to all classes alike.", valueName: "x"))
  var labelSmoothing: String?
  @Option(help: ArgumentHelp("Replace every dropout probability; 0 turns it off.", valueName: "p"))
  var dropout: String?
  @Option(
    help: ArgumentHelp("How weights start: pytorch, he or xavier.", valueName: "scheme"),
    completion: .list(["pytorch", "he", "xavier"]))
  var initialization: String?
  @Option(help: ArgumentHelp("Seed of everything random.", valueName: "n"))
  var seed: String?
  @Option(
    name: .customLong("init"), help: ArgumentHelp("Start from these weights.", valueName: "file.safetensors"),
    completion: .file(extensions: ["safetensors"]))
  var initialWeights: String?
  @Option(
    help: ArgumentHelp("End after n epochs without a better test accuracy; 0 never.", valueName: "n"))
  var earlyStopping: String?
  @Option(
    help: ArgumentHelp("Look after n steps whether the network has begun to learn; 0 never.", valueName: "n"))
  var deadSteps: String?
  @Option(
    help: ArgumentHelp(
      "Start anew with the next seed where it has not, at most k times.", valueName: "k"))
  var restartDead: String?
  @Option(
    name: .customLong("on-nonfinite"),
    help: ArgumentHelp(
      "What to do about a gradient that is not finite: stop, or skip:n updates.", valueName: "what"))
  var onNonFinite: String?
  @Option(
    help: ArgumentHelp("Name the rank that others wait for after n seconds; 0 never.", valueName: "n"))
  var stallWarning: String?
  @Option(help: ArgumentHelp("Give up after n seconds of waiting for a rank; 0 never.", valueName: "n"))
  var stallLimit: String?
  @Option(
    help: ArgumentHelp(
      "Compare the ranks' parameters every n steps and before each save; 0 never.", valueName: "n"))
  var auditEvery: String?
  @Flag(help: "Copy the majority's replica to a rank whose own differs.")
  var heal = false
  @Option(
    help: ArgumentHelp("Whose matrix products: own, or openblas (slower, for comparison).", valueName: "name")
  )
  var gemm: String?
  @Option(help: ArgumentHelp("Run n ranks as threads of this process, without MPI.", valueName: "n"))
  var ranks: String?
  @Option(help: ArgumentHelp("Threads of each rank.", valueName: "n"))
  var threads: String?
  @Flag(
    inversion: .prefixedNo,
    help: "Each rank keeps the optimizer's moments of a part of the parameters, and updates these for all.")
  var shardOptimizer: Bool?
  @Option(
    help: ArgumentHelp(
      "How ranks send gradients: f32, or bf16, half the bytes, with what rounding loses carried over to the next step.",
      valueName: "format"))
  var wire: String?
  @Flag(help: "Begin to add up gradients when backward has ended, to see what overlap is worth.")
  var noOverlap = false
  @Option(
    help: ArgumentHelp("Give up where the ranks have not met after n seconds; 0 never.", valueName: "n"))
  var startLimit: String?
  @Option(
    help: ArgumentHelp("Run directory; default runs/<model>-<n>.", valueName: "dir"), completion: .directory)
  var run: String?
  @Flag(help: "Take the run directory from the job that holds it.")
  var forceUnlock = false
  @Option(help: ArgumentHelp("auto (the run's newest checkpoint), none, or a checkpoint.", valueName: "what"))
  var resume: String?
  @Flag(help: "Resume although architecture, seed or data are not those of the checkpoint.")
  var override = false
  @Option(help: ArgumentHelp("Save every n steps, besides each epoch.", valueName: "n"))
  var checkpointEvery: String?
  @Option(help: ArgumentHelp("How many checkpoints to keep, besides the best.", valueName: "n"))
  var keep: String?
  @Option(help: ArgumentHelp("Test every n epochs; 0 never.", valueName: "n"))
  var evalEvery: String?
  @Option(help: ArgumentHelp("Write a line of metrics every n steps.", valueName: "n"))
  var logEvery: String?
  @Flag(help: "Write no event files for TensorBoard.")
  var noTensorboard = false
  @Option(
    help: ArgumentHelp(
      "Show TensorBoard how weights and gradients are spread every n steps; 0 never.", valueName: "n"))
  var histogramEvery: String?
  @Option(
    help: ArgumentHelp("Serve metrics to Prometheus on this port; 0 for any that is free.", valueName: "n"))
  var metricsPort: String?
  @Option(help: ArgumentHelp("Where to serve them besides this machine itself.", valueName: "address"))
  var metricsHost: String?
  @Option(
    help: ArgumentHelp(
      "Write a timeline of every rank's computation and communication, for Perfetto.", valueName: "file.json"),
    completion: .file(extensions: ["json"]))
  var trace: String?
  @Flag(help: "Say nothing but warnings and errors.")
  var quiet = false
  @Option(
    help: ArgumentHelp("YAML file of settings.", valueName: "file"),
    completion: .file(extensions: ["yaml", "yml"]))
  var config: String?

  /// What was given, by setting name.
  var values: [String: String] {
    let given: [String: String?] = [
      "recipe": recipe, "dataset": dataset, "data": data, "test-fraction": testFraction,
      "train-limit": trainLimit, "test-limit": testLimit,
      "image-size": imageSize, "classes": classes, "shuffle": noShuffle ? "false" : nil, "verify": verify,
      "epochs": epochs, "max-steps": maxSteps, "batch-size": batchSize, "shards": shards,
      "accumulate": accumulate,
      "optimizer": optimizer, "lr": lr, "schedule": schedule, "warmup-epochs": warmupEpochs,
      "momentum": momentum, "nesterov": nesterov.map { "\($0)" }, "weight-decay": weightDecay, "decay": decay,
      "clip-norm": clipNorm, "ema": ema, "augment": augment, "mixup": mixup,
      "label-smoothing": labelSmoothing, "dropout": dropout, "initialization": initialization,
      "early-stopping": earlyStopping, "dead-steps": deadSteps, "restart-dead": restartDead,
      "on-nonfinite": onNonFinite, "stall-warning": stallWarning, "stall-limit": stallLimit,
      "audit-every": auditEvery, "start-limit": startLimit, "heal": heal ? "true" : nil, "seed": seed,
      "init": initialWeights, "gemm": gemm, "ranks": ranks,
      "threads": threads, "shard-optimizer": shardOptimizer.map { "\($0)" },
      "wire": wire, "overlap": noOverlap ? "false" : nil,
      "run": run,
      "force-unlock": forceUnlock ? "true" : nil, "resume": resume, "override": override ? "true" : nil,
      "checkpoint-every": checkpointEvery, "keep": keep, "eval-every": evalEvery, "log-every": logEvery,
      "tensorboard": noTensorboard ? "false" : nil, "histogram-every": histogramEvery,
      "metrics-port": metricsPort, "metrics-host": metricsHost, "trace": trace,
      "quiet": quiet ? "true" : nil,
    ]
    return given.compactMapValues { $0 }
  }
}

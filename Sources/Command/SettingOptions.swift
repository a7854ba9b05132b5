import ArgumentParser
import Training

/// The options of `train`. Values are text here; ``SettingsResolver`` reads them, so that the command line, the
/// environment and files share one set of limits and messages.
struct SettingOptions: ParsableArguments {
  @Option(help: ArgumentHelp("Settings that belong together: default, notebook or quick.", valueName: "name"))
  var recipe: String?
  @Option(help: ArgumentHelp("fashion-mnist, or synthetic drawings that need no files.", valueName: "name"))
  var dataset: String?
  @Option(help: ArgumentHelp("Directory of the data files.", valueName: "dir"))
  var data: String?
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
  @Option(help: ArgumentHelp("adam or sgd.", valueName: "name"))
  var optimizer: String?
  @Option(help: ArgumentHelp("Learning rate.", valueName: "x"))
  var lr: String?
  @Option(help: ArgumentHelp("Momentum of sgd.", valueName: "x"))
  var momentum: String?
  @Option(help: ArgumentHelp("Weight decay, added to the gradient.", valueName: "x"))
  var weightDecay: String?
  @Option(help: ArgumentHelp("Replace every dropout probability; 0 turns it off.", valueName: "p"))
  var dropout: String?
  @Option(help: ArgumentHelp("How weights start: pytorch, he or xavier.", valueName: "scheme"))
  var initialization: String?
  @Option(help: ArgumentHelp("Seed of everything random.", valueName: "n"))
  var seed: String?
  @Option(
    name: .customLong("init"), help: ArgumentHelp("Start from these weights.", valueName: "file.safetensors"))
  var initialWeights: String?
  @Option(help: ArgumentHelp("Run n ranks as threads of this process, without MPI.", valueName: "n"))
  var ranks: String?
  @Option(help: ArgumentHelp("Threads of each rank.", valueName: "n"))
  var threads: String?
  @Option(help: ArgumentHelp("Run directory; default runs/<model>-<n>.", valueName: "dir"))
  var run: String?
  @Flag(help: "Take the run directory from the job that holds it.")
  var forceUnlock = false
  @Option(help: ArgumentHelp("auto (the run's newest checkpoint), none, or a checkpoint.", valueName: "what"))
  var resume: String?
  @Option(help: ArgumentHelp("Save every n steps, besides each epoch.", valueName: "n"))
  var checkpointEvery: String?
  @Option(help: ArgumentHelp("How many checkpoints to keep, besides the best.", valueName: "n"))
  var keep: String?
  @Option(help: ArgumentHelp("Test every n epochs; 0 never.", valueName: "n"))
  var evalEvery: String?
  @Option(help: ArgumentHelp("Write a line of metrics every n steps.", valueName: "n"))
  var logEvery: String?
  @Flag(help: "Say nothing but warnings and errors.")
  var quiet = false
  @Option(help: ArgumentHelp("YAML file of settings.", valueName: "file"))
  var config: String?

  /// What was given, by setting name.
  var values: [String: String] {
    let given: [String: String?] = [
      "recipe": recipe, "dataset": dataset, "data": data, "train-limit": trainLimit, "test-limit": testLimit,
      "image-size": imageSize, "classes": classes, "shuffle": noShuffle ? "false" : nil, "verify": verify,
      "epochs": epochs, "max-steps": maxSteps, "batch-size": batchSize, "optimizer": optimizer, "lr": lr,
      "momentum": momentum, "weight-decay": weightDecay, "dropout": dropout, "initialization": initialization,
      "seed": seed, "init": initialWeights, "ranks": ranks, "threads": threads, "run": run,
      "force-unlock": forceUnlock ? "true" : nil, "resume": resume,
      "checkpoint-every": checkpointEvery, "keep": keep, "eval-every": evalEvery, "log-every": logEvery,
      "quiet": quiet ? "true" : nil,
    ]
    return given.compactMapValues { $0 }
  }
}

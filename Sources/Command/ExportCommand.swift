import ArgumentParser
import Checkpoints
import Exports
import Failures
import Files
import Foundation
import Models
import Training

/// `cnn-dist export RUN`.
public struct ExportCommand: ParsableCommand {
  public static let configuration = CommandConfiguration(
    commandName: "export", abstract: "Write a network for other programs, or as a picture.",
    discussion: """
      safetensors  the weights under PyTorch's names; --half for float16
      onnx         network and weights, for onnxruntime and others; any batch;
                   metadata "classes" names the outputs, as a JSON array
      dot          the network as a graph, for Graphviz
      svg          the network as a picture, with shapes and parameters

      Examples:
        cnn-dist export runs/lenet-1 --output lenet.onnx
        cnn-dist export runs/vgg11-1/checkpoints/best --output v.safetensors --half
        cnn-dist export w.safetensors --model lenet --format onnx --output l.onnx
        cnn-dist export resnet18 --output resnet18.svg     fresh weights, or none
        cnn-dist export googlenet --format dot | dot -Tpdf > googlenet.pdf
      """)

  enum Format: String, ExpressibleByArgument, CaseIterable {
    case safetensors, onnx, dot, svg

    /// Whether a terminal can show it.
    var isText: Bool { self == .dot || self == .svg }

    /// What a file's name says.
    init?(fileName: String) {
      guard let dot = fileName.lastIndex(of: ".") else { return nil }
      let ending = fileName[fileName.index(after: dot)...].lowercased()
      self.init(rawValue: ending == "gv" ? "dot" : ending)
    }
  }

  @Argument(
    help:
      "A run directory, a checkpoint, a .safetensors file, or the name of a network for fresh weights.")
  var source: String
  @Option(help: "What to write (default: what the name of --output says).")
  var format: Format?
  @Option(
    help: ArgumentHelp("The file to write (default for dot and svg: standard output).", valueName: "file"))
  var output: String?
  @Flag(help: "Store safetensors as float16.")
  var half = false
  @Option(
    help: ArgumentHelp(
      "The network, where the checkpoint does not lie in a run directory.", valueName: "name"))
  var model: String?
  @Option(help: ArgumentHelp("Pixels a side.", valueName: "n"))
  var imageSize: String?
  @Option(help: ArgumentHelp("Outputs of the network.", valueName: "n"))
  var classes: String?
  @Option(help: ArgumentHelp("Seed of fresh weights.", valueName: "n"))
  var seed: String?

  public init() {}

  public func run() throws {
    let environment = ProcessInfo.processInfo.environment
    let format = try chosenFormat()
    let given = ["image-size": imageSize, "classes": classes, "seed": seed].compactMapValues { $0 }
    // A file or directory of that name comes before a network.
    let isFresh = ModelRegistry.named(source) != nil && Directory.kind(source) == nil
    if !isFresh, Directory.kind(source) == nil {
      throw Failure(
        .missingInput, "no such run, checkpoint or network", at: source,
        advice: nearest(to: source, in: ModelRegistry.all.map(\.name)).map { "did you mean '\($0)'?" } ?? "")
    }
    if isFresh, let model, model != source {
      throw Failure(.usage, "\(source) is a network itself", at: "--model", advice: "leave it out")
    }
    let settings =
      isFresh
      ? try SettingsResolver.resolve(model: source, commandLine: given, environment: environment, file: nil)
      : try SettingsResolver.resolve(
        checkpoint: source, model: model, commandLine: given, environment: environment)
    switch format {
    case .dot: try show(DotText.of(try architecture(settings)))
    case .svg: try show(SVGText.of(try architecture(settings)))
    case .onnx, .safetensors:
      guard let output else { preconditionFailure("a format that is no text has a file") }
      let weights = try NetworkWeights(
        settings, checkpoint: isFresh ? nil : source, environment: environment)
      if format == .onnx {
        var properties = [(name: "model", value: settings.model)]
        if let names = weights.classNames {
          properties.append(("classes", String(decoding: try JSONEncoder().encode(names), as: UTF8.self)))
        }
        try ONNXExport.write(
          try architecture(settings), tensors: weights.tensors, producer: ("cnn-dist", Version.current),
          properties: properties, to: output)
      } else {
        try write(weights, to: output)
      }
      print("\(output): \(settings.model), \(format.rawValue)\(half ? ", float16" : "")")
    }
  }

  private func chosenFormat() throws(Failure) -> Format {
    guard let format = format ?? output.flatMap({ Format(fileName: $0) }) else {
      throw Failure(
        .usage, "nothing says what to write", at: "--format",
        advice: "give \(Format.allCases.map(\.rawValue).joined(separator: ", "))")
    }
    guard output != nil || format.isText else {
      throw Failure(.usage, "\(format.rawValue) is no text to print", at: "--output", advice: "name a file")
    }
    guard !half || format == .safetensors else {
      throw Failure(
        .usage, "\(format.rawValue) is not stored in float16", at: "--half", advice: "leave it out")
    }
    return format
  }

  private func show(_ text: String) throws(Failure) {
    guard let output else { return print(text, terminator: "") }
    try AtomicFile.write(text, to: output)
  }

  private func write(_ weights: NetworkWeights, to path: String) throws(Failure) {
    let writer = SafetensorsWriter(code: .cannotWrite)
    try AtomicFile.replace(path) { temporary throws(Failure) in
      try writer.write(
        weights.tensors, integers: weights.integers, as: half ? .float16 : .float32, to: temporary
      )
      .file
    }
  }
}

/// The network of the settings, for a picture or an export.
func architecture(_ settings: TrainingSettings) throws(Failure) -> Architecture {
  let graph = try TrainingRun.graph(settings)
  guard let model = ModelRegistry.named(settings.model) else { throw unknownModel(settings.model) }
  do { return try Architecture(model.layers(settings.classes), name: model.name, graph: graph) } catch {
    throw Failure(.internalError, "\(error)", at: model.name)
  }
}

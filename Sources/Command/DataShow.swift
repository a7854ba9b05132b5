import ArgumentParser
import Datasets
import Failures
import Foundation

extension DataCommand {
  /// Prints images.
  struct Show: ParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Print images with their labels in the terminal.",
      discussion: """
        Examples:
          cnn-dist data show
          cnn-dist data show --split test --index 42
          cnn-dist data show --class "ankle boot" --count 6
          cnn-dist data show --dataset synthetic
          cnn-dist data show --augment flip,crop,rotate:15 --epoch 2
        """)

    enum Source: String, ExpressibleByArgument, CaseIterable {
      case fashionMNIST = "fashion-mnist"
      case synthetic
    }

    @Option(help: "What to show.")
    var dataset = Source.fashionMNIST

    @Option(help: "Directory of the files.")
    var data: String?

    @Option(help: "Which part.")
    var split = Split.train

    @Option(help: "The first image to show.")
    var index = 0

    @Option(
      name: .customLong("class"), help: ArgumentHelp("Show this class alone.", valueName: "name|number"))
    var className: String?

    @Option(help: "How many images to show (default: as many as fit side by side).")
    var count: Int?

    @Option(
      help: ArgumentHelp(
        "Show what training makes of each image beside it: \(Augmentation.usual.description).",
        valueName: "list"))
    var augment: String?

    @Option(help: "The seed of the changes, as in training.")
    var seed: UInt64 = 1

    @Option(help: "The epoch of the changes: each has others.")
    var epoch = 1

    func validate() throws {
      if let count, count < 1 { throw ValidationError("--count must be at least 1") }
      if epoch < 1 { throw ValidationError("--epoch must be at least 1") }
      if index < 0 { throw ValidationError("--index must be at least 0") }
    }

    func run() throws {
      let augmentation = try augment.map { list throws(Failure) in try Augmentation(parsing: list) }
      let environment = ProcessInfo.processInfo.environment
      let set =
        switch dataset {
        case .fashionMNIST: try FashionMNIST.locate(data: data, environment: environment).load(split)
        case .synthetic: SyntheticGarments(trainCount: 10_000).load(split)
        }
      let terminal = TerminalPicture(
        style: TerminalPicture.style(environment: environment, isTerminal: isatty(STDOUT_FILENO) == 1),
        columns: terminalColumns(environment))
      let wanted = try label(in: set)
      let fitting = max(1, (terminal.columns + 2) / (set.shape.width + 2) / (augmentation == nil ? 1 : 2))
      let chosen = (min(index, set.count)..<set.count)
        .lazy.filter { wanted == nil || set.labels[$0] == wanted }
        .prefix(count ?? fitting)
      guard !chosen.isEmpty else {
        throw Failure(
          .usage, "no such image from --index \(index) on", at: "\(set.split) has \(set.count) images",
          advice: "name a smaller --index")
      }
      var images: [(ArraySlice<UInt8>, String)] = []
      for index in chosen {
        images.append((set.pixels(of: index), "\(index): \(set.classNames[Int(set.labels[index])])"))
        guard let augmentation else { continue }
        let changed = augmentation.preview(of: index, in: set, seed: seed, epoch: epoch)
        images.append((changed[...], "\(index): augmented, epoch \(epoch)"))
      }
      print(terminal.render(images, shape: set.shape), terminator: "")
    }

    private func label(in set: ImageSet) throws(Failure) -> UInt8? {
      guard let className else { return nil }
      let lowered = className.lowercased()
      let found = set.classNames.firstIndex(of: lowered) ?? Int(lowered)
      guard let found, set.classNames.indices.contains(found) else {
        throw Failure(
          .usage, "unknown class `\(className)`", at: "--class",
          advice: "0 to \(set.classNames.count - 1), or one of: \(set.classNames.joined(separator: ", "))")
      }
      return UInt8(found)
    }
  }
}

extension Split: ExpressibleByArgument {}

/// Characters in a line of standard output: of the terminal, or `COLUMNS`, or 80.
private func terminalColumns(_ environment: [String: String]) -> Int {
  var size = winsize()
  if ioctl(STDOUT_FILENO, UInt(TIOCGWINSZ), &size) == 0 && size.ws_col > 0 { return Int(size.ws_col) }
  return environment["COLUMNS"].flatMap { Int($0) }.flatMap { $0 > 0 ? $0 : nil } ?? 80
}

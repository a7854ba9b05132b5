import ArgumentParser
import Datasets
import Failures
import Files
import Foundation
import Pictures

extension DataCommand {
  /// Prints images, or draws them on a sheet.
  struct Show: ParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Show images with their labels in the terminal, or as a sheet in a PNG file.",
      discussion: """
        Examples:
          cnn-dist data show
          cnn-dist data show --split test --index 42
          cnn-dist data show --class "ankle boot" --count 6
          cnn-dist data show --dataset synthetic
          cnn-dist data show --augment flip,crop,rotate:15 --epoch 2
          cnn-dist data show --class bag --output bags.png     a contact sheet
          cnn-dist data show --augment flip,crop --output a.png  originals, and draws
          cnn-dist data show --image-size 96 --output n.png    what the network sees
          cnn-dist data show --dataset folder --data pictures
        """)

    @OptionGroup var source: DataOptions

    @Option(help: "Which part.")
    var split = Split.train

    @Option(help: "The first image to show.")
    var index = 0

    @Option(
      name: .customLong("class"), help: ArgumentHelp("Show this class alone.", valueName: "name|number"))
    var className: String?

    @Option(help: "How many images to show (default: as many as fit; on a sheet 100, or 8 with --augment).")
    var count: Int?

    @Option(
      help: ArgumentHelp(
        "Show what training makes of each image beside it: \(Augmentation.usual.description).",
        valueName: "list"))
    var augment: String?

    @Option(help: ArgumentHelp("Resize to this many pixels a side, as for a network.", valueName: "n"))
    var imageSize: Int?

    @Option(help: "The seed of the changes, as in training.")
    var seed: UInt64 = 1

    @Option(help: "The epoch of the changes: each has others; a sheet shows eight from this one on.")
    var epoch = 1

    @Option(help: ArgumentHelp("Write a sheet of the images instead.", valueName: "file.png"))
    var output: String?

    /// Pictures in a row of a sheet, and changes of a picture beside it.
    private static let columns = 10
    private static let draws = 8

    func validate() throws {
      if let count, !(1...1000).contains(count) { throw ValidationError("--count must be from 1 to 1000") }
      if epoch < 1 { throw ValidationError("--epoch must be at least 1") }
      if index < 0 { throw ValidationError("--index must be at least 0") }
      if let imageSize, !(1...1024).contains(imageSize) {
        throw ValidationError("--image-size must be from 1 to 1024")
      }
    }

    func run() throws {
      let augmentation = try augment.map { list throws(Failure) in try Augmentation(parsing: list) }
      let set = try source.source().load(split)
      if let output {
        try writeSheet(of: set, augmentation, to: output)
      } else {
        try showInTerminal(set, augmentation)
      }
    }

    private func showInTerminal(_ set: ImageSet, _ augmentation: Augmentation?) throws(Failure) {
      let environment = ProcessInfo.processInfo.environment
      let terminal = TerminalPicture(
        style: TerminalPicture.style(environment: environment, isTerminal: isatty(STDOUT_FILENO) == 1),
        columns: terminalColumns(environment))
      let plain = Preview(of: set, size: imageSize)
      let changed = augmentation.map { Preview(of: set, size: imageSize, augmentation: $0, seed: seed) }
      let fitting = max(1, (terminal.columns + 2) / (plain.shape.width + 2) / (changed == nil ? 1 : 2))
      var images: [(ArraySlice<UInt8>, String)] = []
      for index in try chosen(from: set, count: fitting) {
        images.append((plain(index)[...], caption(index, of: set)))
        guard let changed else { continue }
        images.append((changed(index, epoch: epoch)[...], "\(index): augmented, epoch \(epoch)"))
      }
      print(terminal.render(images, shape: plain.shape), terminator: "")
    }

    /// Writes the sheet and prints what its rows show.
    private func writeSheet(
      of set: ImageSet, _ augmentation: Augmentation?, to path: String
    ) throws(Failure) {
      let plain = Preview(of: set, size: imageSize)
      let samples = try chosen(
        from: set, count: augmentation == nil ? Self.columns * Self.columns : Self.draws)
      var rows: [[[UInt8]]] = []
      var captions: [String] = []
      if let augmentation {
        let changed = Preview(of: set, size: imageSize, augmentation: augmentation, seed: seed)
        for index in samples {
          rows.append([plain(index)] + (0..<Self.draws).map { changed(index, epoch: epoch + $0) })
          captions.append("\(caption(index, of: set)), then epochs \(epoch) to \(epoch + Self.draws - 1)")
        }
      } else {
        for first in stride(from: 0, to: samples.count, by: Self.columns) {
          let row = samples[first..<min(first + Self.columns, samples.count)]
          rows.append(row.map { plain($0) })
          captions.append(row.map { caption($0, of: set) }.joined(separator: ", "))
        }
      }
      let sheet = ContactSheet(rows, shape: plain.shape).picture
      let bytes = try PNGWriter.grey(width: sheet.width, height: sheet.height, pixels: sheet.pixels)
      try AtomicFile.write(to: path) { file throws(Failure) in try file.write(bytes) }
      print(
        "\(path): \(samples.count) of \(set.count) images, \(plain.shape.width)x\(plain.shape.height) pixels each"
      )
      for (row, caption) in captions.enumerated() { print("row \(row + 1)  \(caption)") }
    }

    private func caption(_ index: Int, of set: ImageSet) -> String {
      "\(index): \(set.classNames[Int(set.labels[index])])"
    }

    /// The images from `--index` on, of `--class`.
    private func chosen(from set: ImageSet, count usual: Int) throws(Failure) -> [Int] {
      let wanted = try label(in: set)
      let chosen = (min(index, set.count)..<set.count)
        .lazy.filter { wanted == nil || set.labels[$0] == wanted }
        .prefix(count ?? usual)
      guard !chosen.isEmpty else {
        throw Failure(
          .usage, "no such image from --index \(index) on", at: "\(set.split) has \(set.count) images",
          advice: "name a smaller --index")
      }
      return Array(chosen)
    }

    private func label(in set: ImageSet) throws(Failure) -> UInt8? {
      guard let className else { return nil }
      let lowered = className.lowercased()
      let found = set.classNames.firstIndex { $0.lowercased() == lowered } ?? Int(lowered)
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

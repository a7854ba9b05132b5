import ArgumentParser
import Datasets
import Failures
import Foundation

/// `cnn-dist data`: gets, checks and shows the images.
public struct DataCommand: ParsableCommand {
  public static let configuration = CommandConfiguration(
    commandName: "data",
    abstract: "Get, check and look at the images.",
    discussion: """
      Fashion-MNIST is looked for in --data, then $CNN_DIST_DATA, then data/fashion-mnist and
      /usr/share/datasets/fashion-mnist, where Debian's package dataset-fashion-mnist puts it.

      Examples:
        cnn-dist data fetch
        cnn-dist data verify
        cnn-dist data show --class sneaker --count 4
      """,
    subcommands: [Fetch.self, Verify.self, Show.self])

  public init() {}
}

extension DataCommand {
  /// Downloads the four files.
  struct Fetch: ParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Download Fashion-MNIST's four files and verify them.",
      discussion: """
        Good files that are there already stay. Without a network: apt-get install dataset-fashion-mnist

        Examples:
          cnn-dist data fetch
          cnn-dist data fetch --data /srv/fashion-mnist --url http://mirror.example/fashion-mnist/
        """)

    @Option(help: "Directory to put the files in (default: $CNN_DIST_DATA, or data/fashion-mnist).")
    var data: String?

    @Option(help: "Address of the directory that holds the files.")
    var url = FashionMNISTDownload.officialURL

    func run() throws {
      let directory = FashionMNIST.searchPath(data: data, environment: ProcessInfo.processInfo.environment)[0]
      try FashionMNISTDownload(directory: directory, baseURL: url).run { file, outcome in
        switch outcome {
        case .alreadyThere(let path): print("\(path): already there, verified")
        case .downloaded(let path, let bytes): print("\(path): downloaded \(bytes) bytes, verified")
        }
      }
    }
  }

  /// Compares the files with the published ones.
  struct Verify: ParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Check every byte of the data against the published checksums.",
      discussion: """
        Says "ok" for a published file, "unknown" for a valid file with other content, "bad" for a damaged one.

        Examples:
          cnn-dist data verify
          cnn-dist data verify --data /srv/fashion-mnist --strict
        """)

    @Option(help: "Directory of the files.")
    var data: String?

    @Flag(help: "Fail for valid files with other content too.")
    var strict = false

    func run() throws {
      let set = try FashionMNIST.locate(data: data, environment: ProcessInfo.processInfo.environment)
      print(Self.row("file", "bytes", "sha-256", ""))
      var failure: Failure?
      for file in FashionMNISTFile.all {
        guard let path = file.path(in: set.directory) else { continue }
        do throws(Failure) {
          let content = try file.read(path)
          let digest = String(content.sha256.prefix(12))
          print(Self.row(path, "\(content.idx.bytes.count)", digest, content.isKnown ? "ok" : "unknown"))
          if strict && !content.isKnown && failure == nil {
            failure = Failure(.badData, "valid, but not the published Fashion-MNIST", at: path)
          }
        } catch {
          print(Self.row(path, "-", "-", "bad: \(error.what)"))
          failure = failure ?? error
        }
      }
      if let failure { throw failure }
    }

    private static func row(_ file: String, _ bytes: String, _ digest: String, _ verdict: String) -> String {
      let room = "/usr/share/datasets/fashion-mnist/train-images-idx3-ubyte.gz".count
      return file.padding(toLength: max(room, file.count), withPad: " ", startingAt: 0)
        + String(repeating: " ", count: max(2, 12 - bytes.count)) + bytes + "  "
        + digest.padding(toLength: 12, withPad: " ", startingAt: 0) + (verdict.isEmpty ? "" : "  \(verdict)")
    }
  }

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

    func validate() throws {
      if let count, count < 1 { throw ValidationError("--count must be at least 1") }
      if index < 0 { throw ValidationError("--index must be at least 0") }
    }

    func run() throws {
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
      let fitting = max(1, (terminal.columns + 2) / (set.shape.width + 2))
      let chosen = (min(index, set.count)..<set.count)
        .lazy.filter { wanted == nil || set.labels[$0] == wanted }
        .prefix(count ?? fitting)
      guard !chosen.isEmpty else {
        throw Failure(
          .usage, "no such image from --index \(index) on", at: "\(set.split) has \(set.count) images",
          advice: "name a smaller --index")
      }
      let images = chosen.map { (set.pixels(of: $0), "\($0): \(set.classNames[Int(set.labels[$0])])") }
      print(terminal.render(Array(images), shape: set.shape), terminator: "")
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

import ArgumentParser
import Datasets
import Failures
import Foundation

extension DataCommand {
  /// Compares the files with the published ones.
  struct Verify: ParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Check every byte of the data against the published checksums.",
      discussion: """
        Says "ok" for a published file, "unknown" for a valid file with other content,
        "bad" for a damaged one. Of other data sets it reads everything, and counts
        the images of each class.

        Examples:
          cnn-dist data verify
          cnn-dist data verify --data /srv/fashion-mnist --strict
          cnn-dist data verify --dataset folder --data pictures
        """)

    @OptionGroup var source: DataOptions

    @Flag(help: "Fail for valid files with other content too.")
    var strict = false

    func run() throws {
      guard source.dataset == .fashionMNIST else { return try count() }
      let set = try FashionMNIST.locate(data: source.data, environment: ProcessInfo.processInfo.environment)
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

    /// Reads both splits and prints how many images each class has.
    private func count() throws {
      if strict {
        throw Failure(.usage, "nobody published this data set", at: "--strict", advice: "leave it out")
      }
      let source = try source.source()
      let sets = try Split.allCases.map { try source.load($0) }
      var table = TextTable([("class", .left), ("name", .left), ("train", .right), ("test", .right)])
      for (label, name) in sets[0].classNames.enumerated() {
        table.append(
          ["\(label)", name] + sets.map { set in "\(set.labels.count { Int($0) == label })" })
      }
      table.append(["", "all"] + sets.map { "\($0.count)" })
      print(table.text, terminator: "")
      print("images of \(sets[0].shape.width)x\(sets[0].shape.height) pixels; SHA-256 of what was read:")
      for set in sets { print("  \(set.split)  \(set.digest)") }
      for warning in Set(sets.flatMap(\.warnings)).sorted() { print("warning: \(warning)") }
      guard sets[0].shape == sets[1].shape else {
        throw Failure(
          .badData, "test images of \(sets[1].shape), expected \(sets[0].shape) as for training",
          at: self.source.data ?? "")
      }
    }

    private static func row(_ file: String, _ bytes: String, _ digest: String, _ verdict: String) -> String {
      let room = "/usr/share/datasets/fashion-mnist/train-images-idx3-ubyte.gz".count
      return file.padding(toLength: max(room, file.count), withPad: " ", startingAt: 0)
        + String(repeating: " ", count: max(2, 12 - bytes.count)) + bytes + "  "
        + digest.padding(toLength: 12, withPad: " ", startingAt: 0) + (verdict.isEmpty ? "" : "  \(verdict)")
    }
  }
}

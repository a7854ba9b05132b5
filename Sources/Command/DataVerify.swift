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
}

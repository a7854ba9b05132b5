import ArgumentParser
import Datasets
import Foundation

extension DataCommand {
  /// Downloads the four files.
  struct Fetch: ParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Download Fashion-MNIST's four files and verify them.",
      discussion: """
        Good files that are there already stay. Without a network: apt-get install
        dataset-fashion-mnist

        Examples:
          cnn-dist data fetch
          cnn-dist data fetch --data /srv/fm --url http://mirror.example/fashion-mnist/
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
}

import Checkpoints
import Datasets
import Failures
import Files
import Glibc
import Training

/// What reads a file, and the codes with which it may refuse one.
struct Reader: Sendable {
  let read: @Sendable (_ path: String) throws(Failure) -> Void
  let codes: Set<ExitCode>

  static let all: [String: Reader] = [
    "safetensors": Reader(
      read: { (path) throws(Failure) in
        let reader = try SafetensorsReader(path)
        try reader.verify()
        for tensor in reader.header.tensors {
          let isInteger = tensor.type == .int64
          let count =
            isInteger ? try reader.integers(tensor.name).count : try reader.floats(tensor.name).count
          precondition(count == tensor.count && count == tensor.shape.reduce(1, *))
        }
      }, codes: [.badData]),
    "idx": Reader(
      read: { (path) throws(Failure) in
        let isLabels = Result { () throws(Failure) in
          let labels = try IDX(reading: path, .labels(classes: 10), atMost: 1000)
          precondition(labels.bytes.dropFirst(labels.kind.headerLength).allSatisfy { $0 < 10 })
        }
        if case .success = isLabels { return }
        let images = try IDX(reading: path, .images(height: 3, width: 2), atMost: 1000)
        precondition(images.bytes.count == images.kind.headerLength + images.count * images.kind.itemLength)
      }, codes: [.badData]),
    "gzip": Reader(
      read: { (path) throws(Failure) in
        let prefix = try Gzip.prefix(path, count: 16)
        precondition(prefix.count <= 16)
        let content = try Gzip.inflate(path, expecting: 300)
        precondition(content.count == 300 && content.starts(with: prefix))
      }, codes: [.badData]),
    "yaml": Reader(
      read: { (path) throws(Failure) in
        let settings = try SettingsResolver.resolve(
          model: "lenet", commandLine: [:], environment: [:], file: path)
        precondition(settings.model == "lenet")
      }, codes: [.configuration, .usage]),
  ]

  /// The one that the command line names.
  static let chosen = CommandLine.arguments.dropFirst().first.flatMap { all[$0] }

  /// Reads `bytes` as a file, which must end as contents or as one of the failures, said where and why.
  func read(_ bytes: UnsafePointer<UInt8>, count: Int) {
    let (file, path) = Self.file
    guard ftruncate(file, 0) == 0, pwrite(file, bytes, count, 0) == count else {
      fatalError("no memory for the input")
    }
    do throws(Failure) {
      try read(path)
    } catch {
      precondition(codes.contains(error.code), "\(error.code): \(error)")
      precondition(!error.what.isEmpty && error.location.contains(path), "\(error)")
    }
  }

  /// A file in memory, without a name, and where it can be opened.
  private static let file: (descriptor: Int32, path: String) = {
    let name = "/dev/shm/cnn-dist-fuzz-\(getpid())"
    let file = open(name, O_RDWR | O_CREAT | O_EXCL, 0o600)
    unlink(name)
    return (file, "/proc/self/fd/\(file)")
  }()
}

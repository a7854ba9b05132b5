import Failures
import Foundation

#if canImport(FoundationNetworking)
  import FoundationNetworking
#endif

/// Downloads Fashion-MNIST's four files.
///
/// Each goes to a temporary file beside its place, is inflated and compared with the published checksum, flushed to the
/// disk and then renamed: a file under its final name is whole. Good files that are there already stay.
public struct FashionMNISTDownload: Sendable {
  /// Where the authors publish the files.
  public static let officialURL = "http://fashion-mnist.s3-website.eu-central-1.amazonaws.com/"

  public let directory: String
  public let baseURL: String

  /// - Parameters:
  ///   - directory: made if it is not there.
  ///   - baseURL: the address of the directory that holds the files.
  public init(directory: String, baseURL: String = FashionMNISTDownload.officialURL) {
    self.directory = directory
    self.baseURL = baseURL.hasSuffix("/") ? baseURL : baseURL + "/"
  }

  /// What became of one file.
  public enum Outcome: Equatable, Sendable {
    case alreadyThere(path: String)
    case downloaded(path: String, bytes: Int)
  }

  /// Fetches what is missing or damaged.
  ///
  /// - Parameter report: hears of each file when it is done.
  /// - Throws: `usage` for a bad address, `missingInput` if a file cannot be fetched, `badData` if it is not the
  ///   published one, `cannotWrite` or `inputOutput` if it cannot be stored.
  public func run(_ report: (FashionMNISTFile, Outcome) -> Void = { _, _ in }) throws(Failure) {
    do {
      try FileManager.default.createDirectory(atPath: directory, withIntermediateDirectories: true)
    } catch {
      throw Failure(
        .cannotWrite, "cannot make the directory", at: directory, advice: "name another with --data")
    }
    for file in FashionMNISTFile.all { report(file, try fetch(file)) }
  }

  private func fetch(_ file: FashionMNISTFile) throws(Failure) -> Outcome {
    if let path = file.path(in: directory), isGood(file, path) { return .alreadyThere(path: path) }
    let path = "\(directory)/\(file.name).gz"
    let address = baseURL + file.name + ".gz"
    guard let url = URL(string: address), let scheme = url.scheme, ["http", "https"].contains(scheme) else {
      throw Failure(.usage, "not an http or https address", at: address, advice: "name another with --url")
    }
    let temporary = try TemporaryFile(directory, file.name + ".gz")
    defer { temporary.close() }
    // Deflate makes incompressible data longer by about one part in a thousand, no more.
    let limit = file.bytes + file.bytes / 100 + 1024
    let bytes = try Transfer.run(url, atMost: limit) { temporary.append($0) }
    try temporary.flush()
    try verify(file, temporary.path, from: address)
    try temporary.publish()
    // A damaged inflated file of the same name would be preferred to the one just fetched.
    let inflated = "\(directory)/\(file.name)"
    if fileExists(inflated) && !isGood(file, inflated) { unlink(inflated) }
    return .downloaded(path: path, bytes: bytes)
  }

  private func isGood(_ file: FashionMNISTFile, _ path: String) -> Bool {
    guard let content = try? file.read(path) else { return false }
    return content.isKnown
  }

  private func verify(_ file: FashionMNISTFile, _ path: String, from address: String) throws(Failure) {
    let advice = "try again, name another --url, or `apt-get install dataset-fashion-mnist`"
    do throws(Failure) {
      let content = try file.read(path)
      guard !content.isKnown else { return }
      throw Failure(.badData, "SHA-256 \(content.sha256) when inflated, expected \(file.sha256)")
    } catch {
      throw Failure(error.code, "downloaded file is bad: \(error.what)", at: address, advice: advice)
    }
  }
}

/// A file on its way to its final name. Closing removes it unless it is published.
private final class TemporaryFile: @unchecked Sendable {
  let path: String
  private let directory: String
  private let name: String
  private let descriptor: Int32
  private var published = false

  /// - Parameter name: the final name; the temporary one ends the same way, and so is read the same way.
  init(_ directory: String, _ name: String) throws(Failure) {
    self.directory = directory
    self.name = name
    path = "\(directory)/.part-\(getpid())-\(name)"
    descriptor = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o644)
    guard descriptor >= 0 else {
      throw Failure(
        .cannotWrite, "cannot be written: \(String(cString: strerror(errno)))", at: path,
        advice: "name another directory with --data")
    }
  }

  func close() {
    Foundation.close(descriptor)
    if !published { unlink(path) }
  }

  /// Appends bytes, or returns why the system could not.
  func append(_ data: Data) -> Failure? {
    data.withUnsafeBytes { bytes in
      var written = 0
      while written < bytes.count {
        let count = write(descriptor, bytes.baseAddress! + written, bytes.count - written)
        if count < 0 && errno == EINTR { continue }
        if count <= 0 {
          return Failure(.inputOutput, "cannot be written: \(String(cString: strerror(errno)))", at: path)
        }
        written += count
      }
      return nil
    }
  }

  func flush() throws(Failure) { try check(fsync(descriptor), "cannot be flushed to the disk") }

  /// Gives the file its final name and makes the name last.
  func publish() throws(Failure) {
    try check(rename(path, "\(directory)/\(name)"), "cannot be renamed")
    published = true
    let parent = open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
    try check(parent, "cannot open its directory")
    defer { Foundation.close(parent) }
    try check(fsync(parent), "cannot flush its directory")
  }

  private func check(_ status: Int32, _ what: String) throws(Failure) {
    if status >= 0 { return }
    throw Failure(.inputOutput, "\(what): \(String(cString: strerror(errno)))", at: path)
  }
}

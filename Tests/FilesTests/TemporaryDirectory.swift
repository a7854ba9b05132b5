import Failures
import Files
import Glibc

/// A directory for one test, gone when the test is.
final class TemporaryDirectory: Sendable {
  let path: String

  init() {
    var template = Array("/tmp/cnn-dist-test-XXXXXX".utf8CString)
    path = String(cString: mkdtemp(&template))
  }

  deinit { try? Directory.remove(path, code: .inputOutput) }

  func file(_ name: String) -> String { "\(path)/\(name)" }
}

/// The failure that `body` throws.
func failure(_ body: () throws(Failure) -> Void) -> Failure? {
  do throws(Failure) {
    try body()
    return nil
  } catch { return error }
}

func text(_ path: String) throws -> String {
  let file = try OpenFile.reading(path)
  return String(decoding: try file.bytes(try file.size()), as: UTF8.self)
}

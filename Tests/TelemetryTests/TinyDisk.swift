import Foundation

/// A file system of 64 KiB, unmounted when the test is done.
final class TinyDisk {
  private let directory: TemporaryDirectory
  var path: String { directory.path }

  struct CannotMount: Error {}

  init() throws {
    directory = try TemporaryDirectory()
    guard mount("none", directory.path, "tmpfs", 0, "size=64k") == 0 else { throw CannotMount() }
  }

  deinit { umount2(path, Int32(MNT_DETACH)) }

  func makeReadOnly() throws {
    guard mount("none", path, "tmpfs", UInt(MS_REMOUNT | MS_RDONLY), nil) == 0 else {
      throw CannotMount()
    }
  }

  static let canMount = (try? TinyDisk()) != nil
}

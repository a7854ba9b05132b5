import Foundation

/// A file system in memory, as small as a test wants it, unmounted when the test is done.
///
/// Mounting takes root with its privileges, which some containers do not have.
public final class TinyDisk: Sendable {
  private let directory: ScratchDirectory
  public var path: String { directory.path }

  struct CannotMount: Error {}

  public init(bytes: Int = 64 << 10) throws {
    directory = try ScratchDirectory()
    guard mount("none", directory.path, "tmpfs", 0, "size=\(bytes)") == 0 else { throw CannotMount() }
  }

  deinit { umount2(path, Int32(MNT_DETACH)) }

  public func file(_ name: String) -> String { directory.file(name) }

  public func makeReadOnly() throws {
    guard mount("none", path, "tmpfs", UInt(MS_REMOUNT | MS_RDONLY), nil) == 0 else {
      throw CannotMount()
    }
  }

  /// Takes all the room that is left; returns the file to delete for to have it back.
  public func fill() throws -> String {
    let path = file("filler")
    let file = open(path, O_WRONLY | O_CREAT, 0o600)
    defer { close(file) }
    let block = [UInt8](repeating: 0xFF, count: 4096)
    while write(file, block, block.count) > 0 {}
    return path
  }

  public static let canMount = (try? TinyDisk()) != nil
}

#if canImport(Glibc)
  import Glibc
#else
  import Darwin
#endif

/// Memory for floats with a fixed length: zeroed, on its own pages, given back when the last reference goes.
///
/// Pages come straight from the kernel, so untouched parts cost nothing, and large pages are asked for where the kernel
/// has them. Access is not synchronised: whoever shares a buffer between threads says who writes when.
public final class FloatBuffer: @unchecked Sendable {
  public let base: UnsafeMutablePointer<Float>
  public let count: Int
  private let bytes: Int

  /// Elements in a cache line: offsets that are multiples of it never share a line.
  public static let alignment = 16

  public init(count: Int) {
    precondition(count >= 0, "a buffer has no negative length")
    self.count = count
    bytes = max(count, 1) * MemoryLayout<Float>.stride
    let address = mmap(nil, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0)
    guard let address, address != MAP_FAILED else { preconditionFailure("out of memory: \(bytes) bytes") }
    #if os(Linux)
      _ = madvise(address, bytes, MADV_HUGEPAGE)
    #endif
    base = address.bindMemory(to: Float.self, capacity: max(count, 1))
  }

  deinit { munmap(base, bytes) }

  public var elements: UnsafeMutableBufferPointer<Float> {
    UnsafeMutableBufferPointer(start: base, count: count)
  }

  /// `count` rounded up to whole cache lines.
  public static func aligned(_ count: Int) -> Int { (count + alignment - 1) / alignment * alignment }
}

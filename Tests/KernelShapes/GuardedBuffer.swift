import Glibc

/// Floats between guards: words before them that must not change, and behind them a page that nobody may touch.
///
/// A write in front of the buffer is found by ``isIntact``; any access behind it, also a read, ends the test run. The first
/// float lies at no particular alignment.
public final class GuardedBuffer {
  public let base: UnsafeMutablePointer<Float>
  public let count: Int
  private let mapping: UnsafeMutableRawPointer
  private let length: Int
  private let guards: UnsafeMutableBufferPointer<UInt32>
  private static let guardWord: UInt32 = 0xA5C3_96E1

  /// - Parameter value: what every float begins as; by default not a number, so that a read before a write shows.
  public init(count: Int, value: Float = .nan) {
    self.count = count
    let page = sysconf(Int32(_SC_PAGESIZE))
    let bytes = count * MemoryLayout<Float>.stride
    let used = (bytes + 256 + page - 1) / page * page
    length = used + page
    let address = mmap(nil, length, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0)
    guard let address, address != MAP_FAILED else { preconditionFailure("out of memory: \(length) bytes") }
    precondition(
      mprotect(address + used, page, PROT_NONE) == 0, "the page behind the buffer cannot be closed")
    mapping = address
    let front = (used - bytes) / MemoryLayout<Float>.stride
    guards = UnsafeMutableBufferPointer(
      start: address.bindMemory(to: UInt32.self, capacity: front), count: front)
    guards.initialize(repeating: Self.guardWord)
    base = (address + used - bytes).bindMemory(to: Float.self, capacity: count)
    base.initialize(repeating: value, count: count)
  }

  public convenience init(_ values: [Float]) {
    self.init(count: values.count)
    for (index, value) in values.enumerated() { base[index] = value }
  }

  deinit { munmap(mapping, length) }

  /// Whether the words in front still hold what they held.
  public var isIntact: Bool { guards.allSatisfy { $0 == Self.guardWord } }

  public var values: [Float] { Array(UnsafeBufferPointer(start: base, count: count)) }
}

import Glibc

/// Counts calls of `malloc` in this program, by all threads, Swift's objects included: the program's own `malloc` stands
/// before the C library's. Only for programs linked with `--defsym=malloc=counted_malloc`.
///
/// Updates of several threads may be lost, but some is always left: enough to tell none from any.
public enum AllocationCount {
  public static var now: Int { mallocCalls }

  /// Whether the counter sees an array that is certainly on the heap.
  public static func works() -> Bool {
    let before = now
    let array = [Int](repeating: before, count: Int.random(in: 100...200))
    return withExtendedLifetime(array) { now > before }
  }
}

/// A plain number without an initialiser to run: `malloc` is called before Swift is ready.
nonisolated(unsafe) private var mallocCalls = 0

@_silgen_name("__libc_malloc")
private func libraryMalloc(_ bytes: Int) -> UnsafeMutableRawPointer?

@_cdecl("counted_malloc")
public func countedMalloc(_ bytes: Int) -> UnsafeMutableRawPointer? {
  mallocCalls &+= 1
  return libraryMalloc(bytes)
}

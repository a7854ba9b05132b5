import Glibc
import Synchronization

/// Counts the objects, boxes, arrays and closures that Swift puts on the heap, in all threads.
///
/// The Swift runtime lets instruments replace its allocator: one variable turns that on, another holds the function.
enum AllocationCount {
  private typealias Allocate = @convention(c) (UnsafeRawPointer?, Int, Int) -> UnsafeMutableRawPointer?

  fileprivate static let count = Atomic(0)
  nonisolated(unsafe) private static var original: Allocate?

  /// Starts counting, from the first call on.
  ///
  /// - Returns: false where the runtime has no such variables.
  static func start() -> Bool {
    let program = dlopen(nil, RTLD_NOW)
    guard
      let allocator = dlsym(program, "_swift_allocObject"),
      let enabled = dlsym(
        program, "_swift_enableSwizzlingOfAllocationAndRefCountingFunctions_forInstrumentsOnly")
    else { return false }
    let slot = allocator.assumingMemoryBound(to: Allocate.self)
    original = slot.pointee
    count.store(0, ordering: .relaxed)
    slot.pointee = { metadata, size, alignment in
      AllocationCount.count.add(1, ordering: .relaxed)
      return AllocationCount.original?(metadata, size, alignment)
    }
    enabled.storeBytes(of: true, as: Bool.self)
    return true
  }

  /// Whether the counter sees an object that is certainly on the heap.
  static func countsOneObject() -> Bool {
    let before = now
    let object = Array(repeating: before, count: Int.random(in: 100...200))
    return withExtendedLifetime(object) { now > before }
  }

  static var now: Int { count.load(ordering: .relaxed) }
}

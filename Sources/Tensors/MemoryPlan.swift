/// Places buffers in one arena so that those that live at the same time never overlap.
///
/// Time is counted in whatever unit the caller likes (a network counts operators, forward and then backward). Buffers are
/// placed largest first, each at the lowest offset where it meets no buffer that lives at the same time.
public struct MemoryPlan: Sendable {
  /// Names a reserved buffer.
  public struct Handle: Hashable, Sendable {
    let index: Int
  }

  private struct Reservation {
    var count: Int
    var lifetime: ClosedRange<Int>
    var offset = 0
  }

  private var reservations: [Reservation] = []
  /// Length of the arena in floats; valid after ``place()``.
  public private(set) var count = 0

  public init() {}

  /// Asks for `count` floats that hold their value over `lifetime`.
  public mutating func reserve(_ count: Int, over lifetime: ClosedRange<Int>) -> Handle {
    reservations.append(Reservation(count: FloatBuffer.aligned(max(count, 1)), lifetime: lifetime))
    return Handle(index: reservations.count - 1)
  }

  /// Extends the life of a buffer so that it includes `times`.
  public mutating func extend(_ handle: Handle, over times: ClosedRange<Int>) {
    let life = reservations[handle.index].lifetime
    reservations[handle.index].lifetime =
      min(life.lowerBound, times.lowerBound)...max(life.upperBound, times.upperBound)
  }

  /// Chooses every offset; call once, after the last reservation.
  public mutating func place() {
    var placed: [Int] = []
    let order = reservations.indices.sorted {
      (reservations[$1].count, $0) < (reservations[$0].count, $1)
    }
    for index in order {
      let neighbours =
        placed
        .filter { reservations[$0].lifetime.overlaps(reservations[index].lifetime) }
        .sorted { reservations[$0].offset < reservations[$1].offset }
      var offset = 0
      for neighbour in neighbours {
        if offset + reservations[index].count <= reservations[neighbour].offset { break }
        offset = max(offset, reservations[neighbour].offset + reservations[neighbour].count)
      }
      reservations[index].offset = offset
      count = max(count, offset + reservations[index].count)
      placed.append(index)
    }
  }

  /// Where a buffer begins, in floats from the arena's base; valid after ``place()``.
  public func offset(of handle: Handle) -> Int { reservations[handle.index].offset }
}

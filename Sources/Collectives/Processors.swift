import Failures
import Glibc

/// The processors that this process may run on.
public enum Processors {
  /// Their numbers, in order: a launcher, a container or `taskset` may have taken some away.
  ///
  /// Read from `/proc` (glibc keeps `sched_getaffinity` from Swift); all that are online where there is none.
  public static func allowed() -> [Int] {
    let label = "Cpus_allowed_list:"
    let lines = contents(of: "/proc/self/status").split(separator: "\n")
    let list = lines.first { $0.hasPrefix(label) }.flatMap { numbers(in: $0.dropFirst(label.count)) }
    return list ?? Array(0..<max(1, sysconf(Int32(_SC_NPROCESSORS_ONLN))))
  }

  /// Reads the kernel's list form, `0-3,8`; nil if it is not one.
  package static func numbers(in list: Substring) -> [Int]? {
    var numbers = [Int]()
    for entry in list.split(separator: ",") {
      let ends = entry.split(separator: "-").map { Int($0.filter { !$0.isWhitespace }) }
      guard let first = ends.first.flatMap({ $0 }), let last = ends.last.flatMap({ $0 }), first <= last
      else { return nil }
      numbers += first...last
    }
    return numbers.isEmpty ? nil : numbers
  }

  private static func contents(of path: String) -> String {
    let file = open(path, O_RDONLY | O_CLOEXEC)
    guard file >= 0 else { return "" }
    defer { close(file) }
    var bytes = [UInt8](repeating: 0, count: 16_384)
    let count = read(file, &bytes, bytes.count)
    return String(decoding: bytes.prefix(max(0, count)), as: UTF8.self)
  }

  /// How many processors one of several ranks on a machine can use.
  ///
  /// A processor that n ranks may use counts 1/n for each, so the answer is right for ranks that share all processors,
  /// that are pinned to one each, and for anything between.
  ///
  /// - Parameters:
  ///   - rank: which of the ranks asks.
  ///   - allowed: the processors of every rank on the machine.
  public static func share(of rank: Int, among allowed: [[Int]]) -> Int {
    var users = [Int: Int]()
    for processor in allowed.joined() { users[processor, default: 0] += 1 }
    let share = allowed[rank].reduce(0.0) { $0 + 1 / Double(users[$1] ?? 1) }
    // Thirds that add up to a whole must not be rounded down.
    return max(1, Int(share + 1e-6))
  }
}

extension Communicator {
  /// Processors that this rank can use beside the other ranks of its machine. Collective.
  public func processorShare() throws(Failure) -> Int {
    let own = Processors.allowed().map(String.init).joined(separator: " ")
    let all = try gatherTexts("\(hostName)\n\(own)")
    let neighbours = all.indices.filter { all[$0].hasPrefix("\(hostName)\n") }
    let allowed = neighbours.map {
      all[$0].dropFirst(hostName.count + 1).split(separator: " ").compactMap { Int($0) }
    }
    guard let position = neighbours.firstIndex(of: rank) else { return max(1, Processors.allowed().count) }
    return Processors.share(of: position, among: allowed)
  }
}

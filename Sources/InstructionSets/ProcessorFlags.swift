/// What all processors of a machine can do, as /proc/cpuinfo lists it.
public struct ProcessorFlags: Equatable, Sendable {
  public let names: Set<String>

  /// Reads every `flags` line; where processors differ, only what all have counts.
  public init(text: String) {
    var common: Set<String>?
    for line in text.split(whereSeparator: \.isNewline) {
      guard let colon = line.firstIndex(of: ":") else { continue }
      guard line[..<colon].split(whereSeparator: \.isWhitespace) == ["flags"] else { continue }
      let found = Set(line[line.index(after: colon)...].split(separator: " ").map(String.init))
      common = common.map { $0.intersection(found) } ?? found
    }
    names = common ?? []
  }

  /// The flags that a set needs and these do not have.
  func lacks(_ set: InstructionSet) -> [String] { set.flags.filter { !names.contains($0) } }
}

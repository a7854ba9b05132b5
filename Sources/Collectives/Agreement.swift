import Failures

/// Ranks that decide together, so that none waits for another that has stopped.
extension Communicator {
  /// Runs a phase on this rank and goes on only if it went well on every rank.
  ///
  /// - Throws: on every rank the same failure, that of the lowest rank that failed; its location says which, unless
  ///   all ranks failed.
  public func agree<Value>(on phase: () throws(Failure) -> Value) throws(Failure) -> Value {
    let value: Value
    do {
      value = try phase()
    } catch {
      try agree(outcome: error)
      throw error
    }
    try agree(outcome: nil)
    return value
  }

  /// As `agree(on:)`, for a phase that is over: nil where it went well.
  public func agree(outcome: Failure?) throws(Failure) {
    let located = outcome.map { encoded($0, from: place) } ?? ""
    let failures = try gatherTexts(located).filter { !$0.isEmpty }
    guard let first = failures.first else { return }
    throw decoded(first, failedEverywhere: failures.count == size)
  }

  /// Compares what must be the same on every rank before work starts: the binary, the configuration, the data, MPI.
  ///
  /// - Parameter fields: names and digests (or short texts) in the order in which a difference is reported.
  /// - Throws: on every rank `Failure(.configuration)`, `.badData` for the field named `data`, that names the first
  ///   field that differs and the ranks that differ from rank 0.
  public func compareDigests(_ fields: [(name: String, digest: String)]) throws(Failure) {
    let lines = fields.map { "\($0.name)\(unitSeparator)\($0.digest)" }
    let all = try gatherTexts(([place] + lines).joined(separator: String(recordSeparator)))
    if let failure = firstDifference(in: all.map(StartUpRecord.init)) { throw failure }
  }

  /// Every rank's text, in the order of ranks.
  public func gatherTexts(_ text: String) throws(Failure) -> [String] {
    let bytes = Array(text.utf8)
    let lengths = try gather(withUnsafeBytes(of: Int64(bytes.count)) { Array($0) })
      .map { $0.withUnsafeBytes { Int($0.loadUnaligned(as: Int64.self)) } }
    let longest = lengths.max() ?? 0
    guard longest > 0 else { return lengths.map { _ in "" } }
    let padded = try gather(bytes + [UInt8](repeating: 0, count: longest - bytes.count))
    return zip(padded, lengths).map { String(decoding: $0.prefix($1), as: UTF8.self) }
  }

  /// Every rank's bytes, as many on each.
  private func gather(_ bytes: [UInt8]) throws(Failure) -> [[UInt8]] {
    var all = [UInt8](repeating: 0, count: bytes.count * size)
    var failure: Failure?
    bytes.withUnsafeBytes { bytes in
      all.withUnsafeMutableBytes { all in
        do throws(Failure) { try allGather(bytes, into: all) } catch { failure = error }
      }
    }
    if let failure { throw failure }
    return (0..<size).map { Array(all[$0 * bytes.count..<($0 + 1) * bytes.count]) }
  }
}

// ASCII's own separators: they occur in no path, option or digest.
private let unitSeparator: Character = "\u{1F}"
private let recordSeparator: Character = "\u{1E}"

private func encoded(_ failure: Failure, from place: String) -> String {
  [
    String(failure.code.rawValue), failure.what, failure.location, failure.advice, place,
    failure.details.joined(separator: String(recordSeparator)),
  ]
  .joined(separator: String(unitSeparator))
}

private func decoded(_ text: String, failedEverywhere: Bool) -> Failure {
  let parts = text.split(separator: unitSeparator, omittingEmptySubsequences: false).map(String.init)
  guard parts.count == 6, let code = Int32(parts[0]).flatMap(ExitCode.init) else {
    return Failure(.internalError, "a rank failed and what it says is unreadable: \(text)")
  }
  let places = failedEverywhere ? [parts[2]] : [parts[2], parts[4]]
  let location = places.filter { !$0.isEmpty }.joined(separator: ", ")
  let details = parts[5].split(separator: recordSeparator).map(String.init)
  return Failure(code, parts[1], at: location, advice: parts[3], details: details)
}

/// What one rank said about itself at start-up.
private struct StartUpRecord {
  var place: String
  var names: [String] = []
  var digests: [String: String] = [:]

  init(_ text: String) {
    let lines = text.split(separator: recordSeparator, omittingEmptySubsequences: false).map(String.init)
    place = lines.first ?? ""
    for line in lines.dropFirst() {
      let parts = line.split(separator: unitSeparator, maxSplits: 1, omittingEmptySubsequences: false).map(
        String.init)
      names.append(parts[0])
      digests[parts[0]] = parts.count > 1 ? parts[1] : ""
    }
  }
}

private func firstDifference(in ranks: [StartUpRecord]) -> Failure? {
  let reference = ranks[0]
  // Fields that only another binary knows come last.
  let names = reference.names + ranks.flatMap(\.names).filter { reference.digests[$0] == nil }
  for name in names {
    let others = ranks.filter { $0.digests[name] != reference.digests[name] }
    guard let other = others.first else { continue }
    // A large job's list is cut: whoever repairs the first nodes finds the rest.
    let places = others.prefix(8).map(\.place) + (others.count > 8 ? ["and \(others.count - 8) more"] : [])
    return Failure(
      name == "data" ? .badData : .configuration,
      "\(name) differs from rank 0: expected \(reference.digests[name] ?? "none"), found \(other.digests[name] ?? "none")",
      at: places.joined(separator: ", "), advice: "make \(name) the same on every node")
  }
  return nil
}

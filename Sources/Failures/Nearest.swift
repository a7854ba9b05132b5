/// The candidate that a mistyped word most likely means: the one with the smallest edit distance, where that is at most
/// half of the word.
public func nearest(to word: String, in candidates: [String]) -> String? {
  let best = candidates.map { ($0, editDistance(word.lowercased(), $0)) }.min { $0.1 < $1.1 }
  guard let best, best.1 <= max(1, word.count / 2) else { return nil }
  return best.0
}

/// Insertions, deletions and substitutions that turn one word into the other (Levenshtein, 1966).
private func editDistance(_ first: String, _ second: String) -> Int {
  let (a, b) = (Array(first), Array(second))
  var row = Array(0...b.count)
  for i in a.indices {
    var diagonal = row[0]
    row[0] = i + 1
    for j in b.indices {
      let cost = a[i] == b[j] ? diagonal : min(diagonal, row[j], row[j + 1]) + 1
      diagonal = row[j + 1]
      row[j + 1] = cost
    }
  }
  return row[b.count]
}

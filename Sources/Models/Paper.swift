/// Where a network was published.
public struct Paper: Hashable, Sendable {
  /// Family names.
  public let authors: [String]
  public let year: Int
  public let title: String
  /// `arXiv:1409.1556` or `doi:10.1109/5.726791`.
  public let identifier: String

  /// As in a running text: `He et al. 2016, arXiv:1512.03385`.
  public var citation: String {
    let names = authors.count > 2 ? "\(authors[0]) et al." : authors.joined(separator: " and ")
    return "\(names) \(year), \(identifier)"
  }
}

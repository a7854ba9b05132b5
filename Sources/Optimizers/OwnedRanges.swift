import Kernels

/// The elements of the flat buffers that an optimizer updates and keeps moments for.
///
/// Moments lie one behind the other without gaps, in the order of the elements: those of all elements are as long as the parameters,
/// those of a rank's part only as long as that part.
public struct OwnedRanges: Equatable, Sendable {
  /// In order and apart.
  public let ranges: [Range<Int>]
  /// Elements in all.
  public let count: Int
  /// The moments' first element of each range.
  private let places: [Int]

  public init(_ ranges: [Range<Int>]) {
    self.ranges = ranges.filter { !$0.isEmpty }
    var places: [Int] = []
    var end = 0
    for (index, range) in self.ranges.enumerated() {
      precondition(index == 0 || range.lowerBound >= self.ranges[index - 1].upperBound, "ranges are in order")
      places.append(end)
      end += range.count
    }
    (self.places, count) = (places, end)
  }

  /// Calls `body` with what lies within some elements, and how much further on in the buffers it lies than its moments do.
  func forEach(in elements: Range<Int>, _ body: (_ elements: Range<Int>, _ shift: Int) -> Void) {
    for (index, range) in ranges.enumerated() {
      let own = range.clamped(to: elements)
      if !own.isEmpty { body(own, range.lowerBound - places[index]) }
    }
  }

  /// Calls `body` with the gradients of what lies within some elements, run by run, where they and their moments begin, and whether
  /// the parameters decay.
  func forEachRun(
    of gradients: any GradientSource, _ spans: [ParameterSpan], in elements: Range<Int>,
    _ body: (
      _ gradients: UnsafeBufferPointer<Float>, _ offset: Int, _ moment: Int, _ decays: Bool
    ) -> Void
  ) {
    forEach(in: elements) { elements, shift in
      spans.forEach(in: elements) { range, decays in
        gradients.forEachPiece(of: range) { offset, piece in body(piece, offset, offset - shift, decays) }
      }
    }
  }

  /// As above, for those who copy moments: what lies within some elements, and the moments' elements.
  public func forEachMoment(
    in elements: Range<Int>, _ body: (_ elements: Range<Int>, _ moments: Range<Int>) -> Void
  ) {
    forEach(in: elements) { body($0, $0.lowerBound - $1..<$0.upperBound - $1) }
  }
}

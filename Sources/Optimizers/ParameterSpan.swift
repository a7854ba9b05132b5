import Tensors

/// Where one parameter tensor lies in the flat buffers, and whether weight decay applies to it.
///
/// Spans begin at multiples of `FloatBuffer.alignment`; what lies between the end of one and the next multiple is
/// padding, which is zero in parameters, gradients and moments, and stays so when an update runs over it.
public struct ParameterSpan: Hashable, Sendable {
  public let offset: Int
  public let count: Int
  public let decays: Bool

  public init(offset: Int, count: Int, decays: Bool) {
    precondition(offset >= 0 && count >= 0, "a span lies in its buffer")
    self.offset = offset
    self.count = count
    self.decays = decays
  }

  var end: Int { offset + count }
}

extension [ParameterSpan] {
  /// Floats that a moment of these parameters has.
  var bufferCount: Int { FloatBuffer.aligned(last?.end ?? 0) }

  /// Every element.
  var everything: OwnedRanges { OwnedRanges([0..<bufferCount]) }

  /// Calls `body` with what lies within a range of the buffer, and whether it decays.
  func forEach(in range: Range<Int>, _ body: (_ elements: Range<Int>, _ decays: Bool) -> Void) {
    for span in self {
      let elements = range.clamped(to: span.offset..<span.end)
      if !elements.isEmpty { body(elements, span.decays) }
    }
  }

  /// The same spans, where neighbours that are updated alike are one; spans that decay by 0 do not decay.
  package func joined(weightDecay: Float) -> [ParameterSpan] {
    var runs: [ParameterSpan] = []
    for span in self {
      let decays = span.decays && weightDecay != 0
      precondition(span.offset >= runs.last?.end ?? 0, "spans are in order and apart")
      if let last = runs.last, last.decays == decays, span.offset <= FloatBuffer.aligned(last.end) {
        runs[runs.count - 1] = ParameterSpan(
          offset: last.offset, count: span.end - last.offset, decays: decays)
      } else {
        runs.append(ParameterSpan(offset: span.offset, count: span.count, decays: decays))
      }
    }
    return runs
  }
}

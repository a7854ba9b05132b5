import KernelShapes
import Kernels
import Testing

/// Half the distance from 1 to the next float: the relative error of one rounding.
let roundoff: Float = 0x1p-24

/// Expects equal numbers, where not-a-numbers equal each other; reports the first that differs.
func expectEqual(
  _ found: [Float], _ expected: [Float], _ what: String, sourceLocation: SourceLocation = #_sourceLocation
) {
  expectClose(found, expected, what, sourceLocation: sourceLocation) { _ in 0 }
}

/// Expects numbers within a bound that may differ from element to element.
func expectClose(
  _ found: [Float], _ expected: [Float], _ what: String, sourceLocation: SourceLocation = #_sourceLocation,
  within bound: (Int) -> Float
) {
  guard found.count == expected.count else {
    Issue.record("\(what): \(found.count) numbers, not \(expected.count)", sourceLocation: sourceLocation)
    return
  }
  for index in found.indices {
    let (one, other) = (found[index], expected[index])
    if one == other || (one.isNaN && other.isNaN) || abs(one - other) <= bound(index) { continue }
    Issue.record(
      "\(what), element \(index) of \(found.count): \(one), expected \(other) within \(bound(index))",
      sourceLocation: sourceLocation)
    return
  }
}

/// Expects that nothing was written in front of the buffers.
func expectIntact(_ buffers: [GuardedBuffer], sourceLocation: SourceLocation = #_sourceLocation) {
  for (index, buffer) in buffers.enumerated() where !buffer.isIntact {
    Issue.record("words in front of buffer \(index) have changed", sourceLocation: sourceLocation)
  }
}

import Optimizers
import Testing

@Suite struct ParameterSpanTests {
  private func spans(_ rows: [(Int, Int, Bool)]) -> [ParameterSpan] {
    rows.map { ParameterSpan(offset: $0.0, count: $0.1, decays: $0.2) }
  }

  @Test func neighboursThatAreUpdatedAlikeAreOne() {
    let all = spans([(0, 20, true), (32, 16, true), (48, 3, false), (64, 5, false), (80, 1, true)])
    #expect(all.joined(weightDecay: 0.1) == spans([(0, 48, true), (48, 21, false), (80, 1, true)]))
    // Without a decay all are alike.
    #expect(all.joined(weightDecay: 0) == spans([(0, 81, false)]))
  }

  /// Somebody else's floats may lie in a gap that is more than padding.
  @Test func spansThatAreApartStayApart() {
    let all = spans([(0, 16, true), (32, 16, true)])
    #expect(all.joined(weightDecay: 0.1) == all)
    #expect(spans([]).joined(weightDecay: 0.1) == [])
  }
}

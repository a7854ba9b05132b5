import Telemetry
import Testing

@Suite struct ConfusionMatrixTests {
  /// Three classes by hand: a twice right and once b, b once right and once none, c never seen.
  private var matrix: ConfusionMatrix {
    var matrix = ConfusionMatrix(classes: ["a", "b", "c"])
    for (label, answer) in [(0, 0), (0, 0), (0, 1), (1, 1), (1, -1)] {
      matrix.add(label: label, answer: answer)
    }
    return matrix
  }

  @Test func countsAddUp() {
    #expect(matrix.counts == [[2, 1, 0, 0], [0, 1, 0, 1], [0, 0, 0, 0]])
    #expect(matrix.correct == 3 && matrix.seen == 5 && matrix.accuracy == 0.6 && matrix.unnamed == 1)
  }

  @Test func scoresAreThoseOfTheFormulas() {
    #expect(matrix.score(of: 0) == ClassScore(name: "a", support: 3, precision: 1, recall: 2.0 / 3, f1: 0.8))
    #expect(matrix.score(of: 1) == ClassScore(name: "b", support: 2, precision: 0.5, recall: 0.5, f1: 0.5))
    #expect(matrix.score(of: 2) == ClassScore(name: "c", support: 0, precision: nil, recall: nil, f1: nil))
    let mean = ClassScore.mean(matrix.scores)
    #expect(mean.precision == 0.75 && mean.recall == (2.0 / 3 + 0.5) / 2 && mean.support == 5)
  }

  @Test func anOutputWithoutANameIsNone() {
    var matrix = ConfusionMatrix(classes: ["a"])
    matrix.add(label: 0, answer: 7)
    #expect(matrix.counts == [[0, 1]] && matrix.score(of: 0).recall == 0)
  }
}

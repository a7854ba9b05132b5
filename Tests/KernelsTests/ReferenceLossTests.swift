import KernelShapes
import Kernels
import Testing

@Suite struct ReferenceLossTests {
  private typealias Kernels = ReferenceKernels

  /// Softmax of (0, ln 3) is (1/4, 3/4); of equal logits, the first counts as the answer.
  @Test func byHand() {
    let logits: [Float] = [0, 1.098_612_3, 7, 7]
    var gradient = [Float](repeating: .nan, count: 4)
    let found = Kernels.softmaxCrossEntropy(
      batch: 2, classes: 2, logits: logits, labels: [0, 0], scale: 2, gradient: &gradient)
    #expect(abs(found.loss - (1.386_294_361 + 0.693_147_181)) < 1e-6)
    #expect(found.correct == 1)
    #expect(largestDifference(gradient, [-1.5, 1.5, -1, 1]) < 1e-6)
    let second = Kernels.softmaxCrossEntropy(
      batch: 1, classes: 2, logits: [7, 7], labels: [1], scale: 1, gradient: nil)
    #expect(second.correct == 0)
  }

  @Test func largeLogitsDoNotOverflow() {
    let found = Kernels.softmaxCrossEntropy(
      batch: 1, classes: 3, logits: [3e38, -3e38, 0], labels: [0], scale: 1, gradient: nil)
    #expect(found.loss == 0 && found.correct == 1)
  }

  @Test func aNotANumberSpoilsTheLoss() {
    for place in 0..<3 {
      var logits: [Float] = [0, 1, 2]
      logits[place] = .nan
      let found = Kernels.softmaxCrossEntropy(
        batch: 1, classes: 3, logits: logits, labels: [2], scale: 1, gradient: nil)
      #expect(found.loss.isNaN && found.correct == 0)
    }
  }

  @Test func gradientIsCentralDifferences() {
    let (batch, classes) = (4, 6)
    let logits = TestNumbers.reals(batch * classes, seed: 1, bound: 3)
    let labels: [UInt8] = [0, 5, 2, 3]
    var gradient = [Float](repeating: .nan, count: logits.count)
    _ = Kernels.softmaxCrossEntropy(
      batch: batch, classes: classes, logits: logits, labels: labels, scale: 1, gradient: &gradient)
    let expected = centralDifferences(logits, step: 0x1p-8) { logits in
      Kernels.softmaxCrossEntropy(
        batch: batch, classes: classes, logits: logits, labels: labels, scale: 1, gradient: nil
      ).loss
    }
    // The loss is in double precision, so what remains is h^2 / 6 of its third derivative, and the step's rounding.
    #expect(largestDifference(gradient, expected) < 1e-5)
  }
}

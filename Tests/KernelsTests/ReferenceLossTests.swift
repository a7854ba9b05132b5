import Foundation
import KernelShapes
import Kernels
import Testing

@Suite struct ReferenceLossTests {
  /// Softmax of (0, ln 3) is (1/4, 3/4); of equal logits, the first counts as the answer.
  @Test func byHand() {
    let found = score([0, 1.098_612_3, 7, 7], classes: 2, labels: [0, 0], scale: 2)
    #expect(abs(found.loss - (1.386_294_361 + 0.693_147_181)) < 1e-6)
    #expect(found.correct == 1)
    #expect(largestDifference(found.gradient, [-1.5, 1.5, -1, 1]) < 1e-6)
    #expect(score([7, 7], classes: 2, labels: [1]).correct == 0)
  }

  /// With softmax (1/4, 3/4) and half the target smoothed, q is (3/4, 1/4); blended half and half, it is even.
  @Test func blendsByHand() {
    let logits: [Float] = [0, 1.098_612_3]
    let smoothed = score(logits, classes: 2, labels: [0], smoothing: 0.5)
    #expect(abs(smoothed.loss - (0.75 * log(4) + 0.25 * log(4.0 / 3))) < 1e-6)
    #expect(largestDifference(smoothed.gradient, [-0.5, 0.5]) < 1e-6)
    let blended = score(logits, classes: 2, labels: [1], others: [0], shares: [0.5])
    #expect(abs(blended.loss - 0.5 * (log(4) + log(4.0 / 3))) < 1e-6)
    #expect(largestDifference(blended.gradient, [-0.25, 0.25]) < 1e-6)
    // The label counts, not the class that it is blended with.
    #expect(blended.correct == 1 && smoothed.correct == 0)
  }

  @Test func largeLogitsDoNotOverflow() {
    let found = score([3e38, -3e38, 0], classes: 3, labels: [0])
    #expect(found.loss == 0 && found.correct == 1)
  }

  @Test func aNotANumberSpoilsTheLoss() {
    for place in 0..<3 {
      var logits: [Float] = [0, 1, 2]
      logits[place] = .nan
      let found = score(logits, classes: 3, labels: [2])
      #expect(found.loss.isNaN && found.correct == 0)
    }
  }

  @Test(arguments: [false, true])
  func gradientIsCentralDifferences(isBlended: Bool) {
    let logits = TestNumbers.reals(24, seed: 1, bound: 3)
    let score = { (logits: [Float]) -> (loss: Double, correct: Int, gradient: [Float]) in
      isBlended
        ? self.score(
          logits, classes: 6, labels: [0, 5, 2, 3], others: [1, 5, 0, 4], shares: [0.25, 0.5, 1, 0],
          smoothing: 0.25)
        : self.score(logits, classes: 6, labels: [0, 5, 2, 3])
    }
    let expected = centralDifferences(logits, step: 0x1p-8) { score($0).loss }
    // The loss is in double precision, so what remains is h^2 / 6 of its third derivative, and the step's rounding.
    #expect(largestDifference(score(logits).gradient, expected) < 1e-5)
  }

  // MARK: PyTorch

  struct Golden: Decodable, Sendable, CustomTestStringConvertible {
    let name: String
    let classes: Int
    let labels: [UInt8]
    let others: [UInt8]?
    let shares: [Float]?
    let smoothing: Float
    let logits: [Float]
    let loss: Double
    let gradient: [Double]
    var testDescription: String { name }
  }

  /// Made by scripts/goldens/losses.py.
  static let goldens: [Golden] = {
    let url = Bundle.module.url(forResource: "losses", withExtension: "json", subdirectory: "Fixtures")
    guard let url, let data = try? Data(contentsOf: url) else { return [] }
    return (try? JSONDecoder().decode([Golden].self, from: data)) ?? []
  }()

  @Test func theFixtureIsWhole() { #expect(Self.goldens.count == 12) }

  /// PyTorch computed in double precision; each loss is rounded to a multiple of 2^-24, and the gradient to single.
  @Test(arguments: goldens)
  func equalsPyTorch(_ golden: Golden) {
    let found = score(
      golden.logits, classes: golden.classes, labels: golden.labels, others: golden.others,
      shares: golden.shares, smoothing: golden.smoothing)
    let roundings = Double(golden.labels.count) * 0x1p-25
    #expect(abs(found.loss - golden.loss) <= roundings + 1e-12 * golden.loss)
    #expect(largestDifference(found.gradient, golden.gradient) <= 0x1p-25)
  }

  private func score(
    _ logits: [Float], classes: Int, labels: [UInt8], others: [UInt8]? = nil, shares: [Float]? = nil,
    smoothing: Float = 0, scale: Float = 1
  ) -> (loss: Double, correct: Int, gradient: [Float]) {
    labels.withTargets(others, shares, smoothing: smoothing) { targets in
      var gradient = [Float](repeating: .nan, count: logits.count)
      let found = ReferenceKernels.softmaxCrossEntropy(
        batch: labels.count, classes: classes, logits: logits, targets: targets, scale: scale,
        gradient: &gradient)
      return (found.loss, found.correct, gradient)
    }
  }
}

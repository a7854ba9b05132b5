import Foundation
import Layers

/// A step's loss and gradient in a few characters, by which anybody can tell that it was computed again to the same bits.
public struct StepProof: Codable, Equatable, Sendable {
  /// From 1.
  public let step: Int
  /// The bits of the mean loss of the global batch, in double precision.
  public let loss: String
  /// A hash of the gradient's bits over all ranks: of every element, or of the factors that the elements are products of.
  public let gradient: String

  /// What the file beside a checkpoint is called that holds the proof of the step behind it.
  public static let name = "next.json"

  /// - Parameters:
  ///   - loss: the mean over the global batch.
  ///   - network: holds the gradient over all ranks.
  init(step: Int, loss: Double, _ network: Network) {
    self.step = step
    self.loss = Self.hex(loss.bitPattern)
    var hash = UInt64(network.parameterCount)
    var start = 0
    func add(_ range: Range<Int>) {
      hash = Fingerprint.combine(
        hash, Fingerprint.of(network.gradients.base + range.lowerBound, count: range.count))
    }
    for factors in network.factors where network.usesFactors {
      add(start..<factors.weightRange.lowerBound)
      for rows in [factors.allX, factors.allDy] {
        guard let base = rows.baseAddress else { continue }
        hash = Fingerprint.combine(hash, Fingerprint.of(base, count: rows.count))
      }
      start = factors.weightRange.upperBound
    }
    add(start..<network.parameterCount)
    gradient = Self.hex(hash)
  }

  /// The loss as a number.
  public var lossValue: Double? { UInt64(loss, radix: 16).map { Double(bitPattern: $0) } }

  private static func hex(_ bits: UInt64) -> String {
    let digits = String(bits, radix: 16)
    return String(repeating: "0", count: 16 - digits.count) + digits
  }

  /// The proof beside a checkpoint; nil where no step was computed after it.
  public init?(beside checkpoint: String) {
    guard let data = FileManager.default.contents(atPath: "\(checkpoint)/\(Self.name)"),
      let proof = try? JSONDecoder().decode(StepProof.self, from: data)
    else { return nil }
    self = proof
  }

  /// The line of the file.
  var text: String { "{\"step\":\(step),\"loss\":\"\(loss)\",\"gradient\":\"\(gradient)\"}\n" }
}

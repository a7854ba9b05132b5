import Datasets
import Failures
import Foundation
import Layers
import Pictures
import Telemetry

extension EvaluationRecord {
  /// How many mistakes and filters are kept.
  private static let maximumMistakes = 24
  private static let maximumFilters = 64

  /// - Parameters:
  ///   - outcomes: of the whole set.
  ///   - step: the last that the network was trained with.
  init(
    _ outcomes: Outcomes, of set: ImageSet, network: Network, model: String, step: Int, epoch: Int
  ) throws(Failure) {
    var mistakes: [Mistake] = []
    for index in outcomes.mistakes(in: set, atMost: Self.maximumMistakes) {
      let answer = Int(outcomes.answers[index])
      let (loss, probability) = (outcomes.losses[index], outcomes.probabilities[index])
      mistakes.append(
        Mistake(
          index: index, label: Int(set.labels[index]),
          answer: set.classNames.indices.contains(answer) ? answer : nil,
          probability: probability.isFinite ? probability : 0, loss: loss.isFinite ? loss : nil,
          picture: try Self.png(set.shape.width, set.shape.height, Array(set.pixels(of: index)))))
    }
    self.init(
      model: model, dataset: set.name, step: step, epoch: epoch, loss: outcomes.loss,
      confusion: outcomes.confusion(in: set), mistakes: mistakes, filters: try Self.filters(of: network))
  }

  /// The filters of the first convolution. Where it has several channels they are added up, for a grey image is the same in
  /// all of them.
  private static func filters(of network: Network) throws(Failure) -> [String] {
    let convolution = ParameterTensor.model(of: network).first { $0.shape.count == 4 }
    guard let convolution else { return [] }
    let (channels, height, width) = (convolution.shape[1], convolution.shape[2], convolution.shape[3])
    let count = min(convolution.shape[0], maximumFilters)
    let area = height * width
    var values = [Float](repeating: 0, count: count * channels * area)
    values.withUnsafeMutableBufferPointer { convolution.read(0..<$0.count, into: $0) }
    let sums = (0..<count).map { filter in
      (0..<area).map { pixel in
        (0..<channels).reduce(Float(0)) { $0 + values[(filter * channels + $1) * area + pixel] }
      }
    }
    let largest = sums.joined().reduce(Float(0)) { $1.isFinite ? max($0, abs($1)) : $0 }
    var pictures: [String] = []
    for sum in sums {
      let pixels = sum.map {
        $0.isFinite && largest > 0 ? UInt8((127.5 + 127.5 * $0 / largest).rounded()) : 128
      }
      pictures.append(try png(width, height, pixels))
    }
    return pictures
  }

  private static func png(_ width: Int, _ height: Int, _ pixels: [UInt8]) throws(Failure) -> String {
    Data(try PNGWriter.grey(width: width, height: height, pixels: pixels)).base64EncodedString()
  }
}

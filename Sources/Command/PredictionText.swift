import Telemetry
import Training

/// Predictions for people and for programs.
struct PredictionText {
  let model: String
  let checkpoint: String
  /// Classes to show of each picture.
  let top: Int

  /// A line a picture: the classes of the largest probabilities.
  func table(_ result: PredictionRun.Result) -> String {
    let predictions = result.predictions
    let shown = min(top, predictions.first?.probabilities.count ?? 0)
    let hasLabels = predictions.contains { $0.label != nil }
    var columns: [(title: String, alignment: TextTable.Alignment)] = [("picture", .left)]
    if hasLabels { columns.append(("label", .left)) }
    for place in 0..<shown {
      columns.append((place == 0 ? "class" : "", .left))
      columns.append(("", .right))
    }
    var table = TextTable(columns)
    for prediction in predictions { table.append(row(of: prediction, result.classNames, shown, hasLabels)) }
    return table.text.trimmingSuffix("\n")
  }

  private func row(
    of prediction: PredictionRun.Prediction, _ names: [String], _ shown: Int, _ hasLabels: Bool
  ) -> [String] {
    let label = hasLabels ? [printable(prediction.label ?? "")] : []
    let answers = prediction.best(shown).flatMap { output in
      [printable(Self.className(output, names)), fixed(prediction.probabilities[output], 4)]
    }
    return [printable(prediction.name)] + label + answers
  }

  private static func className(_ output: Int, _ names: [String]) -> String {
    names.indices.contains(output) ? names[output] : "output \(output)"
  }

  struct Record: Encodable {
    struct Answer: Encodable {
      let `class`: String
      let output: Int
      let probability: Double
    }

    struct Picture: Encodable {
      /// The file, or nil for an image of the test set.
      let file: String?
      let width: Int?
      let height: Int?
      /// In the test set.
      let index: Int?
      let label: String?
      let looksInverted: Bool
      let answers: [Answer]
    }

    let model: String
    let checkpoint: String
    let pictures: [Picture]
  }

  func record(_ result: PredictionRun.Result) -> Record {
    Record(
      model: model, checkpoint: checkpoint,
      pictures: result.predictions.map { picture($0, result.classNames) })
  }

  private func picture(_ prediction: PredictionRun.Prediction, _ names: [String]) -> Record.Picture {
    let answers = prediction.best(top).map { output in
      Record.Answer(
        class: Self.className(output, names), output: output, probability: prediction.probabilities[output])
    }
    return switch prediction.source {
    case .file(let path, let width, let height):
      Record.Picture(
        file: path, width: width, height: height, index: nil, label: nil,
        looksInverted: prediction.looksInverted, answers: answers)
    case .sample(let index, let label):
      Record.Picture(
        file: nil, width: nil, height: nil, index: index, label: label,
        looksInverted: prediction.looksInverted, answers: answers)
    }
  }
}

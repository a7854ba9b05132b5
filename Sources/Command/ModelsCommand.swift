import ArgumentParser
import Layers
import Models
import Telemetry
import Training

/// `cnn-dist models`: the networks that there are.
public struct ModelsCommand: ParsableCommand {
  public static let configuration = CommandConfiguration(
    commandName: "models", abstract: "List the networks and their recipes.",
    discussion: """
      Mult-adds are those of one image in forward, counted as torchinfo does.

      Examples:
        cnn-dist models
        cnn-dist models --recipes      what each recipe sets
        cnn-dist models --json         all of it, for programs
      """)

  @Flag(help: "Show the settings of every recipe.")
  var recipes = false
  @Flag(help: "Print JSON.")
  var json = false

  public init() {}

  public func run() throws {
    let records = try ModelRegistry.all.map(ModelRecord.init)
    if json {
      print(try Command.json(records))
    } else {
      print(recipes ? Self.recipes(records) : Self.table(records), terminator: "")
    }
  }

  private static func table(_ records: [ModelRecord]) -> String {
    var table = TextTable([
      ("name", .left), ("parameters", .right), ("mult-adds", .right), ("input", .left), ("classes", .right),
      ("recipes", .left), ("reference", .left),
    ])
    for record in records {
      let (unit, multAdds) = scaled(record.multAdds)
      table.append([
        record.name, grouped(record.parameters), "\(multAdds) \(unit)",
        record.inputShape.map(String.init).joined(separator: "x"), "\(record.classes)",
        record.recipes.map(\.name).joined(separator: " "), record.reference.citation,
      ])
    }
    return table.text
  }

  private static func recipes(_ records: [ModelRecord]) -> String {
    var table = TextTable([("model", .left), ("recipe", .left), ("settings", .left)])
    for record in records {
      for recipe in record.recipes { table.append([record.name, recipe.name, recipe.settings]) }
    }
    return table.text
  }
}

/// A network for programs: what `cnn-dist models --json` prints.
struct ModelRecord: Encodable {
  struct Recipe: Encodable {
    let name: String
    let settings: String
  }

  struct Reference: Encodable {
    let authors: [String]
    let year: Int
    let title: String
    let identifier: String
    let citation: String
  }

  let name: String
  let parameters: Int
  let multAdds: Int
  let inputShape: [Int]
  let classes: Int
  let recipes: [Recipe]
  let reference: Reference

  init(_ model: Model) throws {
    let summary = Summary(try model.graph(size: model.input.height, classes: model.classes))
    name = model.name
    parameters = summary.parameters
    multAdds = summary.multiplyAdds
    inputShape = Array(summary.input.torchSizes(batchSize: 1).dropFirst())
    classes = model.classes
    recipes = Training.Recipe.all(for: model.name).map { Recipe(name: $0.name, settings: $0.settings) }
    let paper = model.paper
    reference = Reference(
      authors: paper.authors, year: paper.year, title: paper.title, identifier: paper.identifier,
      citation: paper.citation)
  }
}

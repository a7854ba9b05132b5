import Foundation
import ProgramRunner
import Testing

@Suite struct ModelsTests {
  private struct Record: Decodable {
    struct Recipe: Decodable {
      var name: String
      var settings: String
    }
    struct Reference: Decodable {
      var authors: [String]
      var year: Int
      var identifier: String
    }
    var name: String
    var parameters: Int
    var multAdds: Int
    var inputShape: [Int]
    var classes: Int
    var recipes: [Recipe]
    var reference: Reference
  }

  private static let networks = 15

  private func records() throws -> [Record] {
    let result = try Program.run(["models", "--json"])
    #expect(result.status == 0, "\(result.errors)")
    return try snakeCaseDecoder().decode([Record].self, from: Data(result.output.utf8))
  }

  @Test func theTableHasEveryNetwork() throws {
    let result = try Program.run(["models"])
    #expect(result.status == 0, "\(result.errors)")
    let lines = result.outputLines
    #expect(lines.count == 1 + Self.networks)
    #expect(
      lines[0].split(separator: " ")
        == ["name", "parameters", "mult-adds", "input", "classes", "recipes", "reference"])
    let vgg = try #require(lines.first { $0.hasPrefix("vgg11 ") })
    for part in [" 128,806,154 ", " 7.55 G ", " 1x224x224 ", " 10 ", "Simonyan and Zisserman 2014, arXiv:"] {
      #expect(vgg.contains(part), "\(vgg)")
    }
    // Names of references begin in one column.
    let start = try #require(lines[0].range(of: "reference")?.lowerBound)
    let column = lines[0].distance(from: lines[0].startIndex, to: start)
    for line in lines.dropFirst() {
      let before = line.prefix(column)
      #expect(
        before.count == column && before.hasSuffix("  ") && line.dropFirst(column).first?.isLetter == true)
    }
  }

  @Test func jsonSaysTheSame() throws {
    let records = try records()
    #expect(records.count == Self.networks)
    let alexnet = try #require(records.first { $0.name == "alexnet-imagenet" })
    #expect(alexnet.parameters == 62_378_344 && alexnet.classes == 1000)
    #expect(alexnet.inputShape == [3, 227, 227] && alexnet.multAdds == 1_135_915_368)
    #expect(alexnet.reference.authors == ["Krizhevsky", "Sutskever", "Hinton"])
    for record in records {
      #expect(record.recipes.first?.name == "default" && record.recipes.contains { $0.name == "notebook" })
      #expect(["arXiv:", "doi:10."].contains { record.reference.identifier.hasPrefix($0) })
      #expect((1990...2020).contains(record.reference.year))
    }
  }

  /// What a recipe is said to set is what `train` takes and then resolves the same settings from.
  @Test func recipesAreShownAsOneWouldTypeThem() throws {
    let result = try Program.run(["models", "--recipes"])
    #expect(result.status == 0, "\(result.errors)")
    let records = try records()
    #expect(result.outputLines.count == 1 + records.reduce(0) { $0 + $1.recipes.count })
    for record in records {
      for recipe in record.recipes {
        let line = result.outputLines.first {
          $0.split(separator: " ").prefix(2) == [Substring(record.name), Substring(recipe.name)]
        }
        #expect(line?.hasSuffix(recipe.settings) == true, "\(record.name) \(recipe.name)")
        let typed = recipe.settings.split(separator: " ").map(String.init)
        let taken = try Program.run(["train", record.name, "--dry-run"] + typed)
        #expect(taken.status == 0, "\(record.name) \(recipe.name): \(taken.errors)")
      }
    }
    let book = try #require(records[0].recipes.first { $0.name == "book" })
    let typed = book.settings.split(separator: " ").map(String.init)
    let resolved = try Program.run(["train", "lenet", "--dry-run"] + typed)
    let named = try Program.run(["train", "lenet", "--dry-run", "--recipe", "book"])
    #expect(resolved.status == 0, "\(resolved.errors)")
    #expect(resolved.outputLines.dropFirst(2) == named.outputLines.dropFirst(2))
  }
}

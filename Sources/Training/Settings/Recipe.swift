/// Settings that belong together, by name: a row of `Recipe.table`. What a recipe does not say keeps its default.
public struct Recipe: Sendable {
  /// Every recipe's name, for messages and help.
  public static let names = ["default", "notebook", "book", "best", "quick"]

  /// The settings of a recipe for a model, as text; nil where the model has no such recipe.
  public static func settings(_ recipe: String, model: String) -> [String: String]? {
    table[recipe]?[model].map(read)
  }

  /// The recipes of a model in the order of ``names``, each with its settings as one would type them.
  public static func all(for model: String) -> [(name: String, settings: String)] {
    names.compactMap { name in
      guard let row = table[name]?[model] else { return nil }
      return (name, row.split(separator: " ").map(option).joined(separator: " "))
    }
  }

  /// A word `name=value` as an option of the command line; what is true or false is a flag there.
  private static func option(_ word: Substring) -> String {
    if word.hasSuffix("=true") { return "--\(word.dropLast(5))" }
    if word.hasSuffix("=false") { return "--no-\(word.dropLast(6))" }
    return "--" + word.replacing("=", with: " ")
  }

  /// The models that a recipe is for.
  public static func models(of recipe: String) -> Set<String> { Set(table[recipe]?.keys.map { $0 } ?? []) }

  /// Reads `name=value` words.
  private static func read(_ row: String) -> [String: String] {
    var values: [String: String] = [:]
    for word in row.split(separator: " ") {
      let parts = word.split(separator: "=", maxSplits: 1)
      precondition(parts.count == 2, "'\(word)' is not name=value")
      values[String(parts[0])] = String(parts[1])
    }
    return values
  }
}

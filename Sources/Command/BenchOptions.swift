import ArgumentParser

/// How often a benchmark measures, and how it prints what it found.
struct BenchOptions: ParsableArguments {
  @Option(help: ArgumentHelp("Measured rounds; the median counts.", valueName: "n"))
  var rounds = 5
  @Flag(help: "Print JSON.")
  var json = false

  func validate() throws {
    if rounds < 1 { throw ValidationError("--rounds must be at least 1") }
  }

  func show(_ record: some Encodable, table: String) throws {
    print(json ? try Command.json(record) : table, terminator: json ? "\n" : "")
  }
}

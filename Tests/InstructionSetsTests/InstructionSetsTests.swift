import Failures
import InstructionSets
import Kernels
import Testing

@Suite struct InstructionSetsTests {
  @Test func referenceCanAlwaysBeAskedFor() throws {
    #expect(try InstructionSets.named("reference", processor: "") == .reference)
    #expect(try InstructionSets.selected(environment: ["CNN_DIST_ISA": "reference"]).name == "reference")
  }

  @Test func anUnknownNameListsTheKnown() {
    let error = #expect(throws: Failure.self) { try InstructionSets.named("avx1024", processor: "") }
    #expect(error?.code == .configuration)
    #expect(error?.description.contains("\"avx1024\"") == true)
    for set in InstructionSet.allCases { #expect(error?.description.contains(set.rawValue) == true) }
    #expect(error?.description.contains("\n") == false)
  }

  @Test func theChoiceIsTheLastOfThoseThatRun() throws {
    let available = try InstructionSets.available()
    #expect(available.first == .reference)
    #expect(try InstructionSets.best().name == available.last?.rawValue)
    for set in available { #expect(try InstructionSets.named(set.rawValue).name == set.rawValue) }
    #expect(try InstructionSets.selected(environment: [:]).name == available.last?.rawValue)
    #expect(try InstructionSets.selected(environment: ["CNN_DIST_ISA": ""]).name == available.last?.rawValue)
  }

  #if arch(x86_64)
    private static let old = "avx avx2 bmi1 bmi2 f16c fma movbe"
    private static let v3 = old + " abm"
    private static let v4 = v3 + " avx512f avx512dq avx512cd avx512bw avx512vl"

    private static func text(_ flags: String...) -> String {
      flags.enumerated().map {
        "processor\t: \($0)\nmodel name\t: Any\nflags\t\t: fpu \($1) sse\nvmx flags\t: avx512f\n\n"
      }
      .joined()
    }

    @Test func theFastestThatAllProcessorsRun() throws {
      #expect(try InstructionSets.best(processor: Self.text(Self.v3)) == .v3)
      #expect(try InstructionSets.best(processor: Self.text(Self.v4)) == .v4)
      #expect(try InstructionSets.best(processor: Self.text(Self.v4, Self.v3)) == .v3)
      #expect(try InstructionSets.best(processor: Self.text(Self.v4, Self.v4)) == .v4)
    }

    @Test(arguments: ["avx512f", "avx512dq", "avx512cd", "avx512bw", "avx512vl"])
    func v4NeedsEveryPart(_ flag: String) throws {
      let flags = Self.v4.split(separator: " ").filter { $0 != flag }.joined(separator: " ")
      #expect(try InstructionSets.best(processor: Self.text(flags)) == .v3)
      let error = #expect(throws: Failure.self) {
        try InstructionSets.named("x86-64-v4", processor: Self.text(flags))
      }
      #expect(error?.code == .configuration)
      #expect(error?.description.contains("lacks \(flag)") == true)
    }

    @Test func aSlowerSetCanBeAskedFor() throws {
      #expect(try InstructionSets.named("x86-64-v3", processor: Self.text(Self.v4)) == .v3)
    }

    @Test func anOldProcessorIsRefused() {
      for text in ["", "processor : 0\n", Self.text(Self.old)] {
        let error = #expect(throws: Failure.self) { try InstructionSets.best(processor: text) }
        #expect(error?.code == .configuration)
        #expect(error?.description.contains("abm") == true)
        #expect(error?.description.contains("\n") == false)
      }
    }
  #endif
}

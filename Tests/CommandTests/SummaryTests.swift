import Foundation
import ProgramRunner
import Testing

@Suite struct SummaryTests {
  private static let fixtures: [URL] = {
    guard let fixtures = Bundle.module.resourceURL?.appendingPathComponent("Fixtures"),
      let found = try? FileManager.default.contentsOfDirectory(at: fixtures, includingPropertiesForKeys: nil)
    else { return [] }
    return found.filter { $0.pathExtension == "txt" }.sorted { $0.path < $1.path }
  }()

  /// What torchinfo prints, to the byte; `scripts/goldens/summaries.py` makes the fixtures, whose names say
  /// model, batch size and depth.
  @Test func textIsThatOfTorchinfo() throws {
    #expect(Self.fixtures.count == 13)
    for fixture in Self.fixtures {
      let parts = fixture.deletingPathExtension().lastPathComponent.split(separator: "-").map(String.init)
      let model = parts.dropFirst().dropLast(2).joined(separator: "-")
      let result = try Program.run([
        "summary", model, "--batch-size", parts[parts.count - 2], "--depth", parts[parts.count - 1],
      ])
      #expect(result.status == 0, "\(result.errors)")
      #expect(
        result.output == (try String(contentsOf: fixture, encoding: .utf8)), "\(fixture.lastPathComponent)")
    }
  }

  @Test func batchSizeAndDepthHaveTorchinfosDefaults() throws {
    let fixture = try #require(Self.fixtures.first { $0.lastPathComponent == "summary-densenet-1-3.txt" })
    let expected = try String(contentsOf: fixture, encoding: .utf8)
    #expect(try Program.run(["summary", "densenet"]).output == expected)
  }

  /// In M, G or T, as torchinfo chooses.
  @Test(arguments: [
    ("lenet", 1, "Total mult-adds (M): 0.42"), ("lenet", 500_000, "Total mult-adds (G): 211.52"),
    ("lenet", 500, "Total mult-adds (M): 211.52"), ("lenet", 1_000_000, "Total mult-adds (G): 423.04"),
    ("vgg16", 200_000, "Total mult-adds (T): 3,095.95"), ("lenet5-1998", 1, "Total mult-adds (M): 0.42"),
  ])
  func multAddsHaveTheLargestUnit(model: String, batchSize: Int, expected: String) throws {
    let result = try Program.run(["summary", model, "--batch-size", "\(batchSize)"])
    #expect(result.outputLines.contains { $0 == expected }, "\(result.output)")
  }

  @Test func connectionsAreThoseOfThePaper() throws {
    let result = try Program.run(["summary", "lenet5-1998", "--connections"])
    #expect(result.status == 0, "\(result.errors)")
    #expect(
      result.output == """
        layer   type             output  parameters  connections
        C1      Conv2d          6x28x28         156      122,304
        S2      Subsampling     6x14x14          12        5,880
        C3      PartialConv2d  16x10x10       1,516      151,600
        S4      Subsampling      16x5x5          32        2,000
        C5      Conv2d          120x1x1      48,120       48,120
        F6      Linear               84      10,164       10,164
        OUTPUT  RBF                  10         840          840
        total                                60,840      340,908

        """)
  }

  @Test func imageSizeAndClassesAreOptions() throws {
    let result = try Program.run(["summary", "resnet18", "--image-size", "32", "--classes", "7"])
    #expect(result.status == 0, "\(result.errors)")
    #expect(result.outputLines[3].hasPrefix("Sequential                               [1, 7] "))
    #expect(result.outputLines[4].contains("[1, 64, 16, 16]"))
    #expect(result.outputLines.contains { $0.hasPrefix("├─Linear: 1-15") && $0.hasSuffix(" 3,591") })
  }

  private struct Record: Decodable {
    struct Module: Decodable {
      var name: String
      var kind: String
      var outputShape: [Int]?
      var paperName: String?
      var connections: Int
      var multAdds: Int
    }
    var model: String
    var batchSize: Int
    var inputShape: [Int]
    var parameters: Int
    var multAdds: Int
    var totalBytes: Int
    var modules: [Module]
  }

  @Test func jsonHasTheSameNumbers() throws {
    let result = try Program.run(["summary", "lenet5-1998", "--json", "--batch-size", "10"])
    #expect(result.status == 0, "\(result.errors)")
    let record = try snakeCaseDecoder().decode(Record.self, from: Data(result.output.utf8))
    #expect(record.model == "lenet5-1998" && record.batchSize == 10)
    #expect(record.inputShape == [10, 1, 32, 32])
    #expect(record.parameters == 61740 && record.totalBytes / 10_000 == 93)
    #expect(record.multAdds == record.modules.reduce(0) { $0 + $1.multAdds })
    #expect(record.modules.count == 13)
    #expect(record.modules[4].paperName == "C3" && record.modules[4].connections == 151_600)
    #expect(record.modules[12].outputShape == [10, 10] && record.modules[12].paperName == "OUTPUT")
    #expect(record.modules[2].paperName == nil)
  }

  @Test(arguments: [
    (["vgg1"], 64, "unknown model 'vgg1'; did you mean 'vgg11'?"),
    (["vgg11", "--image-size", "8"], 78, "vgg11 cannot take 8x8 images"),
    (["vgg11", "--image-size", "8"], 78, "(--image-size); give at least 32"),
    (["lenet", "--batch-size", "0"], 64, "'0' is not allowed (--batch-size); give a whole number from 1"),
    (["lenet", "--classes", "1"], 64, "(--classes); give a whole number from 2"),
    (["lenet", "--image-size", "many"], 64, "(--image-size); give a whole number from 1"),
    (["lenet", "--depth=-1"], 64, "--depth must be at least 0"),
  ])
  func nonsenseSaysWhatIsAllowed(arguments: [String], status: Int32, message: String) throws {
    let result = try Program.run(["summary"] + arguments)
    #expect(result.status == status)
    #expect(result.ownErrors.count == 1 && result.errors.contains(message), "\(result.errors)")
    #expect(result.output.isEmpty)
  }

  /// Of the ranks of a job, one prints.
  @Test func underMPIOneRankPrints() throws {
    let result = try Program.run(["summary", "lenet", "--depth", "0"], ranks: 2)
    #expect(result.status == 0, "\(result.errors)")
    #expect(result.output == (try Program.run(["summary", "lenet", "--depth", "0"]).output))
  }
}

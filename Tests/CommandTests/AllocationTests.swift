import ProgramRunner
import Testing

@Suite struct AllocationTests {
  /// The program counts every call of `malloc`, on all threads of two ranks. A whole run varies by a few (a thread that
  /// starts early or late); a step that allocated once would show 200.
  @Test(arguments: [("lenet", "28"), ("alexnet-small", "67"), ("vgg11-small", "32")])
  func aTrainingStepAllocatesNothing(model: String, size: String) throws {
    let result = try Program([model, size], program: "step-allocations").result()
    #expect(result.status == 0, "\(result.output)\(result.errors)")
    let count = try #require(result.output.split(separator: " ").first.flatMap { Int($0) })
    #expect(abs(count) < 40, "\(result.output)")
  }

  @Test func theLoaderAllocatesNothing() throws {
    let result = try Program(["loader"], program: "step-allocations").result()
    #expect(result.status == 0, "\(result.output)\(result.errors)")
    #expect(result.output.hasPrefix("0 allocations"), "\(result.output)")
  }
}

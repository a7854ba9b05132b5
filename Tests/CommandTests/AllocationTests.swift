import ProgramRunner
import Testing

@Suite struct AllocationTests {
  /// A whole run varies by a few allocations, on a busy machine by up to forty: a thread that starts early or late; and by a
  /// hundred or so where the axes of its report have another tick. A step that allocated once would show 400, and 200 if on
  /// one rank alone.
  private static let limit = 180

  /// The program counts every call of `malloc`, on all threads of two ranks.
  @Test(arguments: [
    ("lenet", "28", "1"), ("lenet", "28", "2"), ("alexnet-small", "67", "1"), ("vgg11-small", "32", "2"),
    ("resnet18", "96", "1"),
  ])
  func aTrainingStepAllocatesNothing(model: String, size: String, threads: String) throws {
    let result = try Program([model, size, "threads=\(threads)"], program: "step-allocations").result()
    #expect(result.status == 0, "\(result.output)\(result.errors)")
    let count = try #require(result.output.split(separator: " ").first.flatMap { Int($0) })
    #expect(abs(count) < Self.limit, "\(result.output)")
  }

  /// With every method of training on.
  @Test func aStepWithEveryMethodAllocatesNothing() throws {
    let options = [
      "optimizer=adamw", "weight-decay=0.1", "schedule=cosine", "warmup-epochs=0.1", "clip-norm=1",
      "ema=0.99", "augment=flip,crop,rotate,brightness,contrast,erase", "mixup=0.4", "label-smoothing=0.1",
      "accumulate=2", "dead-steps=140",
    ]
    let result = try Program(["lenet5", "32"] + options, program: "step-allocations").result()
    #expect(result.status == 0, "\(result.output)\(result.errors)")
    let count = try #require(result.output.split(separator: " ").first.flatMap { Int($0) })
    #expect(abs(count) < Self.limit, "\(result.output)")
  }

  /// The update is shared, and the norm of what each rank has of the gradient.
  @Test(arguments: ["adamw", "lars"])
  func aStepWithASharedUpdateAllocatesNothing(optimizer: String) throws {
    let options = ["shard-optimizer=true", "optimizer=\(optimizer)", "clip-norm=1"]
    let result = try Program(["alexnet-small", "67"] + options, program: "step-allocations").result()
    #expect(result.status == 0, "\(result.output)\(result.errors)")
    let count = try #require(result.output.split(separator: " ").first.flatMap { Int($0) })
    #expect(abs(count) < Self.limit, "\(result.output)")
  }

  /// Gradients are sent in 16 bits, with a lane for each shard.
  @Test(arguments: ["false", "true"])
  func aStepInHalfTheBytesAllocatesNothing(sharesUpdate: String) throws {
    let options = ["wire=bf16", "shard-optimizer=\(sharesUpdate)"]
    let result = try Program(["alexnet-small", "67"] + options, program: "step-allocations").result()
    #expect(result.status == 0, "\(result.output)\(result.errors)")
    let count = try #require(result.output.split(separator: " ").first.flatMap { Int($0) })
    #expect(abs(count) < Self.limit, "\(result.output)")
  }

  /// Writing the timeline takes a few, however long it is.
  @Test func aStepOnATimelineAllocatesNothing() throws {
    let scratch = try ScratchDirectory()
    let result = try Program(
      ["lenet", "28", "trace=\(scratch.file("trace.json"))", "metrics-port=0"], program: "step-allocations"
    ).result()
    #expect(result.status == 0, "\(result.output)\(result.errors)")
    let count = try #require(result.output.split(separator: " ").first.flatMap { Int($0) })
    #expect(abs(count) < Self.limit, "\(result.output)")
  }

  @Test func theLoaderAllocatesNothing() throws {
    let result = try Program(["loader"], program: "step-allocations").result()
    #expect(result.status == 0, "\(result.output)\(result.errors)")
    #expect(result.output.hasPrefix("0 allocations"), "\(result.output)")
  }
}

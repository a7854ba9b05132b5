import Failures
import Foundation
import Telemetry
import Testing

@Suite struct MetricsWriterTests {
  static func train(_ step: Int, loss: Float = 1.8508) -> MetricsRecord {
    MetricsRecord(
      time: 1_763_687_820.123 + Double(step), step: step, epoch: (step - 1) / 10 + 1, split: .train,
      loss: loss,
      accuracy: 0.317, learningRate: 0.001, gradientNorm: 2.5, imagesPerSecond: 5230.5,
      phases: .init(data: 0.001, compute: 0.04, exposedCommunication: 0.002, wait: 0.0005))
  }

  static func test(_ step: Int) -> MetricsRecord {
    MetricsRecord(
      time: 1_763_687_821, step: step, epoch: step / 10, split: .test, loss: 1.2, accuracy: 0.587,
      imagesPerSecond: 9000)
  }

  @Test func writesTheKeysInOrder() throws {
    let place = try TemporaryDirectory()
    let writer = try MetricsWriter(place.file("metrics.jsonl"), resumingAt: 0)
    try writer.append(Self.train(1))
    try writer.append(Self.test(10))
    #expect(
      try place.text("metrics.jsonl") == """
        {"time":1763687821.123,"step":1,"epoch":1,"split":"train","loss":1.8508,"accuracy":0.317,"lr":0.001,\
        "grad_norm":2.5,"images_per_s":5230.5,"data":0.001,"compute":0.04,"exposed_comm":0.002,"wait":0.0005}
        {"time":1763687821.000,"step":10,"epoch":1,"split":"test","loss":1.2,"accuracy":0.587,"lr":null,\
        "grad_norm":null,"images_per_s":9000.0}

        """)
  }

  @Test func readsBackWhatItWrote() throws {
    let place = try TemporaryDirectory()
    let path = place.file("metrics.jsonl")
    let writer = try MetricsWriter(path, resumingAt: 0)
    let awkward: [Float] = [
      .leastNonzeroMagnitude, .leastNormalMagnitude, .greatestFiniteMagnitude, -0.1, 1 / 3, 16_777_216, 6e7,
    ]
    let records = awkward.enumerated().map { Self.train($0 + 1, loss: $1) } + [Self.test(20)]
    for record in records { try writer.append(record) }
    try writer.synchronize()
    #expect(try MetricsReader.read(path) == records)
  }

  @Test(arguments: [Float.nan, .infinity, -.infinity, .signalingNaN])
  func whatIsNotFiniteIsNull(_ value: Float) throws {
    let place = try TemporaryDirectory()
    let path = place.file("metrics.jsonl")
    var record = Self.train(1, loss: value)
    record.gradientNorm = value
    record.phases?.wait = value
    try MetricsWriter(path, resumingAt: 0).append(record)
    let object = try #require(
      try JSONSerialization.jsonObject(with: Data(place.text("metrics.jsonl").utf8)) as? [String: Any])
    #expect(object["loss"] is NSNull && object["grad_norm"] is NSNull && object["wait"] is NSNull)
    let back = try #require(try MetricsReader.read(path).first)
    #expect(back.loss.isNaN && back.gradientNorm == nil && back.phases?.wait.isNaN == true)
  }

  @Test(arguments: [0.0, 0.0004, 0.0005, 0.999, 0.9996, 1_763_687_820.0625])
  func timeHasMilliseconds(_ time: Double) throws {
    let place = try TemporaryDirectory()
    let path = place.file("metrics.jsonl")
    var record = Self.train(1)
    record.time = time
    try MetricsWriter(path, resumingAt: 0).append(record)
    let back = try #require(try MetricsReader.read(path).first)
    #expect(abs(back.time - time) < 0.00051)
    #expect(try place.text("metrics.jsonl").hasPrefix("{\"time\":\(String(format: "%.3f", back.time)),"))
  }

  @Test func resumingDropsWhatIsPastTheStep() throws {
    let place = try TemporaryDirectory()
    let path = place.file("metrics.jsonl")
    let whole = try MetricsWriter(path, resumingAt: 0)
    for step in 1...20 {
      try whole.append(Self.train(step))
      if step % 10 == 0 { try whole.append(Self.test(step)) }
    }
    let uninterrupted = try place.text("metrics.jsonl")

    let resumed = try MetricsWriter(path, resumingAt: 13)
    #expect(try MetricsReader.read(path).map(\.step) == Array(1...10) + [10] + Array(11...13))
    for step in 14...20 {
      try resumed.append(Self.train(step))
      if step % 10 == 0 { try resumed.append(Self.test(step)) }
    }
    #expect(try place.text("metrics.jsonl") == uninterrupted)
  }

  @Test func aStepIsWrittenOnce() throws {
    let place = try TemporaryDirectory()
    let path = place.file("metrics.jsonl")
    let writer = try MetricsWriter(path, resumingAt: 0)
    for step in [1, 2, 10, 10] { try writer.append(Self.train(step)) }
    for step in [10, 10] { try writer.append(Self.test(step)) }
    // Saved before the evaluation of step 10, killed after it: the evaluation comes again.
    let resumed = try MetricsWriter(path, resumingAt: 10)
    try resumed.append(Self.test(10))
    try resumed.append(Self.train(11))
    #expect(try MetricsReader.read(path).map(\.step) == [1, 2, 10, 10, 11])
  }

  @Test func aNewRunBeginsAnew() throws {
    let place = try TemporaryDirectory()
    let path = place.file("metrics.jsonl")
    try MetricsWriter(path, resumingAt: 0).append(Self.train(1))
    _ = try MetricsWriter(path, resumingAt: 0)
    #expect(try place.text("metrics.jsonl").isEmpty)
  }

  @Test func aTornLineIsDropped() throws {
    let place = try TemporaryDirectory()
    let path = place.file("metrics.jsonl")
    let writer = try MetricsWriter(path, resumingAt: 0)
    for step in 1...3 { try writer.append(Self.train(step)) }
    let bytes = Array(try place.text("metrics.jsonl").utf8)
    let lastLine = try #require(bytes.dropLast().lastIndex(of: UInt8(ascii: "\n"))) + 1
    // Cut at every byte of the last line; only with its newline does it count.
    for length in lastLine..<bytes.count {
      try Data(bytes[..<length]).write(to: URL(fileURLWithPath: path))
      #expect(try MetricsReader.read(path).map(\.step) == [1, 2])
      let resumed = try MetricsWriter(path, resumingAt: 3)
      try resumed.append(Self.train(3))
      #expect(try Data(contentsOf: URL(fileURLWithPath: path)) == Data(bytes))
    }
    #expect(place.names == ["metrics.jsonl"])
  }

  @Test(arguments: ["\0\0\0\0\n", "\n", "[]\n", "{}\n", "{\"time\":1\n", "null\n", "\u{FF}\n"])
  func whatIsNoLineOfMetricsIsDropped(_ rubbish: String) throws {
    let place = try TemporaryDirectory()
    let path = place.file("metrics.jsonl")
    try MetricsWriter(path, resumingAt: 0).append(Self.train(1))
    let good = try place.text("metrics.jsonl")
    try place.write(good + rubbish, to: "metrics.jsonl")
    let failure = #expect(throws: Failure.self) { try MetricsReader.read(path) }
    #expect(failure?.code == .badData)
    #expect(failure?.location == "\(path):2")
    _ = try MetricsWriter(path, resumingAt: 5)
    #expect(try place.text("metrics.jsonl") == good)
  }

  @Test func missingMetricsAreNamed() throws {
    let place = try TemporaryDirectory()
    let failure = #expect(throws: Failure.self) { try MetricsReader.read(place.file("metrics.jsonl")) }
    #expect(failure?.code == .missingInput)
  }

  @Test func anUnwritableFileIsNamed() throws {
    let place = try TemporaryDirectory()
    try place.write("a file", to: "run")
    let failure = #expect(throws: Failure.self) {
      try MetricsWriter(place.file("run/metrics.jsonl"), resumingAt: 0)
    }
    #expect(failure?.code == .inputOutput || failure?.code == .cannotWrite)
  }

  /// The size limit of a process cuts a write short, as a disk does that fills up.
  @Test func aLineThatDoesNotFitIsTakenBack() async throws {
    let place = try TemporaryDirectory()
    let path = place.file("metrics.jsonl")
    await #expect(processExitsWith: .success) { [path = path as String] in
      signal(SIGXFSZ, SIG_IGN)
      let writer = try MetricsWriter(path, resumingAt: 0)
      try writer.append(Self.train(1))
      var limit = rlimit(rlim_cur: 300, rlim_max: rlim_t.max)
      setrlimit(__rlimit_resource_t(RLIMIT_FSIZE.rawValue), &limit)
      do throws(Failure) {
        try writer.append(Self.train(2))
        exit(1)
      } catch {
        guard error.code == .inputOutput, error.location == path else { exit(2) }
      }
      limit.rlim_cur = limit.rlim_max
      setrlimit(__rlimit_resource_t(RLIMIT_FSIZE.rawValue), &limit)
      // The disk has room again: the step is not lost.
      try writer.append(Self.train(2))
    }
    #expect(try MetricsReader.read(path) == [Self.train(1), Self.train(2)])
  }

  @Test func manyThreadsNeverMixLines() async throws {
    let place = try TemporaryDirectory()
    let path = place.file("metrics.jsonl")
    let writer = try MetricsWriter(path, resumingAt: 0)
    await withTaskGroup(of: Void.self) { group in
      for _ in 0..<4 {
        group.addTask { for step in 1...200 { try? writer.append(Self.train(step)) } }
      }
    }
    #expect(try MetricsReader.read(path).map(\.step) == (try MetricsReader.read(path).map(\.step).sorted()))
    #expect(try MetricsReader.read(path).last?.step == 200)
  }
}

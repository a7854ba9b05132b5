import Failures
import Telemetry
import Testing

@Suite struct ResultsWriterTests {
  static func result(_ epoch: Int, test: Double? = 0.587) -> EpochResult {
    EpochResult(
      epoch: epoch, loss: 1.8508, trainAccuracy: 0.317, testAccuracy: test, seconds: 31,
      imagesPerSecond: 1935.5,
      learningRate: 0.001)
  }

  @Test func writesARowAnEpoch() throws {
    let place = try TemporaryDirectory()
    let writer = try ResultsWriter(place.file("results.csv"), resumingAt: 0)
    try writer.append(Self.result(1))
    try writer.append(Self.result(2, test: nil))
    try writer.append(Self.result(3, test: .nan))
    try writer.synchronize()
    #expect(
      try place.text("results.csv") == """
        epoch,loss,train_acc,test_acc,time_s,images_per_s,lr
        1,1.8508,0.317,0.587,31.0,1935.5,0.001
        2,1.8508,0.317,,31.0,1935.5,0.001
        3,1.8508,0.317,nan,31.0,1935.5,0.001

        """)
    let back = try ResultsWriter.read(place.file("results.csv"))
    #expect(back.prefix(2) == [Self.result(1), Self.result(2, test: nil)])
    #expect(back[2].testAccuracy?.isNaN == true)
  }

  @Test func resumingDropsWhatIsPastTheEpoch() throws {
    let place = try TemporaryDirectory()
    let path = place.file("results.csv")
    let writer = try ResultsWriter(path, resumingAt: 0)
    for epoch in 1...4 { try writer.append(Self.result(epoch)) }
    let uninterrupted = try place.text("results.csv")
    let resumed = try ResultsWriter(path, resumingAt: 2)
    #expect(try ResultsWriter.read(path).map(\.epoch) == [1, 2])
    for epoch in 2...4 { try resumed.append(Self.result(epoch)) }
    #expect(try place.text("results.csv") == uninterrupted)
  }

  @Test(arguments: ["", "epoch,lo", "1,2,3\n", "\0\0\n", "epoch,loss\n1,1.85\n", "1,a,b,c,d,e,f\n"])
  func rubbishIsReplaced(_ content: String) throws {
    let place = try TemporaryDirectory()
    try place.write(content, to: "results.csv")
    try ResultsWriter(place.file("results.csv"), resumingAt: 9).append(Self.result(10))
    #expect(
      try place.text("results.csv")
        == "epoch,loss,train_acc,test_acc,time_s,images_per_s,lr\n10,1.8508,0.317,0.587,31.0,1935.5,0.001\n")
  }

  @Test func aTornRowIsDropped() throws {
    let place = try TemporaryDirectory()
    let path = place.file("results.csv")
    let writer = try ResultsWriter(path, resumingAt: 0)
    try writer.append(Self.result(1))
    let good = try place.text("results.csv")
    // Without its newline even a row that looks whole may have lost digits.
    try place.write(good + "2,1.8508,0.317,0.587,31.0,1935.5,0.00", to: "results.csv")
    #expect(try ResultsWriter.read(path).map(\.epoch) == [1])
    _ = try ResultsWriter(path, resumingAt: 2)
    #expect(try place.text("results.csv") == good)
  }

  @Test func missingResultsAreNamed() throws {
    let place = try TemporaryDirectory()
    let failure = #expect(throws: Failure.self) { try ResultsWriter.read(place.file("results.csv")) }
    #expect(failure?.code == .missingInput)
  }
}

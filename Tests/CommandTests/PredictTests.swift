import Foundation
import PNGFixtures
import ProgramRunner
import Testing

@Suite(.serialized) struct PredictTests {
  private struct Answers: Decodable {
    struct Picture: Decodable {
      struct Answer: Decodable, Equatable {
        let `class`: String
        let probability: Double
      }

      let file: String?
      let label: String?
      let looksInverted: Bool
      let answers: [Answer]
    }

    let pictures: [Picture]
  }

  /// A trained run, and a place for pictures.
  private final class Bench: Sendable {
    let scratch: ScratchDirectory
    let run: String

    init() throws {
      scratch = try ScratchDirectory()
      run = scratch.file("run")
      let trained = try Program.run(tinyTraining(run, steps: 4))
      #expect(trained.status == 0, "\(trained.errors)")
    }

    func write(_ bytes: [UInt8], _ name: String) throws -> String {
      try Data(bytes).write(to: URL(fileURLWithPath: scratch.file(name)))
      return scratch.file(name)
    }

    func predict(_ arguments: [String]) throws -> ProgramResult {
      try Program.run(["predict", run] + arguments)
    }

    func answers(_ arguments: [String]) throws -> [Answers.Picture] {
      let result = try predict(arguments + ["--json", "--top", "10"])
      #expect(result.status == 0, "\(result.errors)")
      return try snakeCaseDecoder().decode(Answers.self, from: Data(result.output.utf8)).pictures
    }
  }

  private let bench: Bench
  /// A garment of a kind: light on black.
  private let light = (0..<784).map {
    (6..<22).contains($0 / 28) && (8..<20).contains($0 % 28) ? UInt8(200) : 0
  }

  init() throws { bench = try Bench() }

  /// Whatever file the same picture comes in, the answer is the same to the bit.
  @Test("fault 38: colour, alpha or 16 bits in a PNG file → converted")
  func everyKindOfFile() throws {
    let dark = light.map { 255 - $0 }
    let files = [
      try bench.write(PNGFixture(28, 28, .grey, light).bytes, "a.png"),
      try bench.write(PNGFixture(28, 28, .rgb, light.flatMap { [$0, $0, $0] }).bytes, "b.png"),
      try bench.write(
        PNGFixture(28, 28, .rgba, light.flatMap { [200, 200, 200, $0 == 0 ? 0 : 255] }).bytes, "c.PNG"),
      try bench.write(PNGFixture(28, 28, .grey, depth: 16, light.flatMap { [$0, $0] }).bytes, "d.png"),
      try bench.write(
        PNGFixture(56, 56, .grey, (0..<56 * 56).map { light[$0 / 112 * 28 + $0 % 56 / 2] }).bytes, "e.png"),
    ]
    let answers = try bench.answers([bench.scratch.path])
    #expect(answers.map(\.file) == files && answers.allSatisfy { !$0.looksInverted })
    for answer in answers {
      #expect(answer.answers == answers[0].answers)
      #expect(abs(answer.answers.reduce(0) { $0 + $1.probability } - 1) < 1e-6)
    }
    let inverted = try bench.write(PNGFixture(28, 28, .grey, dark).bytes, "inverted")
    let result = try bench.predict([inverted])
    #expect(
      result.status == 0 && result.errors.contains("looks inverted") && result.errors.contains("--invert"))
    #expect(try bench.answers([inverted, "--invert"])[0].answers == answers[0].answers)
  }

  @Test(
    "fault 38: not a PNG file, truncated, damaged, or of huge dimensions → 65",
    arguments: [
      ("GIF89a, not a PNG", "not a PNG file"), ("cut", "damaged PNG file"), ("flipped", "damaged PNG file"),
      ("huge", "60000x60000 pixels are too many"), ("empty", "not a PNG file"), ("wide", "x.png"),
    ])
  func badFile(kind: String, message: String) throws {
    let good = PNGFixture(28, 28, .grey, light).bytes
    let bytes: [UInt8] =
      switch kind {
      case "cut": Array(good.prefix(400))
      case "flipped": good.enumerated().map { $0.offset == 300 ? $0.element ^ 1 : $0.element }
      case "huge": PNGFixture.declaring(width: 60_000, height: 60_000)
      case "wide": PNGFixture.declaring(width: 1 << 30, height: 1 << 30)
      case "empty": []
      default: Array(kind.utf8)
      }
    let path = try bench.write(bytes, "x.png")
    expectFailure(try bench.predict([path]), 65, "x.png", message)
  }

  /// The largest picture that is taken: 64 MiB of colours, 16 MiB of greys, and a file of 16 MiB.
  @Test("fault 38: the largest picture that is allowed → memory stays under its cap")
  func memoryIsBounded() throws {
    let small = try memory(try bench.write(PNGFixture(28, 28, .grey, light).bytes, "small.png"))
    let large = try memory(try bench.write(PNGFixture(4096, 4096, .grey, pixel: [9]).bytes, "large.png"))
    #expect(large > small + 64 << 10 && large < small + 192 << 10, "\(large) - \(small) KiB")
  }

  /// The most memory that predicting a picture took, in KiB.
  private func memory(_ picture: String) throws -> Int {
    let measure =
      "import resource, subprocess, sys; subprocess.run(sys.argv[1:], check=True, stdout=subprocess.DEVNULL); "
      + "print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss)"
    let program = try Program.path("cnn-dist")
    let result = try Program(
      ["-c", measure, program, "predict", bench.run, picture], program: "/usr/bin/python3"
    ).result()
    #expect(result.status == 0, "\(result.errors)")
    return try #require(Int(result.output.split(separator: "\n").joined()))
  }

  @Test func imagesOfTheTestSetAreNamedByNumber() throws {
    let answers = try bench.answers(["--index", "3", "0", "--dataset", "synthetic"])
    #expect(answers.count == 2 && answers.allSatisfy { $0.label != nil && $0.answers.count == 10 })
    let text = try bench.predict(["--index", "3", "--top", "2"])
    let label = try #require(answers[0].label)
    #expect(text.output.contains("test image 3") && text.output.contains(label))
  }

  @Test func nonsenseIsRefused() throws {
    expectFailure(try bench.predict(["--index", "100000"]), 64, "--index", "give 0 to 7")
    expectFailure(try bench.predict(["/no/such.png"]), 66, "/no/such.png")
    expectFailure(try bench.predict([bench.run]), 66, "no PNG file")
    expectFailure(try bench.predict([]), 64, "nothing to predict")
    expectFailure(try bench.predict(["x.png", "--top", "0"]), 64, "--top")
    expectFailure(try Program.run(["predict", "/no/run", "x.png"]), 66, "/no/run")
  }
}

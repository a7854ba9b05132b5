import Failures
import Foundation
import Logging
import Telemetry
import Testing

@Suite struct FileLogHandlerTests {
  static func logger(_ path: String, rank: Int = 3, level: Logger.Level = .info) throws -> Logger {
    let file = try LogFile(path, rank: rank, time: ManualTime().source)
    return Logger(label: "test", factory: { _ in FileLogHandler(file, level: level) })
  }

  @Test func writesALineAMessage() throws {
    let place = try TemporaryDirectory()
    var logger = try Self.logger(place.file("logs/rank-3.log"))
    logger.info("started")
    logger.debug("not at this level")
    logger[metadataKey: "step"] = "12"
    logger.warning("slow", metadata: ["seconds": "4.2", "a": "b"])
    logger.error("two\nlines\u{1B}")
    #expect(
      try place.text("logs/rank-3.log") == """
        2025-11-21T01:17:00.123Z info rank 3: started
        2025-11-21T01:17:00.123Z warning rank 3: slow a=b seconds=4.2 step=12
        2025-11-21T01:17:00.123Z error rank 3: two\\nlines\\u{1b} step=12

        """)
  }

  @Test func theErrorIsLogged() throws {
    let place = try TemporaryDirectory()
    let logger = try Self.logger(place.file("log"))
    logger.error("stopped", error: Failure(.inputOutput, "disk full", at: "x"))
    #expect(try place.text("log").hasSuffix("error rank 3: stopped error=disk full (x)\n"))
  }

  @Test func anotherJobAppends() throws {
    let place = try TemporaryDirectory()
    try Self.logger(place.file("log")).info("first")
    try Self.logger(place.file("log")).info("second")
    #expect(try place.text("log").split(separator: "\n").count == 2)
  }

  @Test func metadataProvidersAreHeard() throws {
    let place = try TemporaryDirectory()
    let file = try LogFile(place.file("log"), rank: 0)
    let provider = Logger.MetadataProvider { ["epoch": "2"] }
    var handler = FileLogHandler(file)
    handler.metadataProvider = provider
    let prepared = handler
    let logger = Logger(label: "test", factory: { _ in prepared })
    logger.info("x")
    #expect(try place.text("log").hasSuffix(" info rank 0: x epoch=2\n"))
  }

  @Test func anUnwritablePlaceIsNamed() throws {
    let place = try TemporaryDirectory()
    try place.write("", to: "logs")
    let failure = #expect(throws: Failure.self) { try LogFile(place.file("logs/rank-0.log"), rank: 0) }
    #expect(failure?.code == .cannotWrite)
  }
}

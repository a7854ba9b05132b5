import Telemetry
import Testing

@Suite struct TextTests {
  @Test(arguments: [
    (48_070.4, "48,070 images/s"), (99.94, "99.9 images/s"), (0, "0.0 images/s"), (.infinity, "inf images/s"),
  ])
  func speedsAreSpoken(value: Double, text: String) { #expect(spokenSpeed(value) == text) }

  @Test(arguments: [
    (0, "0"), (999, "999"), (1000, "1,000"), (28_142_858, "28,142,858"), (-123_456, "-123,456"),
    (Int.min, "-9,223,372,036,854,775,808"),
  ])
  func thousandsStandApart(_ value: Int, _ expected: String) {
    #expect(grouped(value) == expected)
  }

  @Test(arguments: [
    (0, "0 s"), (59.4, "59 s"), (59.6, "1 min"), (89, "1 min"), (90, "2 min"), (3569, "59 min"),
    (3570, "1 h 00 min"),
    (7500, "2 h 05 min"), (86_399, "1 d 0 h"), (97_200, "1 d 3 h"), (-5, "0 s"), (.infinity, "ages"),
    (.nan, "ages"),
  ])
  func durationsAreSpoken(_ seconds: Double, _ expected: String) {
    #expect(spokenDuration(seconds) == expected)
  }

  @Test(arguments: [
    (0, "0 B"), (999, "999 B"), (1000, "1.0 kB"), (65_536, "65.5 kB"), (999_960, "1.0 MB"),
    (3_100_000_000, "3.1 GB"),
    (Int.max, "9223.4 PB"),
  ])
  func bytesAreSpoken(_ bytes: Int, _ expected: String) {
    #expect(spokenBytes(bytes) == expected)
  }

  @Test(arguments: [
    ("plain ä ━ 😀", "plain ä ━ 😀"), ("\u{0}\t\u{1B}", "\\u{0}\\u{9}\\u{1b}"), ("a\r\nb", "a\\u{d}\\nb"),
  ])
  func controlCharactersAreWrittenOut(_ text: String, _ expected: String) {
    #expect(printable(text) == expected)
  }
}

import Checkpoints
import Failures
import Foundation
import Testing

/// A header that is wrong, how much data follows, and what must be said about it.
struct Malformation: CustomTestStringConvertible, Sendable {
  let header: String
  let data: Int
  let message: String

  init(_ header: String, data: Int = 0, _ message: String) {
    self.header = header
    self.data = data
    self.message = message
  }

  var testDescription: String { message }

  private static func w(_ members: String) -> String { "{\"w\":{\(members)}}" }
  private static let float = "\"dtype\":\"F32\",\"shape\":[1],"

  static let all = [
    // Not JSON.
    Malformation("", "header: not JSON: it does not start with '{'"),
    Malformation(" {}", "header: not JSON: it does not start with '{'"),
    Malformation("{", "header: not JSON: it ends where a key is expected"),
    Malformation("{]", "header: not JSON: expected a key at byte 1, found ']'"),
    Malformation("{}x", "header: not JSON: more text follows at byte 2"),
    Malformation("{}{}", "header: not JSON: more text follows at byte 2"),
    Malformation("{\"w\"}", "header: not JSON: expected ':' at byte 4, found '}'"),
    Malformation("{\"w\":1}", "header: not JSON: expected the object of w at byte 5, found '1'"),
    Malformation("{\"w", "header: not JSON: the string at byte 2 has no end"),
    Malformation("{\"\u{1}\":{}}", "header: not JSON: control character in the string at byte 2"),
    Malformation("{\"\\q\":{}}", "header: not JSON: unknown escape at byte 2"),
    Malformation("{\"\\u12g4\":{}}", "header: not JSON: broken \\u escape at byte 2"),
    Malformation("{\"\\ud800\":{}}", "header: not JSON: half a surrogate pair at byte 2"),
    Malformation("{\"\\", "header: not JSON: the string at byte 2 has no end"),
    Malformation(w("\"shape\":[1,]"), "header: not JSON: expected a whole number at byte 17, found ']'"),
    Malformation(w("\"shape\":[01]"), "header: not JSON: the number at byte 15 starts with 0"),
    Malformation(w("\"shape\":[1.5]"), "header: the number at byte 15 is not whole"),
    Malformation(w("\"shape\":[1e3]"), "header: the number at byte 15 is not whole"),
    Malformation(w("\"shape\":[-1]"), "header: not JSON: expected a whole number at byte 15, found '-'"),
    Malformation(
      w("\"shape\":null"), "header: not JSON: expected the array of dimensions at byte 14, found 'n'"),
    Malformation("{\"__metadata__\":{\"a\":1}}", "header: not JSON: expected a string at byte 21, found '1'"),
    // Nesting.
    Malformation(
      "{\"w\":" + String(repeating: "[", count: 100_000),
      "header: nested too deeply at byte 5, where the object of w is expected"),
    Malformation(
      w("\"shape\":" + String(repeating: "[", count: 100_000)),
      "header: nested too deeply at byte 15, where a whole number is expected"),
    Malformation(
      "{\"__metadata__\":" + String(repeating: "{\"a\":", count: 100_000),
      "header: nested too deeply at byte 21, where a string is expected"),
    // Keys.
    Malformation(
      "{\"w\":{\(float)\"data_offsets\":[0,4]},\"w\":{\(float)\"data_offsets\":[0,4]}}", data: 4,
      "header: duplicate key w"),
    Malformation(
      "{\"w\":{\(float)\"data_offsets\":[0,4]},\"\\u0077\":{\(float)\"data_offsets\":[0,4]}}", data: 4,
      "header: duplicate key w"),
    Malformation(w("\"dtype\":\"F32\",\"dtype\":\"F32\""), "header: duplicate key dtype in w"),
    Malformation("{\"__metadata__\":{\"a\":\"\",\"a\":\"\"}}", "header: duplicate key a in __metadata__"),
    Malformation("{\"__metadata__\":{},\"__metadata__\":{}}", "header: duplicate key __metadata__"),
    Malformation(w("\"colour\":1"), "header: unknown key colour in w"),
    Malformation(w("\"dtype\":\"F32\",\"shape\":[1]"), "header: w has no data_offsets"),
    Malformation(w("\"dtype\":\"F32\",\"data_offsets\":[0,4]"), "header: w has no shape"),
    Malformation(w("\"shape\":[1],\"data_offsets\":[0,4]"), "header: w has no dtype"),
    Malformation(
      w("\"shape\":[\(String(repeating: "1,", count: 64))1]"), "header: more than 64 dimensions at byte 143"),
    Malformation(
      "{\"\(String(repeating: "x", count: 16_385))\":{}}", "header: a name of 16385 bytes at byte 2"),
    // Types, sizes and places.
    Malformation(
      w("\"dtype\":\"F99\",\"shape\":[1],\"data_offsets\":[0,4]"), data: 4,
      "header: unknown dtype F99 of w, expected one of F32, F16, BF16, I64"),
    Malformation(w(float + "\"data_offsets\":[0]"), "header: data_offsets of w are not a start and an end"),
    Malformation(w(float + "\"data_offsets\":[4,0]"), "header: data_offsets of w are not a start and an end"),
    Malformation(
      w(float + "\"data_offsets\":[0,8]"), data: 8,
      "header: w needs 4 bytes by its shape, but its offsets hold 8"),
    Malformation(
      w("\"dtype\":\"F32\",\"shape\":[99999999999999999999],\"data_offsets\":[0,4]"), data: 4,
      "header: overflow: the number at byte 29 does not fit 64 bits"),
    Malformation(
      w("\"dtype\":\"F32\",\"shape\":[4294967296,4294967296],\"data_offsets\":[0,4]"), data: 4,
      "header: overflow: the shape of w does not fit 64 bits"),
    Malformation(
      w("\"dtype\":\"I64\",\"shape\":[1],\"data_offsets\":[9223372036854775799,9223372036854775807]"),
      data: 8,
      "header: hole: bytes 0..<9223372036854775799 before w"),
    Malformation(
      w("\"dtype\":\"F32\",\"shape\":[2305843009213693951],\"data_offsets\":[0,9223372036854775804]"),
      data: 8,
      "truncated: expected more than 9223372036854775807 bytes, found 106"),
    Malformation(
      "{\"a\":{\(float)\"data_offsets\":[0,4]},\"b\":{\(float)\"data_offsets\":[8,12]}}", data: 12,
      "header: hole: bytes 4..<8 before b"),
    Malformation(w(float + "\"data_offsets\":[4,8]"), data: 8, "header: hole: bytes 0..<4 before w"),
    Malformation(
      "{\"a\":{\(float)\"data_offsets\":[0,4]},\"b\":{\(float)\"data_offsets\":[2,6]}}", data: 6,
      "header: overlap: b starts at 2, before 4"),
    Malformation(w(float + "\"data_offsets\":[0,4]"), data: 5, "trailing bytes: expected 66 bytes, found 67"),
    Malformation(w(float + "\"data_offsets\":[0,4]"), data: 3, "truncated: expected 66 bytes, found 65"),
    // What this program writes.
    Malformation(
      "{\"__metadata__\":{\"cnn-dist.format\":\"2\"}}", "format 2, but this program knows format 1"),
    Malformation("{\"__metadata__\":{\"cnn-dist.format\":\"1\"}}", "header: no checksum of the header"),
    Malformation(
      "{\"__metadata__\":{\"cnn-dist.header_crc32\":\"00000000\"}}",
      "header: its checksum is 6b561318, not the recorded one"),
  ]
}

@Suite struct SafetensorsHeaderTests {
  let directory = TemporaryDirectory()

  @Test(
    "fault 13: each malformation of a safetensors header → 65 with a message of its own",
    arguments: Malformation.all)
  func everyMalformationHasItsMessage(_ case: Malformation) throws {
    let path = directory.file("malformed")
    try write(safetensors(`case`.header, data: `case`.data), to: path)
    #expect(openFailure(path) == Failure(.badData, `case`.message, at: path))
  }

  @Test func invalidUTF8() throws {
    let path = directory.file("malformed")
    var file = safetensors("{\"??\":{}}")
    file[10] = 0xC3
    file[11] = 0x28
    try write(file, to: path)
    #expect(openFailure(path) == Failure(.badData, "header: not UTF-8 at byte 2", at: path))
  }

  @Test(arguments: [
    (UInt64(100_000_001), "header: 100000001 bytes long, more than the 100000000 allowed"),
    (UInt64.max, "header: 18446744073709551615 bytes long, more than the 100000000 allowed"),
    (UInt64(11), "truncated: expected 19 bytes, found 18, inside the header"),
  ]) func impossibleLengths(length: UInt64, message: String) throws {
    let path = directory.file("malformed")
    var file = safetensors("{}        ")
    withUnsafeBytes(of: length.littleEndian) { file.replaceSubrange(0..<8, with: $0) }
    try write(file, to: path)
    #expect(openFailure(path) == Failure(.badData, message, at: path))
  }

  /// A name from a file cannot move the cursor or fill the screen.
  @Test func namesArePrintable() throws {
    let path = directory.file("malformed")
    try write(safetensors("{\"\\u001b[2J\\u202e\(String(repeating: "x", count: 1000))\":1}"), to: path)
    let what = try #require(openFailure(path)).what
    #expect(what.contains("the object of \\u{1b}[2J\\u{202e}xxx"))
    #expect(what.utf8.count < 250)
  }

  @Test func whitespaceAndEscapesAreJSON() throws {
    let path = directory.file("spaced")
    let header =
      "{ \"__metadata__\" : { \"a\\/\\b\\f\\n\\r\\t\\\"\\\\\" : \"\\u00e4\\ud83d\\ude00\" } ,\n\t\"w\" : { \"shape\" : [ ] , "
      + "\"data_offsets\" : [ 0 , 4 ] , \"dtype\" : \"F32\" } } \r\n"
    try write(safetensors(header, data: 4), to: path)
    let reader = try SafetensorsReader(path)
    #expect(reader.header.metadata("a/\u{8}\u{c}\n\r\t\"\\") == "ä😀")
    #expect(try reader.floats("w") == [0])
  }
}

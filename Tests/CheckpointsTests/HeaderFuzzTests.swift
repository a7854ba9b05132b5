import Checkpoints
import Failures
import Foundation
import Testing

/// Random damage to a header: it must end as a header or a failure, never in a crash.
///
/// Takes two seconds; `CNN_DIST_FUZZ_SECONDS` sets another time.
@Suite struct HeaderFuzzTests {
  /// A small generator, so that a run can be repeated (Steele, Lea and Flood, 2014: SplitMix64).
  private struct Generator: RandomNumberGenerator {
    var state: UInt64
    mutating func next() -> UInt64 {
      state &+= 0x9E37_79B9_7F4A_7C15
      var mixed = state
      mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
      mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
      return mixed ^ (mixed >> 31)
    }
  }

  private static let words = [
    "{", "}", "[", "]", ",", ":", "\"", "\\", "\\u", "\\ud800", "\"__metadata__\":{", "\"dtype\":\"F16\"",
    "\"shape\":[",
    "\"data_offsets\":[0,", "9223372036854775807", "0", "-", "1e9", "null", "true", " ", "\n", "\u{0}", "é",
    "\"crc32.w\":\"",
  ].map { Array($0.utf8) }

  private func mutate(_ text: inout [UInt8], with generator: inout Generator) {
    for _ in 0..<Int.random(in: 1...4, using: &generator) {
      let position = Int.random(in: 0...text.count, using: &generator)
      switch Int.random(in: 0..<5, using: &generator) {
      case 0 where position < text.count: text[position] ^= 1 << UInt8.random(in: 0..<8, using: &generator)
      case 1 where position < text.count: text[position] = .random(in: 0...255, using: &generator)
      case 2: text.insert(contentsOf: Self.words.randomElement(using: &generator) ?? [], at: position)
      case 3:
        let end = min(text.count, position + Int.random(in: 0..<20, using: &generator))
        text.removeSubrange(position..<end)
      default:
        let end = min(text.count, position + Int.random(in: 0..<40, using: &generator))
        text.insert(contentsOf: text[position..<end], at: .random(in: 0...text.count, using: &generator))
      }
    }
  }

  @Test("fault 13: headers damaged at random for two seconds → a header or a failure, never a crash")
  func damageNeverCrashes() throws {
    let seconds = ProcessInfo.processInfo.environment["CNN_DIST_FUZZ_SECONDS"].flatMap(Double.init) ?? 2
    let directory = TemporaryDirectory()
    let path = directory.file("seed")
    _ = try SafetensorsWriter().write(
      [ArraySource("w", [2, 3]), ArraySource("b\"\\ä", [5])], integers: [IntegerTensor("n", values: [3])],
      to: path)
    let ours = Array(try bytes(path)[8...].prefix { $0 != 0 })
    let plain = Array(
      "{\"__metadata__\":{\"a\":\"\\u00e4\"},\"w\":{\"dtype\":\"BF16\",\"shape\":[2,3],\"data_offsets\":[0,12]}}"
        .utf8)

    var generator = Generator(state: 20_240_607)
    let end = ContinuousClock.now + .seconds(seconds)
    var accepted = 0
    var refused = 0
    while ContinuousClock.now < end {
      for _ in 0..<1000 {
        var text = Bool.random(using: &generator) ? ours : plain
        mutate(&text, with: &generator)
        let data = Bool.random(using: &generator) ? 12 : 52
        do throws(Failure) {
          let header = try SafetensorsHeader(text: text, fileBytes: 8 + text.count + data, path: "fuzz")
          for tensor in header.tensors { _ = header.checksum(of: tensor) }
          accepted += 1
        } catch {
          #expect(error.code == .badData && !error.what.isEmpty)
          refused += 1
        }
      }
    }
    // Damage inside a name or behind the text can be harmless; most is not.
    #expect(accepted > 0)
    #expect(refused > accepted)
  }
}

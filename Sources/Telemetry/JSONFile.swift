import Failures
import Files
import FoundationEssentials

/// Writes a small file of JSON for people and programs: keys in order, indented, replaced in one step.
func writeJSON(_ value: some Encodable, to path: String) throws(Failure) {
  let encoder = JSONEncoder()
  encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
  guard let data = try? encoder.encode(value) else {
    throw Failure(.internalError, "a value has no JSON form", at: printable(path))
  }
  try AtomicFile.write(to: path, code: .inputOutput) { file throws(Failure) in
    try file.write(Array(data) + [UInt8(ascii: "\n")])
  }
}

/// - Throws: `missingInput`, `badData`, `inputOutput`.
func readJSON<Value: Decodable>(_ type: Value.Type, from path: String) throws(Failure) -> Value {
  guard let bytes = try OpenFile.contents(path) else {
    throw Failure(.missingInput, "no such file", at: printable(path), advice: "name a run directory")
  }
  do {
    return try JSONDecoder().decode(Value.self, from: Data(bytes))
  } catch {
    throw Failure(.badData, "not what a run writes: \(printable("\(error)"))", at: printable(path))
  }
}

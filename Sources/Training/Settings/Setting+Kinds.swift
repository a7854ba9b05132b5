// Key paths of a Sendable struct to Sendable values are only ever read here.
extension Setting {
  typealias Path<Value> = WritableKeyPath<TrainingSettings, Value> & Sendable

  private static func describe<Number: BinaryInteger>(_ range: ClosedRange<Number>) -> String {
    UInt64(clamping: range.upperBound) == UInt64.max
      ? "a whole number from \(range.lowerBound)"
      : "a whole number from \(range.lowerBound) to \(range.upperBound)"
  }

  static func integer<Number: FixedWidthInteger & Sendable>(
    _ name: String, _ path: Path<Number>, _ range: ClosedRange<Number>, definesRun: Bool = true
  ) -> Setting {
    Setting(
      name: name, allowed: describe(range), definesRun: definesRun,
      set: { settings, text in
        guard let value = Number(text), range.contains(value) else { return false }
        settings[keyPath: path] = value
        return true
      }, get: { "\($0[keyPath: path])" })
  }

  static func integer<Number: FixedWidthInteger & Sendable>(
    _ name: String, _ path: Path<Number?>, _ range: ClosedRange<Number>, definesRun: Bool = true
  ) -> Setting {
    Setting(
      name: name, allowed: describe(range), definesRun: definesRun,
      set: { settings, text in
        guard let value = Number(text), range.contains(value) else { return false }
        settings[keyPath: path] = value
        return true
      }, get: { settings in settings[keyPath: path].map { "\($0)" } })
  }

  static func number<Number: BinaryFloatingPoint & LosslessStringConvertible & Sendable>(
    _ name: String, _ path: Path<Number>, _ range: ClosedRange<Number>
  ) -> Setting {
    Setting(
      name: name, allowed: "a number from \(range.lowerBound) to \(range.upperBound)", definesRun: true,
      set: { settings, text in
        guard let value = Number(text), range.contains(value) else { return false }
        settings[keyPath: path] = value
        return true
      }, get: { "\($0[keyPath: path])" })
  }

  static func number<Number: BinaryFloatingPoint & LosslessStringConvertible & Sendable>(
    _ name: String, _ path: Path<Number?>, _ range: ClosedRange<Number>
  ) -> Setting {
    Setting(
      name: name, allowed: "a number from \(range.lowerBound) to \(range.upperBound)", definesRun: true,
      set: { settings, text in
        guard let value = Number(text), range.contains(value) else { return false }
        settings[keyPath: path] = value
        return true
      }, get: { settings in settings[keyPath: path].map { "\($0)" } })
  }

  static func text(_ name: String, _ path: Path<String?>, _ what: String, definesRun: Bool = true) -> Setting
  {
    Setting(
      name: name, allowed: what, definesRun: definesRun,
      set: { settings, text in
        guard !text.isEmpty else { return false }
        settings[keyPath: path] = text
        return true
      }, get: { $0[keyPath: path] })
  }

  static func choice(_ name: String, _ path: Path<String>, _ choices: [String]) -> Setting {
    Setting(
      name: name, allowed: choices.joined(separator: ", "), definesRun: true,
      set: { settings, text in
        guard choices.contains(text) else { return false }
        settings[keyPath: path] = text
        return true
      }, get: { $0[keyPath: path] })
  }

  static func enumeration<Choice: RawRepresentable<String> & CaseIterable & Sendable>(
    _ name: String, _ path: Path<Choice>, definesRun: Bool = true
  ) -> Setting {
    Setting(
      name: name, allowed: Choice.allCases.map(\.rawValue).joined(separator: ", "), definesRun: definesRun,
      set: { settings, text in
        guard let choice = Choice(rawValue: text) else { return false }
        settings[keyPath: path] = choice
        return true
      }, get: { $0[keyPath: path].rawValue })
  }

  static func flag(_ name: String, _ path: Path<Bool>, definesRun: Bool = true) -> Setting {
    Setting(
      name: name, allowed: "true or false", definesRun: definesRun,
      set: { settings, text in
        guard let value = Bool(text) else { return false }
        settings[keyPath: path] = value
        return true
      }, get: { "\($0[keyPath: path])" })
  }
}

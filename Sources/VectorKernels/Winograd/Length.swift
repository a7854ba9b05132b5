/// A length that is known when the program is compiled.
protocol Length {
  static var count: Int { get }
}

enum Two: Length {
  static var count: Int { 2 }
}

enum Three: Length {
  static var count: Int { 3 }
}

enum Four: Length {
  static var count: Int { 4 }
}

enum Five: Length {
  static var count: Int { 5 }
}

enum Six: Length {
  static var count: Int { 6 }
}

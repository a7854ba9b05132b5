import Failures

/// Random changes to training pictures, after torchvision's transforms of the same kind.
///
/// They act on the decoded picture at the size of the data set, before it is resized, in the order of ``Method``:
/// whatever a network's input size, 784 pixels are changed. What differs from torchvision: the order of brightness and
/// contrast is fixed, an erased rectangle is resized with the picture, so that its edges are soft in a larger one, and
/// a rotated edge is blended with black once, not twice.
///
/// Written as a list of names, each with its strength where the usual one is not meant:
/// `flip,crop:4,brightness:0.2,contrast:0.2,erase:0.25,rotate:10`, or `none`. The order in the list does not matter.
public struct Augmentation: Sendable, Equatable {
  /// One kind of change. They are applied in this order.
  public enum Method: Int, CaseIterable, Sendable {
    /// Mirrors left and right, with this probability (RandomHorizontalFlip).
    case flip
    /// Turns by up to this many degrees either way, uniformly; bilinear, with black outside (RandomRotation).
    case rotate
    /// Moves by up to this many pixels of the data set's in each direction, with black outside: a crop of the same size
    /// from the padded picture (RandomCrop).
    case crop
    /// Multiplies by a factor of 1 ± this, uniformly, clamped to 0...1 (ColorJitter).
    case brightness
    /// Moves values away from or towards the picture's mean by a factor of 1 ± this, clamped to 0...1 (ColorJitter).
    case contrast
    /// Blackens a rectangle of 2 to 33 % of the picture, with this probability (RandomErasing).
    case erase
  }

  private var strengths: [Float]

  /// - Parameter strengths: those that are not named are off.
  public init(_ strengths: KeyValuePairs<Method, Float> = [:]) { self.init(Array(strengths)) }

  private init(_ strengths: [(key: Method, value: Float)]) {
    self.strengths = Array(repeating: 0, count: Method.allCases.count)
    for (method, strength) in strengths {
      precondition(method.allows(strength), "\(method) takes \(method.allowed)")
      self.strengths[method.rawValue] = strength
    }
  }

  /// Everything, each at its usual strength.
  public static let usual = Augmentation(Method.allCases.map { (key: $0, value: $0.usual) })

  /// How strong a change is; 0 where it is off.
  public subscript(method: Method) -> Float { strengths[method.rawValue] }

  /// Nothing is changed.
  public var isNone: Bool { strengths.allSatisfy { $0 == 0 } }
}

extension Augmentation.Method {
  /// The one table of names, usual strengths and limits.
  private var entry: (name: String, usual: Float, most: Float, unit: String) {
    switch self {
    case .flip: ("flip", 0.5, 1, "a probability")
    case .rotate: ("rotate", 10, 180, "degrees")
    case .crop: ("crop", 4, 27, "whole pixels")
    case .brightness: ("brightness", 0.2, 1, "a share")
    case .contrast: ("contrast", 0.2, 1, "a share")
    case .erase: ("erase", 0.25, 1, "a probability")
    }
  }

  public var name: String { entry.name }

  /// The strength where none is given.
  public var usual: Float { entry.usual }

  /// What it takes, for messages: `a probability, 0...1`.
  public var allowed: String { "\(entry.unit), 0...\(shortest(entry.most))" }

  func allows(_ strength: Float) -> Bool {
    strength >= 0 && strength <= entry.most && (self != .crop || strength == strength.rounded())
  }
}

extension Augmentation: CustomStringConvertible {
  /// Reads a list.
  ///
  /// - Throws: a `Failure` that names the item, and what is allowed.
  public init(parsing list: String) throws(Failure) {
    self.init()
    let items = list.split(separator: ",", omittingEmptySubsequences: false).map { Self.trimmed($0) }
    if items == ["none"] { return }
    var seen: Set<Method> = []
    for item in items {
      let (method, strength) = try Self.parse(item)
      guard seen.insert(method).inserted else {
        throw Failure(.usage, "augmentation '\(method.name)' is named twice")
      }
      strengths[method.rawValue] = strength
    }
  }

  private static func parse(_ item: Substring) throws(Failure) -> (Method, Float) {
    let parts = item.split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false)
      .map { trimmed($0) }
    guard let name = parts.first, let method = Method.allCases.first(where: { $0.name == name }) else {
      throw unknown(String(parts.first ?? ""))
    }
    guard parts.count == 2 else { return (method, method.usual) }
    guard let strength = Float(parts[1]), method.allows(strength) else {
      throw Failure(.usage, "augmentation '\(item)': \(method.name) takes \(method.allowed)")
    }
    return (method, strength)
  }

  private static func unknown(_ name: String) -> Failure {
    let names = Method.allCases.map(\.name) + ["none"]
    let known = "known: " + names.joined(separator: ", ")
    if name == "none" { return Failure(.usage, "augmentation 'none' stands alone") }
    if name.isEmpty { return Failure(.usage, "an augmentation without a name", advice: known) }
    let guess = nearest(to: name, in: names).map { "did you mean '\($0)'? " } ?? ""
    return Failure(.usage, "unknown augmentation '\(name)'", advice: guess + known)
  }

  private static func trimmed(_ text: Substring) -> Substring {
    let rest = text.drop(while: \.isWhitespace)
    guard let last = rest.lastIndex(where: { !$0.isWhitespace }) else { return "" }
    return rest[...last]
  }

  /// The list that makes an equal value, in the order of application, every strength spelled out.
  public var description: String {
    let items = Method.allCases.filter { self[$0] != 0 }.map { "\($0.name):\(shortest(self[$0]))" }
    return items.isEmpty ? "none" : items.joined(separator: ",")
  }
}

/// The shortest text that reads back as `number`, without `.0`.
private func shortest(_ number: Float) -> String {
  number == number.rounded() ? "\(Int(number))" : "\(number)"
}

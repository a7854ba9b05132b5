/// How a model is put together, without any numbers: for pictures, exports, and whoever else reads a network.
public indirect enum Structure: Sendable {
  /// A layer that computes something by itself.
  case layer(any Layer)
  /// One behind the other; empty for what passes its input on.
  case sequence([Structure])
  /// Side by side over the same input, and how their results become one.
  case branches([Structure], Junction)
  /// A module under the name that its block gives it.
  case module(name: String, kind: String, Structure)

  /// How branches come together.
  public enum Junction: Hashable, Sendable {
    /// Added, element by element.
    case sum
    /// The channels one behind the other.
    case concatenation
  }
}

extension Layer {
  /// A layer of its own, unless it is a block, which says what it holds.
  public var structure: Structure { .layer(self) }
}

extension [any Layer] {
  /// One behind the other.
  var structure: Structure { .sequence(map(\.structure)) }
}

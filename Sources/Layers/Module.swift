import Tensors

/// A module of a model as PyTorch would list it: a layer, or a block that holds others.
public struct Module: Sendable {
  /// Its place in the model: `5.conv1`; empty for the model itself.
  public let name: String
  /// PyTorch's word for it: `Conv2d`.
  public let kind: String
  /// Blocks around it; 0 for the model itself.
  public let depth: Int
  public let layer: any Layer
  /// The shape of one sample in front of it.
  public let input: Shape
  /// The shape of one sample behind it; nil for a module that only holds others.
  public internal(set) var output: Shape?
  /// Its parameters, those of the modules within included, as indices into ``Graph/parameters``.
  public internal(set) var parameters: Range<Int>
}

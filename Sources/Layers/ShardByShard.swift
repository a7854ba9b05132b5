import Kernels

/// Operators that are run shard by shard.
///
/// The first operators of a network write large images with few weights. Over the whole batch each of them would send its images
/// through memory to the next operator; one shard's are still in a cache. So the first operators run one behind the other on
/// one shard, and then on the next, forward and backward. The others, of many weights or small images, run on the whole batch, whose
/// samples share what is read of the weights. A shard is the unit of arithmetic, so no bit depends on it.
extension Graph {
  /// Floats that an operator writes for a shard from which it is worth running so; measured.
  private static let fewestFloats = 1 << 17
  /// Of those, how many there are at least for each weight, which is read again for every shard; measured.
  private static let floatsPerWeight = 2

  /// How many of the first operators run shard by shard.
  ///
  /// - Parameter room: for the largest batch.
  package func leadingCount(_ room: Shards) -> Int {
    guard room.count > 1 else { return 0 }
    var count = 0
    for (index, node) in nodes.enumerated() {
      let floats = room.largest * node.output.shape.count
      let next = index + 1 < nodes.count ? nodes[index + 1].firstParameter : parameterCount
      guard !(node.op is LinearOperator), Self.floatsPerWeight * (next - node.firstParameter) <= floats else {
        break
      }
      if floats >= Self.fewestFloats { count = index + 1 }
    }
    return count
  }
}

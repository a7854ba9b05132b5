import Tensors

/// The order in which an epoch visits the samples: every one exactly once.
///
/// The order is keyed by the seed and the epoch alone, so every rank works it out for itself and no rank count changes it.
public struct Sampler: Sendable {
  public let count: Int
  public let seed: UInt64
  public let shuffle: Bool

  /// - Parameter shuffle: false visits the samples in the order of the file, each epoch.
  public init(count: Int, seed: UInt64, shuffle: Bool = true) {
    precondition(count >= 0 && count <= Int(Int32.max), "samples are numbered by 32 bits")
    self.count = count
    self.seed = seed
    self.shuffle = shuffle
  }

  /// Sample indices in order of their visit (Fisher and Yates; Durstenfeld, CACM 7(7), 1964).
  public func order(epoch: Int) -> [Int32] {
    var order = [Int32](unsafeUninitializedCapacity: count) { buffer, filled in
      for index in 0..<count { buffer[index] = Int32(truncatingIfNeeded: index) }
      filled = count
    }
    guard shuffle else { return order }
    let stream = RandomStream(seed: seed, .shuffle, time: epoch)
    for last in stride(from: count - 1, to: 0, by: -1) {
      order.swapAt(last, stream.integer(last, below: last + 1))
    }
    return order
  }
}

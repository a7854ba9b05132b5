/// The shards of the samples at hand: the units whose gradients are added up in one fixed tree.
///
/// A global batch of B samples is cut into S shards by position: shard s has positions floor(s B / S) to floor((s + 1) B / S). Whoever
/// computes some neighbouring shards adds their gradients up as ``ShardTree`` says, and adds nothing else to them; so the sum over
/// all of them has the same bits however many ranks and threads there are.
public struct Shards: Sendable, Equatable {
  /// Shards at hand: a power of two.
  public let count: Int
  /// Samples of the global batch, by which gradients are averaged and statistics count.
  public let globalCount: Int
  /// Samples that are cut, into how many shards, and the first of these that is at hand.
  private let cut: Int
  private let total: Int
  private let first: Int

  /// The part of one rank of `ranks` of a global batch in `total` shards, which the ranks divide.
  public init(of globalCount: Int, in total: Int, rank: Int = 0, ranks: Int = 1) {
    precondition(total % ranks == 0, "every rank has as many shards")
    self.init(
      count: total / ranks, globalCount: globalCount, cut: globalCount, total: total,
      first: total / ranks * rank)
  }

  /// Samples that are one shard, whatever others there are.
  public init(whole samples: Int, of globalCount: Int? = nil) {
    self.init(count: 1, globalCount: globalCount ?? samples, cut: samples, total: 1, first: 0)
  }

  /// Room for `count` shards of at most `samples` each.
  public init(roomFor count: Int, of samples: Int) {
    self.init(count: count, globalCount: count * samples, cut: count * samples, total: count, first: 0)
  }

  private init(count: Int, globalCount: Int, cut: Int, total: Int, first: Int) {
    precondition(count > 0 && count & (count - 1) == 0, "shards at hand are a power of two")
    (self.count, self.globalCount, self.cut, self.total, self.first) = (count, globalCount, cut, total, first)
  }

  /// Where shards begin, from the first sample that is cut.
  private func boundary(_ shard: Int) -> Int { cut * shard / total }

  /// Samples at hand.
  public var samples: Int { boundary(first + count) - boundary(first) }

  /// The most samples that a shard may have.
  public var largest: Int { (cut + total - 1) / total }

  /// Samples that come before those at hand of what is cut.
  public var start: Int { boundary(first) }

  /// One shard of those at hand.
  public subscript(index: Int) -> Shard {
    let samples = boundary(first + index) - start..<boundary(first + index + 1) - start
    return Shard(index: index, samples: samples, share: Float(samples.count) / Float(max(1, globalCount)))
  }

  /// How many neighbouring shards `most` samples hold: a power of two, and at least one.
  public func together(_ most: Int) -> Int {
    var together = count
    while together > 1, together * largest > most { together /= 2 }
    return together
  }

  /// The `index`-th of as many parts as share the work: whole shards, or where there is one, a part of it that counts as a shard of
  /// its own.
  public func part(_ index: Int, of parts: Int) -> Shards {
    if count % parts == 0 {
      let size = count / parts
      return Shards(
        count: size, globalCount: globalCount, cut: cut, total: total, first: first + index * size)
    }
    precondition(count == 1, "parts have whole shards")
    return Shards(
      count: 1, globalCount: globalCount, cut: cut, total: total * parts, first: first * parts + index)
  }
}

/// One shard of those at hand.
public struct Shard: Sendable {
  /// Its number among them.
  public let index: Int
  /// Its samples, from the first at hand.
  public let samples: Range<Int>
  /// Its part of the global batch.
  public let share: Float
}

/// The order in which shards are added up: neighbours, then neighbouring pairs, and so on.
///
/// The sums that wait for their neighbours lie in places from 0 on, as the ones in a binary counter do; there are never more than
/// ``places(_:)``.
public enum ShardTree {
  /// Places for the sums of `count` shards.
  public static func places(_ count: Int) -> Int { count.trailingZeroBitCount + 1 }

  /// Calls `leaf` to put a shard's sum in a place, and `merge` to add to a place what is in the next. In the end the sum of all is in
  /// place 0.
  @inlinable
  @inline(__always)
  public static func forEach(
    _ count: Int, leaf: (_ shard: Int, _ place: Int) -> Void, merge: (_ place: Int) -> Void
  ) {
    for shard in 0..<count {
      var place = shard.nonzeroBitCount
      leaf(shard, place)
      var rest = shard
      while rest & 1 == 1 {
        place -= 1
        merge(place)
        rest >>= 1
      }
    }
  }
}

extension KernelSet {
  /// Floats of scratch of ``addShards(_:weight:weights:bias:biases:scratch:_:)``.
  @inlinable
  public static func shardScratch(_ shards: Shards, weights: Int, biases: Int) -> Int {
    treeScratch(shards.count, weights: weights, biases: biases)
  }

  /// dw and db += the sums over shards of what `add` adds for one shard's samples, in the order of ``ShardTree``.
  ///
  /// - Parameters:
  ///   - db: nil where there is no bias.
  ///   - scratch: see ``shardScratch(_:weights:biases:)``.
  @inlinable
  @inline(__always)
  public static func addShards(
    _ shards: Shards, weight dw: MutableFloats, weights: Int, bias db: MutableFloats?, biases: Int,
    scratch: MutableFloats,
    _ add: (_ shard: Shard, _ weight: MutableFloats, _ bias: MutableFloats?) -> Void
  ) {
    addTree(shards.count, weight: dw, weights: weights, bias: db, biases: biases, scratch: scratch) {
      add(shards[$0], $1, $2)
    }
  }

  /// Floats of scratch of ``addTree(_:weight:weights:bias:biases:scratch:_:)``.
  @inlinable
  public static func treeScratch(_ leaves: Int, weights: Int, biases: Int) -> Int {
    (ShardTree.places(leaves) - 1) * (aligned(weights) + aligned(biases))
  }

  /// dw and db += the sums over `leaves` shards, or neighbouring groups of as many shards, in the order of ``ShardTree``.
  @inlinable
  @inline(__always)
  public static func addTree(
    _ leaves: Int, weight dw: MutableFloats, weights: Int, bias db: MutableFloats?, biases: Int,
    scratch: MutableFloats,
    _ add: (_ leaf: Int, _ weight: MutableFloats, _ bias: MutableFloats?) -> Void
  ) {
    let level = aligned(weights) + aligned(biases)
    func place(_ place: Int) -> (weight: MutableFloats, bias: MutableFloats?) {
      guard place > 0 else { return (dw, db) }
      let base = scratch + (place - 1) * level
      return (base, db.map { _ in base + aligned(weights) })
    }
    ShardTree.forEach(leaves) { leaf, number in
      let (weight, bias) = place(number)
      if number > 0 { fill(scratch + (number - 1) * level, count: level, value: 0) }
      add(leaf, weight, bias)
    } merge: { number in
      let (sum, other) = (place(number), place(number + 1))
      accumulate(other.weight, into: sum.weight, count: weights)
      if let bias = sum.bias, let next = other.bias { accumulate(next, into: bias, count: biases) }
    }
  }

  /// Places begin where vectors do.
  @inlinable
  static func aligned(_ count: Int) -> Int { (count + 15) / 16 * 16 }
}

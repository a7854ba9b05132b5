import Kernels

/// The sum of equally many numbers of every shard, by the rule's own words: neighbours, then neighbouring pairs.
func treeSum(_ shards: [[Float]]) -> [Float] {
  guard shards.count > 1 else { return shards[0] }
  let middle = shards.count / 2
  let (left, right) = (treeSum(Array(shards[..<middle])), treeSum(Array(shards[middle...])))
  return zip(left, right).map(+)
}

/// Seven samples in four shards, of which one is smaller.
let unevenShards = Shards(of: 7, in: 4)

extension Shards {
  var ranges: [Range<Int>] { (0..<count).map { self[$0].samples } }
}

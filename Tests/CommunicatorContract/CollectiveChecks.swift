import Collectives
import Failures
import Glibc
import Tensors

/// Nothing, one, around vector and cache line widths, odd, and enough for many chunks.
private let lengths = [0, 1, 2, 3, 15, 16, 17, 63, 1000, 1001, 4099, 100_003]

extension CommunicatorContract {
  static let collectives: [CommunicatorContract] = [
    .collective("ranks know who they are", ranks),
    .collective("sums of floats", floatSums),
    .collective("sums of doubles", doubleSums),
    .collective("sums of integers", integerSums),
    .collective("maxima", maxima),
    .collective("sums have the same bits on every rank", sameBits),
    .collective("sums in a tree have the bits of one rank's", treeSums),
    .collective("parts of a sum in a tree, and all of them gathered", treeParts),
    .collective("broadcast from every root", broadcasts),
    .collective("all-gather keeps the order of ranks", gathers),
    .collective("nobody leaves a barrier before all have come", barriers),
    .collective("collectives of every kind follow each other", mixture),
  ]

  @Sendable private static func ranks(_ communicator: any Communicator) throws {
    let (rank, size) = (communicator.rank, communicator.size)
    try require(rank >= 0 && rank < size, "rank \(rank) of \(size)")
    try require(try communicator.gather(rank) == Array(0..<size), "ranks are numbered 0 to \(size - 1)")
    // All run on one machine here.
    try require(communicator.localSize == size, "\(communicator.localSize) local ranks of \(size)")
    try require(
      try communicator.gather(communicator.localRank).sorted() == Array(0..<size), "local ranks differ")
    try require(!communicator.hostName.isEmpty, "the host has a name")
    let names = try communicator.gatherTexts(communicator.place)
    try require(names == (0..<size).map { "rank \($0) on \(communicator.hostName)" }, "places: \(names)")
  }

  /// What rank `rank` brings at index `i`: small integers, so that sums are exact in any order.
  private static func value(_ rank: Int, _ i: Int) -> Int { (rank + 1) * (i % 97 - 48) + i % 5 }

  private static func sum(_ i: Int, _ size: Int) -> Int { (0..<size).reduce(0) { $0 + value($1, i) } }

  private static func largest(_ i: Int, _ size: Int) -> Int { (0..<size).map { value($0, i) }.max() ?? 0 }

  @Sendable private static func floatSums(_ communicator: any Communicator) throws {
    for length in lengths {
      var values = (0..<length).map { Float(value(communicator.rank, $0)) }
      try values.withUnsafeMutableBufferPointer { try communicator.allReduce($0, .sum) }
      let expected = (0..<length).map { Float(sum($0, communicator.size)) }
      try require(values == expected, "sum of \(length) floats")
    }
  }

  @Sendable private static func doubleSums(_ communicator: any Communicator) throws {
    for length in lengths {
      var values = (0..<length).map { Double(value(communicator.rank, $0)) }
      try values.withUnsafeMutableBufferPointer { try communicator.allReduce($0, .sum) }
      let expected = (0..<length).map { Double(sum($0, communicator.size)) }
      try require(values == expected, "sum of \(length) doubles")
    }
  }

  @Sendable private static func integerSums(_ communicator: any Communicator) throws {
    // More than a double can hold, so that a detour through floating point is found.
    let large = Int64(1) << 55
    for length in lengths {
      var values = (0..<length).map { large + Int64(value(communicator.rank, $0)) }
      try values.withUnsafeMutableBufferPointer { try communicator.allReduce($0, .sum) }
      let size = communicator.size
      let expected = (0..<length).map { large * Int64(size) + Int64(sum($0, size)) }
      try require(values == expected, "sum of \(length) integers")
    }
  }

  @Sendable private static func maxima(_ communicator: any Communicator) throws {
    let (rank, size) = (communicator.rank, communicator.size)
    for length in lengths {
      let expected = (0..<length).map { largest($0, size) }
      var floats = (0..<length).map { Float(value(rank, $0)) }
      try floats.withUnsafeMutableBufferPointer { try communicator.allReduce($0, .max) }
      try require(floats == expected.map { Float($0) }, "maximum of \(length) floats")
      var doubles = (0..<length).map { Double(value(rank, $0)) }
      try doubles.withUnsafeMutableBufferPointer { try communicator.allReduce($0, .max) }
      try require(doubles == expected.map { Double($0) }, "maximum of \(length) doubles")
      var integers = (0..<length).map { Int64(value(rank, $0)) }
      try integers.withUnsafeMutableBufferPointer { try communicator.allReduce($0, .max) }
      try require(integers == expected.map { Int64($0) }, "maximum of \(length) integers")
    }
  }

  @Sendable private static func sameBits(_ communicator: any Communicator) throws {
    var numbers = RepeatableNumbers(state: UInt64(communicator.rank))
    var values = (0..<10_007).map { _ in Float(numbers.next(below: 1 << 24)) * 0x1p-20 }
    try values.withUnsafeMutableBufferPointer { try communicator.allReduce($0, .sum) }
    let hash = values.reduce(0) { ($0 &* 31) ^ Int($1.bitPattern) }
    let hashes = try communicator.gather(hash)
    try require(Set(hashes).count == 1, "bits differ between ranks: \(hashes)")
  }

  /// Around the length up to which vectors are not halved, around whole pieces, and odd.
  private static let treeLengths = lengths + [1023, 1024, 1025, 65_535, 131_072, 131_073, 300_001]

  /// Of sizes so different that the order of additions shows.
  private static func uneven(_ rank: Int, _ count: Int) -> [Float] {
    var numbers = RepeatableNumbers(state: UInt64(1000 + rank))
    return (0..<count).map { Float(numbers.next(below: 1 << 24)) * ($0 % 3 == 0 ? 0x1p-30 : 0x1p-20) - 4 }
  }

  private static func tree(_ ranks: Range<Int>, _ count: Int, as format: FloatFormat = .f32) -> [Float] {
    guard ranks.count > 1 else { return uneven(ranks.lowerBound, count) }
    let middle = ranks.lowerBound + ranks.count / 2
    let (lower, upper) = (
      tree(ranks.lowerBound..<middle, count, as: format), tree(middle..<ranks.upperBound, count, as: format)
    )
    return zip(lower, upper).map {
      format == .f32 ? $0 + $1 : BFloat16.rounded($0) + BFloat16.rounded($1)
    }
  }

  /// Ranges that begin and end at no multiple of the grain, shorter than it, and longer than a piece.
  @Sendable private static func treeParts(_ communicator: any Communicator) throws {
    let size = communicator.size
    let isTree = size & (size - 1) == 0
    for (first, length) in [(0, 0), (0, 1), (48, 16), (4000, 100), (4000, 5000), (16, 40_000), (32, 300_001)]
    {
      let parts = RankParts(first..<first + length, ranks: size, grain: 4096)
      try treeParts(communicator, parts, as: .f32)
      if isTree { try treeParts(communicator, parts, as: .bf16) }
    }
  }

  private static func treeParts(
    _ communicator: any Communicator, _ parts: RankParts, as format: FloatFormat
  ) throws {
    let (rank, size) = (communicator.rank, communicator.size)
    let (first, length, own) = (parts.range.lowerBound, parts.range.count, parts[rank])
    let what = "\(length) floats from \(first) in \(format)"
    let place = own.lowerBound - first..<own.upperBound - first
    var values = uneven(rank, length)
    var expected = tree(0..<size, length, as: format)
    if size & (size - 1) == 0 {
      try values.withUnsafeMutableBufferPointer {
        try communicator.sumPartInTree($0, parts, as: format)
      }
    } else {
      values = expected
    }
    let isRight = place.allSatisfy { values[$0].bitPattern == expected[$0].bitPattern }
    try require(isRight, "part \(own) of the sum of \(what)")
    if format == .bf16 {
      // The sum is not rounded; what is gathered has to be.
      let isFine = size == 1 || length < 100 || expected.contains { BFloat16.rounded($0) != $0 }
      try require(isFine, "the sum of \(what) is not that of 32 bits")
      for index in expected.indices { expected[index] = BFloat16.rounded(expected[index]) }
      for index in place { values[index] = BFloat16.rounded(values[index]) }
    }
    for index in values.indices where !place.contains(index) { values[index] = .nan }
    try values.withUnsafeMutableBufferPointer { try communicator.gatherParts($0, parts, as: format) }
    let wrong = values.indices.first { values[$0].bitPattern != expected[$0].bitPattern }
    try require(wrong == nil, "\(what), gathered: element \(wrong ?? 0)")
  }

  @Sendable private static func treeSums(_ communicator: any Communicator) throws {
    let (rank, size) = (communicator.rank, communicator.size)
    guard size & (size - 1) == 0 else { return }
    for length in treeLengths {
      var sums = uneven(rank, length)
      try sums.withUnsafeMutableBufferPointer { try communicator.sumInTree($0) }
      let expected = tree(0..<size, length)
      let wrong = (0..<length).first { sums[$0].bitPattern != expected[$0].bitPattern }
      try require(wrong == nil, "sum of \(length) floats in a tree: element \(wrong ?? 0)")
    }
  }

  @Sendable private static func broadcasts(_ communicator: any Communicator) throws {
    for root in 0..<communicator.size {
      for length in lengths {
        let expected = (0..<length).map { UInt8(truncatingIfNeeded: $0 &* 7 &+ root) }
        var bytes = communicator.rank == root ? expected : [UInt8](repeating: 0xEE, count: length)
        try bytes.withUnsafeMutableBytes { try communicator.broadcast($0, from: root) }
        try require(bytes == expected, "broadcast of \(length) bytes from rank \(root)")
      }
    }
  }

  @Sendable private static func gathers(_ communicator: any Communicator) throws {
    func bytes(_ rank: Int, _ length: Int) -> [UInt8] {
      (0..<length).map { UInt8(truncatingIfNeeded: $0 &* 3 &+ rank &* 50) }
    }
    for length in lengths {
      let own = bytes(communicator.rank, length)
      var all = [UInt8](repeating: 0xEE, count: length * communicator.size)
      try own.withUnsafeBytes { own in
        try all.withUnsafeMutableBytes { try communicator.allGather(own, into: $0) }
      }
      let expected = (0..<communicator.size).flatMap { bytes($0, length) }
      try require(all == expected, "all-gather of \(length) bytes")
    }
  }

  @Sendable private static func barriers(_ communicator: any Communicator) throws {
    for late in 0..<communicator.size {
      if communicator.rank == late { usleep(20_000) }
      let came = nanoseconds()
      try communicator.barrier()
      let left = nanoseconds()
      let lastCame = try communicator.gather(came).max() ?? 0
      try require(left >= lastCame, "left \(lastCame - left) ns before the last rank came")
    }
  }

  @Sendable private static func mixture(_ communicator: any Communicator) throws {
    let (rank, size) = (communicator.rank, communicator.size)
    for round in 0..<200 {
      var sum = [Double(rank), Double(round)]
      try sum.withUnsafeMutableBufferPointer { try communicator.allReduce($0, .sum) }
      try require(sum == [Double(size * (size - 1) / 2), Double(round * size)], "sum of round \(round)")
      var token = rank == round % size ? round : -1
      try withUnsafeMutableBytes(of: &token) { try communicator.broadcast($0, from: round % size) }
      try require(token == round, "broadcast of round \(round)")
      if round % 3 == 0 { try communicator.barrier() }
      try require(
        try communicator.gather(rank + round) == (0..<size).map { $0 + round }, "gather of round \(round)")
    }
  }
}

func nanoseconds() -> Int {
  var time = timespec()
  clock_gettime(CLOCK_MONOTONIC, &time)
  return time.tv_sec * 1_000_000_000 + time.tv_nsec
}

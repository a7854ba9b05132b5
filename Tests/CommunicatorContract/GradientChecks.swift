import Collectives
import Failures
import Glibc
import Tensors

extension CommunicatorContract {
  /// The communication thread and the gradients that pass through it.
  static let gradients: [CommunicatorContract] = [
    CommunicatorContract("jobs run in the order of submission", order),
    CommunicatorContract("a body's value and failure come back", bodies),
    CommunicatorContract("gradients become the sum, whenever they were ready", reduction),
    CommunicatorContract("a step that hands over everything at once is summed", reductionAtOnce),
    CommunicatorContract("what 16 bits lose of a step's sums comes later", roundedReduction),
  ]

  private final class Recorder: CommunicationJob {
    let number: Int
    let note: (Int) -> Void
    init(_ number: Int, _ note: @escaping (Int) -> Void) {
      self.number = number
      self.note = note
    }
    func run(on communicator: any Communicator) { note(number) }
  }

  private static func order(_ thread: CommunicationThread) throws {
    var seen = [Int]()
    // More than the queue holds, so that submission has to wait too.
    let count = 2 * CommunicationThread.capacity + 3
    for number in 0..<count { thread.submit(Recorder(number) { seen.append($0) }) }
    try thread.barrier()
    try require(seen == Array(0..<count), "order \(seen)")
  }

  private static func bodies(_ thread: CommunicationThread) throws {
    let rank = try thread.perform { communicator in communicator.rank }
    try require(rank == thread.rank, "rank \(rank)")
    let expected = Failure(.badData, "on purpose")
    let thrown = try failure { try thread.perform { _ throws(Failure) in throw expected } }
    try require(thrown == expected, "found \(thrown)")
  }

  /// A network's parameters: some tiny, some larger than a bucket.
  private static let slots = [0, 160, 176, 4176, 4200, 24_300, 24_310, 24_999]
  private static let count = 25_013

  private static func reduction(_ thread: CommunicationThread) throws {
    for bucketBytes in [4, 1024, 20_000, 1 << 20] where bucketBytes > 4 || thread.size <= 2 {
      try reduce(on: thread, bucketBytes: bucketBytes, pauses: true)
    }
  }

  /// Buckets in 16 bits, of numbers that these have, as have their sums below the root of the tree: so all that is lost is lost there.
  private static func roundedReduction(_ thread: CommunicationThread) throws {
    guard thread.size & (thread.size - 1) == 0 else { return }
    let gradients = FloatBuffer(count: count)
    let residual = FloatBuffer(count: count)
    let buckets = GradientBuckets(count: count, slotOffsets: slots, bucketBytes: 20_000, grain: 4096)
    let reducer = GradientReducer(
      thread: thread, gradients: gradients.elements, buckets: buckets, isOrdered: true,
      parts: { RankParts($0, ranks: thread.size, grain: 4096) }, leavesParts: false, residual: residual)
    let (rank, size) = (thread.rank, thread.size)
    func value(_ i: Int, of rank: Int) -> Float {
      if rank == 0 { return 1 + Float(i % 64) / 128 + (size == 1 ? 0x1p-9 : 0) }
      return rank == size / 2 ? 1 + 0x1p-7 : 0
    }
    var lost = false
    var arrived = [Float](repeating: 0, count: count)
    for step in 1...4 {
      for i in 0..<count { gradients.base[i] = value(i, of: rank) }
      reducer.begin()
      _ = try reducer.finish()
      for i in 0..<count {
        try require(BFloat16.rounded(gradients.base[i]) == gradients.base[i], "element \(i) has 16 bits")
        arrived[i] += gradients.base[i]
        let sum = (0..<size).reduce(0) { $0 + value(i, of: $1) }
        let late = abs(arrived[i] - Float(step) * sum)
        // Half of what 16 bits tell apart in such sums.
        try require(
          late <= (size == 1 ? 0x1p-8 : 0x1p-7), "element \(i) after \(step) steps: \(late) are missing")
        lost = lost || late > 0
      }
    }
    try require(lost, "16 bits lose something of every second sum")
  }

  private static func reductionAtOnce(_ thread: CommunicationThread) throws {
    try reduce(on: thread, bucketBytes: 9999, pauses: false)
  }

  private static func reduce(on thread: CommunicationThread, bucketBytes: Int, pauses: Bool) throws {
    let gradients = UnsafeMutableBufferPointer<Float>.allocate(capacity: count)
    defer { gradients.deallocate() }
    gradients.initialize(repeating: 0)
    let buckets = GradientBuckets(count: count, slotOffsets: slots, bucketBytes: bucketBytes)
    let reducer = GradientReducer(
      thread: thread, gradients: gradients, buckets: buckets,
      isOrdered: pauses && thread.size & (thread.size - 1) == 0)
    var numbers = RepeatableNumbers(state: UInt64(bucketBytes + thread.rank))
    for step in 0..<4 {
      reducer.begin()
      var end = count
      // Backward: the last layer's gradients first, on every rank at its own pace.
      for slot in slots.reversed() {
        for i in slot..<end { gradients[i] = Float((i % 61 + step) * (thread.rank + 1)) }
        end = slot
        if pauses { usleep(UInt32(numbers.next(below: 800))) }
        if pauses, numbers.next(below: 3) > 0 { reducer.gradientsReady(from: slot) }
      }
      let exposed = try reducer.finish()
      let ranks = thread.size * (thread.size + 1) / 2
      let wrong = (0..<count).first { gradients[$0] != Float(($0 % 61 + step) * ranks) }
      try require(wrong == nil, "buckets of \(bucketBytes) bytes, step \(step): element \(wrong ?? 0)")
      let communication = reducer.communicationSeconds
      let silent = exposed == 0 && communication == 0
      try require(thread.size == 1 ? silent : communication > 0, "\(communication) s, \(exposed) s exposed")
    }
  }
}

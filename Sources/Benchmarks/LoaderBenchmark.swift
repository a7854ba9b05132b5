import Datasets
import Failures
import Files
import Tensors

/// How long a loader's thread takes for a picture, beside copying one that was resized before.
public enum LoaderBenchmark {
  public struct Row: Sendable, Codable {
    public let work: String
    /// Of one picture.
    public let seconds: Double
    /// What it reads, for as many pictures as a data set has.
    public let bytes: Int
  }

  /// Pictures of Fashion-MNIST's training set.
  public static let pictures = 60_000
  /// Bytes of the pictures that are copied, unless all of them take less: far more than any cache. More of them would take longer,
  /// for the sake of their addresses.
  private static let copied = 256 << 20
  private static let batch = 64
  /// Those of a loader, one of which is filled while the other is in use.
  private static let buffers = 2

  /// - Parameters:
  ///   - sample: the shape of one picture as a network wants it.
  ///   - rounds: measured behind one that warms up; medians count.
  /// - Throws: see `SharedSegment.create`.
  public static func rows(sample: Shape, rounds: Int) throws(Failure) -> [Row] {
    precondition(rounds > 0, "there is something to measure")
    let set = drawn()
    let order = Sampler(count: set.count, seed: 1).order(epoch: 1)
    let measured = Array(order.prefix(measuredCount(sample)))
    func loading(_ work: String, _ augmentation: Augmentation? = nil, mixup: Double = 0) -> Row {
      let loader = Loader(set: set, sample: sample, capacity: batch, augmentation: augmentation, mixup: mixup)
      defer { loader.stop() }
      let seconds = seconds(rounds: rounds, pictures: measured.count) { round in
        loader.begin(Pass(order: measured, globalBatch: batch, epoch: round))
        while loader.next() != nil {}
      }
      return Row(work: work, seconds: seconds, bytes: set.count * set.shape.count)
    }
    return [
      loading("resized"), loading("augmented, resized", .usual),
      loading("augmented, two blended, resized", .usual, mixup: 0.2),
      try copying(sample, order: order, rounds: rounds),
    ]
  }

  /// So many that a round takes a tenth of a second or so.
  private static func measuredCount(_ sample: Shape) -> Int {
    min(pictures, max(batch, 100_000_000 / sample.count))
  }

  /// Noise, as many pictures and bytes as there are in Fashion-MNIST.
  private static func drawn() -> ImageSet {
    let shape = Shape(height: 28, width: 28, channels: 1)
    let random = RandomStream(seed: 1, .initialisation)
    let pixels = [UInt8](unsafeUninitializedCapacity: pictures * shape.count) { bytes, count in
      // Pictures repeat each other: what they show costs no time.
      let period = 1 << 16
      for index in 0..<period { bytes[index] = UInt8(255 * random.uniform(index)) }
      for index in period..<bytes.count { bytes[index] = bytes[index - period] }
      count = pictures * shape.count
    }
    return ImageSet(
      name: "noise", split: .train, shape: shape, storage: pixels,
      labels: [UInt8](repeating: 0, count: pictures), classNames: ["noise"])
  }

  /// From memory that ranks share, where pictures lie at their final size, in the order of an epoch, into batches.
  private static func copying(_ sample: Shape, order: [Int32], rounds: Int) throws(Failure) -> Row {
    let size = sample.count * MemoryLayout<Float>.stride
    let places = max(batch, min(pictures, copied / size))
    let segment = try SharedSegment.create(count: places * size) { bytes in
      bytes.bindMemory(to: Float.self).update(repeating: 0.5)
    }
    guard let source = segment.bytes.assumingMemoryBound(to: Float.self).baseAddress else {
      preconditionFailure("a segment has an address")
    }
    let target = FloatBuffer(count: buffers * batch * sample.count)
    defer { withExtendedLifetime((segment, target)) {} }
    let measured = order.prefix(measuredCount(sample))
    let seconds = seconds(rounds: rounds, pictures: measured.count) { _ in
      for (index, picture) in measured.enumerated() {
        (target.base + index % (buffers * batch) * sample.count).update(
          from: source + Int(picture) % places * sample.count, count: sample.count)
      }
    }
    return Row(work: "copied, resized before", seconds: seconds, bytes: pictures * size)
  }

  /// Seconds of a picture.
  private static func seconds(rounds: Int, pictures: Int, _ body: (_ round: Int) -> Void) -> Double {
    let times = (0...rounds).map { round in
      var watch = Stopwatch()
      body(round)
      return watch.lap()
    }
    return median(Array(times.dropFirst())) / Double(pictures)
  }
}

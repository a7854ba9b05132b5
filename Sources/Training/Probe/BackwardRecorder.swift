import Collectives
import Layers
import Planning
import Tensors
import Threads

/// The other ranks as backward sees them, where there are none: writes down when it has something for them.
final class BackwardRecorder: GradientExchange {
  private enum Mark {
    case gradients(from: Int)
    case factors(Int)
    case wait(Int)
  }

  private let network: Network
  /// With the width of a number in each.
  private let buckets: [(range: Range<Int>, width: Int)]
  private let format: FloatFormat
  private let overlaps: Bool
  private var start = 0.0
  private var marks: [(seconds: Double, mark: Mark)] = []

  /// - Parameters:
  ///   - ranks: of the job, which the network was planned for.
  ///   - overlaps: whether they begin to exchange before backward has ended.
  init(_ replica: Replica, ranks: Int, overlaps: Bool) {
    let (format, division) = (replica.format, replica.division)
    (network, self.format, self.overlaps) = (replica.network, format, overlaps)
    let buckets = ranks > 1 ? (division?.buckets ?? GradientBuckets(of: network)).ranges : []
    self.buckets = buckets.map { bucket in
      (bucket, (division?.parts(of: bucket) == nil ? FloatFormat.f32 : format).width)
    }
    marks.reserveCapacity(1024)
  }

  func begin() {
    marks.removeAll(keepingCapacity: true)
    start = monotonicSeconds()
  }

  func gradientsReady(from offset: Int) { add(.gradients(from: offset)) }
  func factorsReady(_ factors: GradientFactors) { add(.factors(index(of: factors))) }
  func waitForFactors(_ factors: GradientFactors) { add(.wait(index(of: factors))) }

  private func add(_ mark: Mark) { marks.append((monotonicSeconds() - start, mark)) }

  private func index(of factors: GradientFactors) -> Int {
    network.factors.firstIndex { $0 === factors } ?? 0
  }

  /// The last backward, in buckets as ``RankExchange`` hands them over.
  ///
  /// - Parameter end: when backward was done; what is left is handed over then.
  func moments(end: Double) -> [StepProfile.Moment] {
    var moments: [StepProfile.Moment] = []
    var submitted = 0
    func handOver(from offset: Int, at seconds: Double) {
      while submitted < buckets.count, buckets[submitted].range.lowerBound >= offset {
        let (range, width) = buckets[submitted]
        moments.append(.init(seconds, .bucket(bytes: Double(width * range.count))))
        submitted += 1
      }
    }
    func handOver(factors index: Int, at seconds: Double) {
      let factors = network.factors[index]
      let bytes = Double(format.width * (factors.x.count + factors.dy.count))
      moments.append(.init(seconds, .factors(layer: index, bytes: bytes)))
    }
    for (seconds, mark) in marks {
      switch mark {
      case .gradients(let offset): if overlaps { handOver(from: offset, at: seconds) }
      case .factors(let index): if overlaps { handOver(factors: index, at: seconds) }
      case .wait(let index):
        if !overlaps { handOver(factors: index, at: seconds) }
        moments.append(.init(seconds, .wait(layer: index)))
      }
    }
    handOver(from: 0, at: end)
    return moments
  }
}

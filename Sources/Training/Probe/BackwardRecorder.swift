import Collectives
import Layers
import Planning
import Threads

/// The other ranks as backward sees them, where there are none: writes down when it has something for them.
final class BackwardRecorder: GradientExchange {
  private enum Mark {
    case gradients(from: Int)
    case factors(Int)
    case wait(Int)
  }

  private let network: Network
  private let buckets: [Range<Int>]
  private var start = 0.0
  private var marks: [(seconds: Double, mark: Mark)] = []

  /// - Parameter ranks: of the job, which the network was planned for.
  init(_ network: Network, ranks: Int) {
    self.network = network
    buckets = ranks > 1 ? GradientBuckets(of: network).ranges : []
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
      while submitted < buckets.count, buckets[submitted].lowerBound >= offset {
        moments.append(.init(seconds, .bucket(bytes: Double(4 * buckets[submitted].count))))
        submitted += 1
      }
    }
    for (seconds, mark) in marks {
      switch mark {
      case .gradients(let offset): handOver(from: offset, at: seconds)
      case .factors(let index):
        let factors = network.factors[index]
        moments.append(
          .init(seconds, .factors(layer: index, bytes: Double(4 * (factors.x.count + factors.dy.count)))))
      case .wait(let index): moments.append(.init(seconds, .wait(layer: index)))
      }
    }
    handOver(from: 0, at: end)
    return moments
  }
}

import Failures
import Tensors
import Timelines

/// Work for a communication thread that is set up once and submitted many times.
///
/// A job that can fail keeps its failure for whoever waits for it.
public protocol CommunicationJob: AnyObject {
  func run(on communicator: any Communicator)
  /// What a timeline shows of the run that comes next.
  var label: TimelineLabel { get }
}

/// How a job appears in a timeline.
public struct TimelineLabel: Sendable {
  let activity: Activity
  let number: Int
  let bytes: Int

  /// - Parameters:
  ///   - number: from 1, of one that is one of several; 0 of any other.
  ///   - bytes: of this rank's own.
  public init(_ activity: Activity, number: Int = 0, bytes: Int = 0) {
    (self.activity, self.number, self.bytes) = (activity, number, bytes)
  }
}

extension CommunicationJob {
  public var label: TimelineLabel { TimelineLabel(.collective) }

  /// Runs the job, and tells a timeline about it, where there is one.
  func run(on communicator: any Communicator, recorder: TimelineRecorder?) {
    guard let recorder else { return run(on: communicator) }
    let (label, start) = (label, TimelineRecorder.now())
    run(on: communicator)
    recorder.communicated(label.activity, from: start, number: label.number, bytes: label.bytes)
  }
}

/// One collective call, kept and used again.
final class CollectiveJob: CommunicationJob {
  enum Call {
    case barrier
    case broadcast(UnsafeMutableRawBufferPointer, root: Int)
    case floats(UnsafeMutableBufferPointer<Float>, Reduction)
    case tree(UnsafeMutableBufferPointer<Float>)
    case treePart(UnsafeMutableBufferPointer<Float>, RankParts, FloatFormat)
    case gatherParts(UnsafeMutableBufferPointer<Float>, RankParts, FloatFormat)
    case doubles(UnsafeMutableBufferPointer<Double>, Reduction)
    case integers(UnsafeMutableBufferPointer<Int64>, Reduction)
    case allGather(UnsafeRawBufferPointer, into: UnsafeMutableRawBufferPointer)
  }

  var call = Call.barrier
  var failure: Failure?

  func run(on communicator: any Communicator) {
    do throws(Failure) {
      switch call {
      case .barrier: try communicator.barrier()
      case .broadcast(let bytes, let root): try communicator.broadcast(bytes, from: root)
      case .floats(let values, let reduction): try communicator.allReduce(values, reduction)
      case .tree(let values): try communicator.sumInTree(values)
      case .treePart(let values, let parts, let format):
        try communicator.sumPartInTree(values, parts, as: format)
      case .gatherParts(let values, let parts, let format):
        try communicator.gatherParts(values, parts, as: format)
      case .doubles(let values, let reduction): try communicator.allReduce(values, reduction)
      case .integers(let values, let reduction): try communicator.allReduce(values, reduction)
      case .allGather(let bytes, let all): try communicator.allGather(bytes, into: all)
      }
    } catch {
      failure = error
    }
  }
}

/// A closure of a caller that waits for it.
final class PerformJob<Value>: CommunicationJob {
  private var body: ((any Communicator) throws(Failure) -> Value)?
  private(set) var result: Result<Value, Failure>?

  init(_ body: @escaping (any Communicator) throws(Failure) -> Value) { self.body = body }

  func run(on communicator: any Communicator) {
    guard let body else { return }
    // The caller's closure must be let go before the caller goes on.
    self.body = nil
    do throws(Failure) { result = .success(try body(communicator)) } catch { result = .failure(error) }
  }
}

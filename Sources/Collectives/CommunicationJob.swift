import Failures

/// Work for a communication thread that is set up once and submitted many times.
///
/// A job that can fail keeps its failure for whoever waits for it.
public protocol CommunicationJob: AnyObject {
  func run(on communicator: any Communicator)
}

/// One collective call, kept and used again.
final class CollectiveJob: CommunicationJob {
  enum Call {
    case barrier
    case broadcast(UnsafeMutableRawBufferPointer, root: Int)
    case floats(UnsafeMutableBufferPointer<Float>, Reduction)
    case tree(UnsafeMutableBufferPointer<Float>)
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

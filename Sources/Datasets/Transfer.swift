import Failures
import Foundation
import Threads

#if canImport(FoundationNetworking)
  import FoundationNetworking
#endif

/// One HTTP download, written to a sink as it arrives.
final class Transfer: NSObject, URLSessionDataDelegate, Sendable {
  private struct State {
    var bytes = 0
    var failure: Failure?
    var finished = false
  }

  private let state = Monitor(State())
  private let limit: Int
  private let address: String
  /// Stores bytes; returns the reason if it cannot.
  private let store: @Sendable (Data) -> Failure?

  private init(_ url: URL, atMost limit: Int, store: @escaping @Sendable (Data) -> Failure?) {
    self.limit = limit
    self.store = store
    address = url.absoluteString
  }

  /// Downloads `url` and returns its length in bytes.
  ///
  /// - Parameter limit: the most bytes that are accepted.
  /// - Throws: `missingInput` if there is no network or no such file, `badData` if it is longer than `limit`, and
  ///   whatever `store` returns.
  static func run(
    _ url: URL, atMost limit: Int, store: @escaping @Sendable (Data) -> Failure?
  ) throws(Failure) -> Int {
    let transfer = Transfer(url, atMost: limit, store: store)
    let configuration = URLSessionConfiguration.ephemeral
    configuration.timeoutIntervalForRequest = 30
    let session = URLSession(configuration: configuration, delegate: transfer, delegateQueue: nil)
    defer { session.invalidateAndCancel() }
    // Without this the server may compress what is compressed, and the client inflate it.
    var request = URLRequest(url: url)
    request.setValue("identity", forHTTPHeaderField: "Accept-Encoding")
    session.dataTask(with: request).resume()
    transfer.state.wait { $0.finished }
    let outcome = transfer.state.read { $0 }
    if let failure = outcome.failure { throw failure }
    return outcome.bytes
  }

  func urlSession(
    _ session: URLSession, dataTask: URLSessionDataTask, didReceive response: URLResponse,
    completionHandler: @escaping @Sendable (URLSession.ResponseDisposition) -> Void
  ) {
    let code = (response as? HTTPURLResponse)?.statusCode ?? 0
    guard code == 200 else {
      fail(unreachable("the server answers \(code)"))
      return completionHandler(.cancel)
    }
    completionHandler(.allow)
  }

  func urlSession(_ session: URLSession, dataTask: URLSessionDataTask, didReceive data: Data) {
    let bytes = state.update { state in
      state.bytes += data.count
      return state.bytes
    }
    if bytes > limit {
      fail(Failure(.badData, "longer than \(limit) bytes, which no good copy is", at: address))
      return dataTask.cancel()
    }
    if let failure = store(data) {
      fail(failure)
      dataTask.cancel()
    }
  }

  func urlSession(_ session: URLSession, task: URLSessionTask, didCompleteWithError error: (any Error)?) {
    if let error { fail(unreachable("cannot be downloaded: \(error.localizedDescription)")) }
    state.update { $0.finished = true }
  }

  /// Keeps the first failure: those that follow are its consequences.
  private func fail(_ failure: Failure) {
    state.update { if $0.failure == nil { $0.failure = failure } }
  }

  private func unreachable(_ what: String) -> Failure {
    Failure(
      .missingInput, what, at: address, advice: "without a network, `apt-get install dataset-fashion-mnist`")
  }
}

import Failures
import Threads

/// A value that the first rank of a process to ask makes, and all of them share.
final class Once<Value: Sendable>: Sendable {
  private let outcome: Monitor<Result<Value, Failure>?> = Monitor(nil)
  private let make: @Sendable () throws(Failure) -> Value

  init(_ make: @escaping @Sendable () throws(Failure) -> Value) { self.make = make }

  func value() throws(Failure) -> Value {
    let result: Result<Value, Failure> = outcome.update { outcome in
      if let outcome { return outcome }
      let made: Result<Value, Failure>
      do throws(Failure) { made = .success(try make()) } catch { made = .failure(error) }
      outcome = made
      return made
    }
    return try result.get()
  }
}

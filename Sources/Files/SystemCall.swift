import Failures

#if canImport(Glibc)
  import Glibc
#else
  import Darwin
#endif

/// The one door to the operating system's file calls: every status is looked at, and a refusal says which call, which
/// path and why.
public enum SystemCall {
  /// Runs `call` again while signals interrupt it, and returns its result.
  ///
  /// - Parameters:
  ///   - name: the call, as its manual page names it.
  ///   - path: the file or directory it works on.
  ///   - code: how the program ends when the call is refused.
  ///   - missing: how it ends when the path does not exist; `code` where nil.
  /// - Throws: what the system said (`errno`), when `call` returns a negative number.
  @discardableResult
  public static func check<Result: SignedInteger>(
    _ name: String, _ path: String, _ code: ExitCode, missing: ExitCode? = nil, _ call: () -> Result
  ) throws(Failure) -> Result {
    while true {
      let result = call()
      if result >= 0 { return result }
      let error = errno
      if error != EINTR { throw failure(name, path, error == ENOENT ? missing ?? code : code, error) }
    }
  }

  /// What a refused call tells the user.
  public static func failure(_ name: String, _ path: String, _ code: ExitCode, _ error: Int32) -> Failure {
    Failure(code, "\(name): \(String(cString: strerror(error)))", at: path, advice: advice(error))
  }

  private static func advice(_ error: Int32) -> String {
    switch error {
    case ENOSPC: "free some space on that file system"
    case EDQUOT: "free some of your quota on that file system"
    case EROFS: "the file system is mounted read-only: choose another directory"
    case EACCES, EPERM: "check the owner and the permissions, or choose another directory"
    default: ""
    }
  }
}

import Failures

#if canImport(Glibc)
  import Glibc
#else
  import Darwin
#endif

/// The failure of a system call, with the system's own reason. Reads `errno`, so call it first.
func systemFailure(_ code: ExitCode, _ action: String, at path: String, advice: String = "") -> Failure {
  Failure(
    code, "cannot \(action): \(String(cString: strerror(errno)))", at: printable(path), advice: advice)
}

import Layers

#if canImport(Glibc)
  import Glibc
#else
  import Darwin
#endif

extension Fault {
  /// Does to this rank what the fault says, where it is for this step: called at the end of backward.
  func strike(step: Int, _ network: Network) {
    guard strikes(kind, step: step) else { return }
    switch kind {
    case .notANumber: network.gradients.base[0] = .nan
    case .flip:
      let parameter = network.values.base + network.parameterCount / 2
      parameter.pointee = Float(bitPattern: parameter.pointee.bitPattern ^ 1 << 12)
    case .kill: kill(getpid(), SIGKILL)
    case .hang: while true { sleep(1) }
    }
  }
}

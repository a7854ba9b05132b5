import Kernels

/// The builds of the kernels that this program carries, from the slowest to the fastest.
public enum InstructionSet: String, CaseIterable, Sendable {
  case reference
  #if arch(x86_64)
    case v3 = "x86-64-v3"
    case v4 = "x86-64-v4"
  #else
    case generic
  #endif

  /// The flags of /proc/cpuinfo that a processor must have (System V ABI for x86-64, section 3.1.1; `abm` is LZCNT).
  public var flags: [String] {
    switch self {
    case .reference: []
    #if arch(x86_64)
      case .v3: ["avx", "avx2", "bmi1", "bmi2", "f16c", "fma", "abm", "movbe"]
      case .v4: Self.v3.flags + ["avx512f", "avx512bw", "avx512cd", "avx512dq", "avx512vl"]
    #else
      case .generic: []
    #endif
    }
  }

  /// The kernels. Asking for them executes none of their code.
  public var kernels: any KernelSet.Type {
    switch self {
    case .reference: ReferenceKernels.self
    #if arch(x86_64)
      case .v3: baseVectorKernels
      case .v4: wideVectorKernels
    #else
      case .generic: baseVectorKernels
    #endif
    }
  }
}

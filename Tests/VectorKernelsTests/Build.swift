import InstructionSets
import Kernels
import Testing

/// The builds of the vector kernels. The first must run wherever the tests do.
enum Build: Sendable {
  #if arch(x86_64)
    static let base = InstructionSet.v3
    static let wide = InstructionSet.v4

    /// Tests of the wide build are reported as not run where the processor has no AVX-512.
    static let runsWide: Bool = ((try? InstructionSets.available()) ?? []).contains(.v4)
  #else
    static let base = InstructionSet.generic
  #endif
}

extension Trait where Self == ConditionTrait {
  #if arch(x86_64)
    static var wideOnly: Self { .enabled(if: Build.runsWide, "this processor does not run x86-64-v4") }
  #endif
}

extension Build {
  /// The first build with OpenBLAS's products.
  static let openBLAS: (any KernelSet.Type)? = base.kernels.onOpenBLAS
}

/// The builds that this processor runs.
var builds: [any KernelSet.Type] {
  #if arch(x86_64)
    Build.runsWide ? [Build.base.kernels, Build.wide.kernels] : [Build.base.kernels]
  #else
    [Build.base.kernels]
  #endif
}

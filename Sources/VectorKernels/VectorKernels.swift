import Kernels

/// The kernels in 16-wide vectors, compiled for one instruction set: which one is the target that this file is built in.
///
/// Both builds take the same steps in the same order on the same vector type, so they agree bit for bit wherever the product
/// is their own. The module name tells them apart: `VectorKernels` and `VectorKernelsV4`.
public enum VectorKernels: KernelSet {
  #if X86_64_V4
    public static let name = "x86-64-v4"
  #elseif X86_64_V3
    public static let name = "x86-64-v3"
  #elseif GENERIC
    public static let name = "generic"
  #endif
}

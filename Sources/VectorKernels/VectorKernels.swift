import Kernels

/// What the two sets of vector kernels share: everything but products.
///
/// The kernels are written in 16-wide vectors and compiled for one instruction set: which one is the target that this file is
/// built in. Both builds take the same steps in the same order on the same vector type, so they agree bit for bit wherever the
/// product is their own. The module name tells them apart: `VectorKernels` and `VectorKernelsV4`.
public protocol VectorKernelSet: KernelSet {}

/// The kernels with products of their own.
public enum VectorKernels: VectorKernelSet {
  #if X86_64_V4
    public static let name = "x86-64-v4"
  #elseif X86_64_V3
    public static let name = "x86-64-v3"
  #elseif GENERIC
    public static let name = "generic"
  #endif

  public static var onOpenBLAS: (any KernelSet.Type)? { OpenBLASKernels.self }
}

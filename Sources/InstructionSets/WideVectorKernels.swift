#if arch(x86_64)
  import Kernels
  import VectorKernelsV4

  // Both builds name their type `VectorKernels`, so each is spelled in a file that imports only that one.
  let wideVectorKernels: any KernelSet.Type = VectorKernels.self
#endif

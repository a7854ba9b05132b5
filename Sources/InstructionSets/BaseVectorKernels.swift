import Kernels
import VectorKernels

// Both builds name their type `VectorKernels`, so each is spelled in a file that imports only that one.
let baseVectorKernels: any KernelSet.Type = VectorKernels.self

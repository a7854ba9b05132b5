// swift-tools-version: 6.2
import PackageDescription

// Every module is Swift 6, and a warning stops the build.
let strict: [SwiftSetting] = [.swiftLanguageMode(.v6), .treatAllWarnings(as: .error)]

/// The vector kernels are one folder, compiled once per instruction set: `VectorKernelsV4` is a symbolic link to it.
/// Bounds and overflow are proven by the callers' geometry, so both builds are unchecked.
func vectorKernels(_ name: String, march: String?, define: String) -> Target {
  let flags = ["-Ounchecked"] + (march.map { ["-Xcc", "-march=\($0)"] } ?? [])
  return .target(
    name: name, dependencies: ["Kernels", "Tensors"],
    swiftSettings: strict + [.unsafeFlags(flags), .define(define)])
}

#if arch(x86_64)
  let vectorTargets = [
    vectorKernels("VectorKernels", march: "x86-64-v3", define: "X86_64_V3"),
    vectorKernels("VectorKernelsV4", march: "x86-64-v4", define: "X86_64_V4"),
  ]
#else
  let vectorTargets = [vectorKernels("VectorKernels", march: nil, define: "GENERIC")]
#endif
let vectorDependencies = vectorTargets.map { Target.Dependency(stringLiteral: $0.name) }

func module(_ name: String, _ dependencies: [Target.Dependency]) -> Target {
  .target(name: name, dependencies: dependencies, swiftSettings: strict)
}

func tests(_ module: String, _ dependencies: [Target.Dependency] = [], resources: [Resource]? = nil) -> Target
{
  .testTarget(
    name: "\(module)Tests", dependencies: [Target.Dependency(stringLiteral: module)] + dependencies,
    resources: resources, swiftSettings: strict)
}

let package = Package(
  name: "cnn-dist",
  targets: [
    .systemLibrary(name: "COpenBLAS", pkgConfig: "openblas", providers: [.apt(["libopenblas-dev"])]),

    module("Failures", []),
    module("Threads", []),
    module("Tensors", []),
    module("Kernels", ["Tensors", "COpenBLAS"]),
    module("InstructionSets", ["Failures", "Kernels"] + vectorDependencies),

    // Shapes as data, for the tests of the kernels and for whoever measures them.
    .target(
      name: "KernelShapes", dependencies: ["Kernels", "Tensors"], path: "Tests/KernelShapes",
      swiftSettings: strict),

    tests("InstructionSets", ["Failures", "Kernels"]),
    tests("Kernels", ["KernelShapes", "Tensors"]),
    tests(
      "VectorKernels",
      ["InstructionSets", "Kernels", "KernelShapes", "Tensors"] + vectorDependencies.dropFirst()),
    tests("Tensors"),
    tests("Threads"),
  ] + vectorTargets
)

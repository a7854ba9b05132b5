// swift-tools-version: 6.2
import PackageDescription

// Every module is Swift 6, and a warning stops the build.
let strict: [SwiftSetting] = [.swiftLanguageMode(.v6), .treatAllWarnings(as: .error)]

/// The vector kernels are one folder, compiled once per instruction set: `VectorKernelsV4` is a symbolic link to it.
/// Bounds and overflow are proven by the callers' geometry, so both builds are unchecked.
func vectorKernels(_ name: String, march: String?, define: String) -> Target {
  let flags = ["-Ounchecked"] + (march.map { ["-Xcc", "-march=\($0)"] } ?? [])
  return .target(
    name: name, dependencies: ["CPrefetch", "Kernels", "Tensors"],
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

/// For programs whose own malloc stands before the C library's and counts. Tests start them; none may depend on them.
let countsAllocations: [LinkerSetting] = [.unsafeFlags(["-Xlinker", "--defsym=malloc=counted_malloc"])]

let arguments = Target.Dependency.product(name: "ArgumentParser", package: "swift-argument-parser")
let logging = Target.Dependency.product(name: "Logging", package: "swift-log")
let protobuf = Target.Dependency.product(name: "SwiftProtobuf", package: "swift-protobuf")
let yams = Target.Dependency.product(name: "Yams", package: "Yams")

/// What `scripts/fuzz` builds, and nothing else: only with its flags is there a libFuzzer to link with.
let fuzzing: [Target] =
  Context.environment["CNN_DIST_FUZZ"] == nil
  ? []
  : [
    .systemLibrary(name: "CLibFuzzer", path: "Tests/Fuzz/CLibFuzzer"),
    .executableTarget(
      name: "fuzz-readers",
      dependencies: ["CLibFuzzer", "Checkpoints", "Datasets", "Failures", "Files", "Training"],
      path: "Tests/Fuzz/Readers", swiftSettings: strict),
  ]

let package = Package(
  name: "cnn-dist",
  products: [.executable(name: "cnn-dist", targets: ["cnn-dist"])],
  dependencies: [
    .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.2"),
    .package(url: "https://github.com/apple/swift-protobuf", from: "1.39.0"),
    .package(url: "https://github.com/apple/swift-log", from: "1.16.2"),
    .package(url: "https://github.com/jpsim/Yams", from: "6.2.2"),
  ],
  targets: [
    .systemLibrary(name: "COpenMPI", pkgConfig: "ompi-c", providers: [.apt(["libopenmpi-dev"])]),
    .systemLibrary(name: "COpenBLAS", pkgConfig: "openblas", providers: [.apt(["libopenblas-dev"])]),
    .systemLibrary(name: "CZlib", pkgConfig: "zlib", providers: [.apt(["zlib1g-dev"])]),
    .systemLibrary(name: "CPNG", pkgConfig: "libpng", providers: [.apt(["libpng-dev"])]),
    .systemLibrary(name: "COpenSSL", pkgConfig: "libcrypto", providers: [.apt(["libssl-dev"])]),
    .systemLibrary(name: "CPrefetch"),
    .target(name: "CMPI", dependencies: ["COpenMPI"]),

    .plugin(name: "BuildRecordPlugin", capability: .buildTool()),
    .target(name: "BuildRecord", swiftSettings: strict, plugins: ["BuildRecordPlugin"]),
    module("Failures", []),
    module("Files", ["Failures", "CZlib", "COpenSSL"]),
    module("Pictures", ["CPNG", "Failures"]),
    module("Threads", []),
    module("Timelines", ["Threads"]),
    module("Tensors", []),
    module("Kernels", ["Tensors", "COpenBLAS"]),
    module("Layers", ["Kernels", "Tensors", "Threads"]),
    module("Models", ["Layers", "Tensors"]),
    module("Datasets", ["Failures", "Files", "Pictures", "Tensors", "Threads"]),
    module("Optimizers", ["Kernels", "Tensors", "Threads"]),
    module("Benchmarks", ["Datasets", "Failures", "Files", "Kernels", "Layers", "Tensors", "Threads"]),
    module("Planning", ["Failures"]),
    module("Checkpoints", ["Failures", "Files", "Threads"]),
    module("InstructionSets", ["Failures", "Kernels"] + vectorDependencies),
    module("Collectives", ["CMPI", "Failures", "Tensors", "Threads", "Timelines"]),
    module("HTTP", ["Failures", "Threads"]),
    module("Telemetry", ["Failures", "Files", "HTTP", "Threads", "Timelines", logging, protobuf]),
    module("Reports", ["Failures", "Files", "Telemetry"]),
    module("Exports", ["Checkpoints", "Failures", "Files", "Layers", "Telemetry", "Tensors", protobuf]),
    module(
      "Training",
      [
        "Checkpoints", "Collectives", "Datasets", "Failures", "Files", "InstructionSets", "Kernels", "Layers",
        "Models", "Optimizers", "Pictures", "Planning", "Reports", "Telemetry", "Tensors", "Threads",
        "Timelines", logging,
        yams,
      ]),
    module(
      "Command",
      [
        "Benchmarks", "BuildRecord", "Checkpoints", "Collectives", "Datasets", "Exports", "Failures", "Files",
        "HTTP",
        "InstructionSets", "Kernels", "Layers", "Models", "Optimizers", "Pictures", "Planning", "Reports",
        "Telemetry",
        "Tensors", "Threads", "Training", arguments,
      ]),
    .executableTarget(name: "cnn-dist", dependencies: ["Command"], swiftSettings: strict),

    tests("InstructionSets", ["Failures", "Kernels"]),
    tests("Kernels", ["KernelShapes", "Tensors"], resources: [.copy("Fixtures")]),
    tests(
      "VectorKernels",
      ["InstructionSets", "Kernels", "KernelShapes", "Tensors"] + vectorDependencies.dropFirst()),
    tests("Pictures", ["CPNG", "Failures", "PNGFixtures"]),
    tests("Tensors"),
    tests("Timelines"),
    tests("Threads"),
    tests("Files", ["Failures", "Threads"]),
    tests("Datasets", ["Failures", "Files", "Pictures", "Tensors"], resources: [.copy("Fixtures")]),
    tests("Checkpoints", ["Failures", "Files", "Threads"], resources: [.copy("Fixtures")]),
    tests("HTTP", ["Failures", "Threads"]),
    tests("Reports", ["Failures", "Telemetry"]),
    tests(
      "Telemetry", ["Failures", "Files", "ProgramRunner", "Threads", "Timelines", logging, protobuf]),
    tests("Planning", ["Failures"]),
    tests("Collectives", ["CommunicatorContract", "Failures", "Threads"]),
    tests("Layers", ["InstructionSets", "Kernels", "Tensors", "Threads"], resources: [.copy("Fixtures")]),
    tests("Models", ["InstructionSets", "Kernels", "Layers", "Tensors"], resources: [.copy("Fixtures")]),
    tests("Exports", ["Checkpoints", "Failures", "Layers", "Models", "Tensors"]),
    tests("Optimizers", ["InstructionSets", "Kernels", "Tensors"], resources: [.copy("Fixtures")]),
    tests(
      "Training",
      [
        "Checkpoints", "Collectives", "Datasets", "Failures", "Kernels", "Layers", "Models", "Pictures",
        "Threads", "Timelines",
      ]),
    tests(
      "Command", ["PNGFixtures", "Pictures", "ProgramRunner", "Telemetry"], resources: [.copy("Fixtures")]),

    // Shapes as data, for the tests of the kernels and for whoever measures them.
    .target(
      name: "KernelShapes", dependencies: ["Kernels", "Tensors"], path: "Tests/KernelShapes",
      swiftSettings: strict),

    // What every communicator must do, run by the tests on threads and by `mpi-contract` under mpirun.
    .target(
      name: "CommunicatorContract", dependencies: ["Collectives", "Failures", "Tensors", "Threads"],
      path: "Tests/CommunicatorContract", swiftSettings: strict),
    .executableTarget(
      name: "mpi-contract",
      dependencies: [
        "AllocationCount", "Collectives", "CommunicatorContract", "Failures", "Tensors", "Threads",
      ],
      path: "Tests/MPIContract", swiftSettings: strict, linkerSettings: countsAllocations),

    // PNG files put together byte by byte.
    .target(name: "PNGFixtures", path: "Tests/PNGFixtures", swiftSettings: strict),

    // Programs started by tests, and the counter of their heap allocations.
    .target(name: "ProgramRunner", path: "Tests/ProgramRunner", swiftSettings: strict),
    .target(name: "AllocationCount", path: "Tests/AllocationCount", swiftSettings: strict),
    .executableTarget(
      name: "step-allocations",
      dependencies: ["AllocationCount", "Datasets", "Failures", "Telemetry", "Tensors", "Training"],
      path: "Tests/StepAllocations", swiftSettings: strict, linkerSettings: countsAllocations),
  ] + vectorTargets + fuzzing
)

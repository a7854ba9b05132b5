// swift-tools-version: 6.2
import PackageDescription

// Every module is Swift 6, and a warning stops the build.
let strict: [SwiftSetting] = [.swiftLanguageMode(.v6), .treatAllWarnings(as: .error)]

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
    .systemLibrary(name: "COpenMPI", pkgConfig: "ompi-c", providers: [.apt(["libopenmpi-dev"])]),
    .systemLibrary(name: "COpenBLAS", pkgConfig: "openblas", providers: [.apt(["libopenblas-dev"])]),
    .target(name: "CMPI", dependencies: ["COpenMPI"]),

    module("Failures", []),
    module("Threads", []),
    module("Tensors", []),
    module("Kernels", ["Tensors", "COpenBLAS"]),
    module("Collectives", ["CMPI", "Failures", "Threads"]),

    tests("Tensors"),
    tests("Threads"),
    tests("Collectives", ["CommunicatorContract", "Failures", "Threads"]),

    // What every communicator must do, run by the tests on threads and by `mpi-contract` under mpirun.
    .target(
      name: "CommunicatorContract", dependencies: ["Collectives", "Failures", "Threads"],
      path: "Tests/CommunicatorContract", swiftSettings: strict),
    // Its own malloc stands before the C library's and counts; the tests start it, so it is no dependency of theirs.
    .executableTarget(
      name: "mpi-contract", dependencies: ["Collectives", "CommunicatorContract", "Failures", "Threads"],
      path: "Tests/MPIContract", swiftSettings: strict,
      linkerSettings: [.unsafeFlags(["-Xlinker", "--defsym=malloc=counted_malloc"])]),
  ]
)

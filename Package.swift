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
    .systemLibrary(name: "COpenBLAS", pkgConfig: "openblas", providers: [.apt(["libopenblas-dev"])]),
    .systemLibrary(name: "CZlib", pkgConfig: "zlib", providers: [.apt(["zlib1g-dev"])]),

    module("Failures", []),
    module("Threads", []),
    module("Files", ["Failures", "CZlib"]),
    module("Tensors", []),
    module("Kernels", ["Tensors", "COpenBLAS"]),
    module("Checkpoints", ["Failures", "Files", "Threads"]),

    tests("Tensors"),
    tests("Threads"),
    tests("Files", ["Failures"]),
    tests("Checkpoints", ["Failures", "Files", "Threads"], resources: [.copy("Fixtures")]),
  ]
)

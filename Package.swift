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

let arguments = Target.Dependency.product(name: "ArgumentParser", package: "swift-argument-parser")
let yams = Target.Dependency.product(name: "Yams", package: "Yams")

let package = Package(
  name: "cnn-dist",
  dependencies: [
    .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.2"),
    .package(url: "https://github.com/jpsim/Yams", from: "6.2.2"),
  ],
  targets: [
    .systemLibrary(name: "COpenBLAS", pkgConfig: "openblas", providers: [.apt(["libopenblas-dev"])]),
    .systemLibrary(name: "CZlib", pkgConfig: "zlib", providers: [.apt(["zlib1g-dev"])]),
    .systemLibrary(name: "COpenSSL", pkgConfig: "libcrypto", providers: [.apt(["libssl-dev"])]),

    module("Failures", []),
    module("Files", ["Failures", "CZlib", "COpenSSL"]),
    module("Threads", []),
    module("Tensors", []),
    module("Kernels", ["Tensors", "COpenBLAS"]),
    module("Layers", ["Kernels", "Tensors"]),
    module("Models", ["Layers", "Tensors"]),
    module("Datasets", ["Failures", "Files", "Tensors", "Threads"]),
    module("Optimizers", ["Kernels", "Tensors"]),
    module("Checkpoints", ["Failures", "Files", "Threads"]),
    module("Training", ["Failures", "Layers", "Models", yams]),
    module("Command", ["Datasets", "Failures", arguments]),

    tests("Tensors"),
    tests("Threads"),
    tests("Files", ["Failures"]),
    tests("Checkpoints", ["Failures", "Files", "Threads"], resources: [.copy("Fixtures")]),
    tests("Datasets", ["Failures", "Files", "Tensors"], resources: [.copy("Fixtures")]),
    tests("Layers", ["Tensors"]),
    tests("Models", ["Layers", "Tensors"]),
    tests("Training", ["Failures"]),
  ]
)

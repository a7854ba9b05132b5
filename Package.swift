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

let logging = Target.Dependency.product(name: "Logging", package: "swift-log")

let package = Package(
  name: "cnn-dist",
  dependencies: [
    .package(url: "https://github.com/apple/swift-log", from: "1.16.2")
  ],
  targets: [
    .systemLibrary(name: "COpenBLAS", pkgConfig: "openblas", providers: [.apt(["libopenblas-dev"])]),

    module("Failures", []),
    module("Threads", []),
    module("Tensors", []),
    module("Kernels", ["Tensors", "COpenBLAS"]),
    module("Files", ["Failures"]),
    module("Telemetry", ["Failures", "Files", "Threads", logging]),

    tests("Tensors"),
    tests("Threads"),
    tests("Files", ["Failures", "Threads"]),
    tests("Telemetry", ["Failures", "Files", "Threads", logging]),
  ]
)

import Foundation
import PackagePlugin

/// Has `scripts/build_record` write the commit that is being built, before each build, into a source file of the build folder:
/// no file of the repository changes, and what is compiled in is never older than the build.
@main struct BuildRecordPlugin: BuildToolPlugin {
  func createBuildCommands(context: PluginContext, target: any Target) throws -> [Command] {
    let script = context.package.directoryURL.appending(path: "scripts/build_record")
    return [
      .prebuildCommand(
        displayName: "Commit of this build", executable: URL(fileURLWithPath: "/bin/sh"),
        arguments: [script.path, context.pluginWorkDirectoryURL.path],
        outputFilesDirectory: context.pluginWorkDirectoryURL)
    ]
  }
}

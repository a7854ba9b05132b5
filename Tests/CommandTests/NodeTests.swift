import Foundation
import ProgramRunner
import Telemetry
import Testing

/// Ranks of one job that are not alike, as on nodes that were set up differently, and machines that lack something.
@Suite(.serialized) struct NodeTests {
  /// Rank 0 as usual; `other` starts rank 1, with the same arguments.
  private func run(_ arguments: [String], rank1 other: [String]) throws -> ProgramResult {
    try Program.run(arguments + [":", "-n", "1"] + other + arguments, ranks: 1)
  }

  private func expect(_ result: ProgramResult, _ status: Int32, _ text: String) {
    #expect(result.status == status, "\(result.errors)")
    let errors = result.ownErrors.filter { $0.hasPrefix("cnn-dist: error: ") }
    #expect(errors.count == 1 && errors[0].contains(text) && errors[0].contains("rank 1"), "\(result.errors)")
  }

  @Test("fault 26: another build of the program on one rank → 78, names the field and the rank")
  func anotherProgram() throws {
    let scratch = try ScratchDirectory()
    let copy = scratch.file("cnn-dist")
    try FileManager.default.copyItem(atPath: Program.path("cnn-dist"), toPath: copy)
    let file = try FileHandle(forWritingTo: URL(fileURLWithPath: copy))
    try file.seekToEnd()
    try file.write(contentsOf: Data([0]))
    try file.close()
    expect(
      try run(smallTraining(scratch.file("run")), rank1: [copy]), 78,
      "program differs from rank 0: expected 0.")
  }

  @Test("fault 26: another instruction set on one rank → 78, names the field and the rank")
  func anotherInstructionSet() throws {
    let scratch = try ScratchDirectory()
    expect(
      try run(
        smallTraining(scratch.file("run")),
        rank1: ["-x", "CNN_DIST_ISA=reference", try Program.path("cnn-dist")]), 78,
      "instruction set differs from rank 0")
  }

  @Test("fault 26: other data on one rank → 65, names the rank")
  func otherData() throws {
    let scratch = try ScratchDirectory()
    let data = scratch.file("data")
    try FileManager.default.copyItem(atPath: "/usr/share/datasets/fashion-mnist", toPath: data)
    // Valid labels, of which one is another.
    let labels = data + "/t10k-labels-idx1-ubyte"
    let inflate = Process()
    inflate.executableURL = URL(fileURLWithPath: "/usr/bin/gzip")
    inflate.arguments = ["-d", labels + ".gz"]
    try inflate.run()
    inflate.waitUntilExit()
    var bytes = try Data(contentsOf: URL(fileURLWithPath: labels))
    bytes[100] = (bytes[100] + 1) % 10
    try bytes.write(to: URL(fileURLWithPath: labels))
    expect(
      try run(
        smallTraining(scratch.file("run")),
        rank1: ["-x", "CNN_DIST_DATA=\(data)", try Program.path("cnn-dist")]),
      65, "data differs from rank 0")
  }

  @Test("fault 31: a rank that never answers → 69 after --start-limit, with the btl_tcp_if_include hint")
  func ranksThatNeverMeet() throws {
    let scratch = try ScratchDirectory()
    let arguments = smallTraining(scratch.file("run"), ["--start-limit", "3"])
    let began = Date()
    let result = try Program.run(arguments + [":", "-n", "1", "sleep", "60"], ranks: 1)
    #expect(result.status == 69, "\(result.errors)")
    #expect(Date().timeIntervalSince(began) < 20)
    let errors = result.ownErrors.filter { $0.hasPrefix("cnn-dist: error: ") }
    #expect(
      errors.count == 1 && errors[0].contains("not met after 3 s")
        && errors[0].contains("--mca btl_tcp_if_include"),
      "\(result.errors)")
  }

  /// A network namespace with an interface that answers nothing, though it has this machine's address. It takes root or user
  /// namespaces, and iproute2.
  @Test("fault 31: MPI on an interface that does not route → 69 after --start-limit, with the same hint")
  func anInterfaceThatDoesNotRoute() throws {
    let scratch = try ScratchDirectory()
    let setUp = """
      set -e
      ip link set lo up
      ip link add dead0 type veth peer name dead1
      ip addr add 10.99.0.1/24 dev dead0
      ip link set dead0 up
      ip link set dead1 up
      ip neigh add 10.99.0.1 lladdr 02:00:00:00:00:01 dev dead0
      ip route add 10.99.0.1 dev dead0 table 99
      ip rule add pref 10 lookup local
      ip rule add pref 5 to 10.99.0.1 lookup 99
      ip rule del pref 0

      """
    let mpirun = [
      "mpirun", "-n", "2", "--oversubscribe", "--mca", "oob_tcp_if_include", "lo", "--mca", "btl", "self,tcp",
      "--mca", "btl_tcp_if_include", "dead0", try Program.path("cnn-dist"),
    ]
    let command = (mpirun + smallTraining(scratch.file("run"), ["--start-limit", "3"])).map { "'\($0)'" }
    let result = try Program(
      ["-rn", "sh", "-c", setUp + "exec " + command.joined(separator: " ")], program: "/usr/bin/unshare"
    ).result(seconds: 60)
    #expect(result.status == 69, "\(result.errors)")
    let errors = result.ownErrors.filter { $0.hasPrefix("cnn-dist: error: ") }
    #expect(
      errors.count == 1 && errors[0].contains("--mca btl_tcp_if_include eth0"), "\(result.errors)")
  }

  /// In a mount namespace of its own, which takes root or user namespaces; where neither is allowed, the test fails.
  @Test("fault 32: a /dev/shm of 6 MiB for 4 ranks → a warning before MPI starts, no SIGBUS")
  func tinySharedMemory() throws {
    let scratch = try ScratchDirectory()
    let words = ["mpirun", "-n", "4", "--oversubscribe", try Program.path("cnn-dist")]
    let command = (words + smallTraining(scratch.file("run"))).map { "'\($0)'" }.joined(separator: " ")
    let result = try Program(
      ["-rm", "sh", "-c", "mount -t tmpfs -o size=6m tmpfs /dev/shm && exec \(command)"],
      program: "/usr/bin/unshare"
    ).result()
    #expect(result.status == 0, "\(result.errors)")
    let warnings = result.ownErrors.filter { $0.contains("warning: /dev/shm has ") }
    #expect(warnings.count == 1 && warnings[0].contains("4 ranks need"), "\(result.errors)")
  }
}

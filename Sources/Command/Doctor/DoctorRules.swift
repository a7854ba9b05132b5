import Foundation
import Telemetry

/// What follows from what the ranks found.
package struct DoctorRules {
  package let ranks: [DoctorRank]
  package let links: [DoctorLink]
  /// The MPI library that the program was compiled with.
  package let compiledMPI: String
  package let usesMPI: Bool
  package let hasMPIRun: Bool

  package init(
    ranks: [DoctorRank], links: [DoctorLink], compiledMPI: String, usesMPI: Bool, hasMPIRun: Bool
  ) {
    self.ranks = ranks
    self.links = links
    self.compiledMPI = compiledMPI
    self.usesMPI = usesMPI
    self.hasMPIRun = hasMPIRun
  }

  /// A rank this much slower than the others' median is pointed out.
  static let slow = 0.8
  /// A link this much slower than the median of its kind is.
  static let slowLink = 0.25
  /// Seconds by which clocks may differ: enough for logs to be read side by side.
  static let skew = 1.0

  package var checks: [DoctorCheck] {
    [mpi, job, processors, speed, instructionSet, blas, sharedMemory, staleSegments, data, clocks]
      + (links.isEmpty ? [] : [network])
  }

  private var hosts: [String] { ranks.map(\.host).reduce(into: []) { if !$0.contains($1) { $0.append($1) } } }
  private var machines: [(host: String, machine: DoctorMachine)] {
    ranks.compactMap { rank in rank.machine.map { (rank.host, $0) } }
  }

  private var mpi: DoctorCheck {
    let name = "MPI"
    guard usesMPI || hasMPIRun else {
      return .bad(name, "mpirun is not on PATH", "apt-get install openmpi-bin")
    }
    let found = ranks[0].mpi
    // `Open MPI 4.1.4` is `Open MPI v4.1.4, package ...` in the library's own words.
    let version = compiledMPI.split(separator: " ").last ?? ""
    let loaded = found.split(separator: ",").first.map(String.init) ?? found
    let series = version.split(separator: ".").prefix(2).joined(separator: ".")
    let said = "\(loaded), compiled with \(compiledMPI)"
    if let other = ranks.first(where: { $0.mpi != found }) {
      return .bad(
        name, "rank \(other.rank) (\(other.host)) has another library than rank 0: \(other.mpi.prefix(40))",
        "install the same on every machine")
    }
    guard found.contains(series + ".") else {
      return .bad(name, said, "build the program on this machine, or load the MPI that it was compiled with")
    }
    return found.contains(version)
      ? .ok(name, said) : .warning(name, said, "versions of one series usually fit; rebuild to be sure")
  }

  private var job: DoctorCheck {
    guard usesMPI else { return .ok("job", "one process, without mpirun") }
    let found = "\(count(ranks.count, "rank")) of one job on \(count(hosts.count, "machine"))"
    let versions = Set(ranks.map(\.program))
    return versions.count == 1
      ? .ok("job", found)
      : .bad("job", "\(found), versions \(versions.sorted().joined(separator: ", "))", "install one version")
  }

  /// Threads beside processors, machine by machine.
  private var processors: DoctorCheck {
    let name = "processors"
    for host in hosts {
      let here = ranks.filter { $0.host == host }
      let usable = Set(here.flatMap(\.processors)).count
      let threads = here.reduce(0) { $0 + $1.threads }
      if threads > usable {
        return .warning(
          name,
          "\(host): \(count(threads, "thread")) of \(count(here.count, "rank")) on \(count(usable, "processor"))",
          "start \(count(usable, "rank")) there, or fewer --threads")
      }
      for rank in here {
        let bound = here.filter { Set($0.processors).isSubset(of: rank.processors) }
        let wanted = bound.reduce(0) { $0 + $1.threads }
        if wanted > rank.processors.count {
          return .warning(
            name, "\(host): ranks \(list(bound)) are bound to \(count(rank.processors.count, "processor"))",
            "mpirun --bind-to none, or --map-by slot:PE=\(rank.threads)")
        }
      }
    }
    let idle = hosts.filter { host in
      let here = ranks.filter { $0.host == host }
      return usesMPI && here.reduce(0) { $0 + $1.threads } < here[0].processorsOnline
    }
    let found = hosts.map { host in
      let here = ranks.filter { $0.host == host }
      return "\(host): \(here[0].processorsOnline) for \(count(here.reduce(0) { $0 + $1.threads }, "thread"))"
    }.joined(separator: ", ")
    return idle.isEmpty
      ? .ok(name, found) : .warning(name, found, "use the others with more ranks or --threads")
  }

  private var speed: DoctorCheck {
    let usual = median(ranks.map(\.gigaflops))
    let found =
      ranks.count == 1
      ? "\(fixed(usual, 0)) GFLOP/s" : "\(fixed(usual, 0)) GFLOP/s a rank in the middle, all at once"
    let slow = ranks.filter { $0.gigaflops < Self.slow * usual }
    guard let first = slow.first else { return .ok("speed", found) }
    return .warning(
      "speed",
      "\(found); ranks \(list(slow)) are slower, rank \(first.rank) (\(first.host)) has \(fixed(first.gigaflops, 0))",
      "look there for other programs (top), and for the processor's clock")
  }

  private var instructionSet: DoctorCheck {
    let name = "instruction set"
    let sets = Dictionary(grouping: ranks, by: \.instructionSet)
    guard sets.count > 1, let slowest = sets.keys.min() else { return .ok(name, ranks[0].instructionSet) }
    return .bad(
      name,
      sets.sorted { $0.key < $1.key }.map { "\($0.key) on ranks \(list($0.value))" }.joined(separator: ", "),
      "set CNN_DIST_ISA=\(slowest) on all: mpirun -x CNN_DIST_ISA=\(slowest)")
  }

  private var blas: DoctorCheck {
    guard let rank = ranks.first(where: { $0.forcedBlas != nil }), let forced = rank.forcedBlas else {
      return .ok("BLAS", ranks[0].blas)
    }
    return .warning(
      "BLAS", "OPENBLAS_CORETYPE=\(forced) on rank \(rank.rank) forces OpenBLAS's kernels: \(rank.blas)",
      "unset it")
  }

  private var sharedMemory: DoctorCheck {
    let name = "/dev/shm"
    if let (host, machine) = machines.first(where: { $0.machine.sharedMemoryWarning != nil }) {
      return .warning(name, "\(host): \(machine.sharedMemoryWarning ?? "")", "")
    }
    if let missing = machines.first(where: { $0.machine.sharedMemory == nil }) {
      return .warning(name, "\(missing.host) has none: MPI uses slower ways", "mount a tmpfs there")
    }
    let least = machines.compactMap(\.machine.sharedMemory).min() ?? 0
    return .ok(name, "\(spokenBytes(least)) free")
  }

  private var staleSegments: DoctorCheck {
    let name = "stale segments"
    let stale = machines.filter { !$0.machine.staleSegments.isEmpty }
    guard let first = stale.first else { return .ok(name, "none") }
    let number = stale.reduce(0) { $0 + $1.machine.staleSegments.count }
    return .warning(
      name, "\(number) of jobs that were killed, on \(stale.map(\.host).joined(separator: ", "))",
      "rm \(first.machine.staleSegments.prefix(4).map { "/dev/shm/\($0)" }.joined(separator: " "))"
        + (first.machine.staleSegments.count > 4 ? " ... (all with --json)" : ""))
  }

  private var data: DoctorCheck {
    if let (host, machine) = machines.first(where: { $0.machine.dataFailure != nil }) {
      return .bad("data", "\(host): \(machine.dataFailure ?? "")", "", code: machine.dataCode ?? 66)
    }
    guard let first = machines.first else { return .bad("data", "no machine was looked at", "") }
    if let other = machines.first(where: { $0.machine.dataDigest != first.machine.dataDigest }) {
      return .bad("data", "\(other.host) has other files than \(first.host)", "copy one set to all", code: 65)
    }
    if let unknown = first.machine.unknownData.first {
      return .warning("data", "\(unknown) is valid, but not the published one", "cnn-dist data verify")
    }
    return .ok("data", "\(first.machine.data), all four files as published")
  }

  private var clocks: DoctorCheck {
    let times = ranks.map(\.clock)
    let skew = (times.max() ?? 0) - (times.min() ?? 0)
    guard skew > Self.skew else { return .ok("clock", "within \(fixed(skew, 3)) s") }
    let latest = ranks.max { $0.clock < $1.clock }
    return .warning(
      "clock", "\(fixed(skew, 1)) s apart; the latest is that of \(latest?.host ?? "")",
      "start a time service (systemd-timesyncd)")
  }

  /// Links among ranks of one machine and between machines have their own medians.
  private var network: DoctorCheck {
    for isLocal in [true, false] {
      let same = links.filter { $0.isLocal == isLocal }
      let usual = median(same.map(\.gigabytesPerSecond))
      if let slow = same.first(where: { $0.gigabytesPerSecond < Self.slowLink * usual }) {
        return .warning(
          "network",
          "ranks \(slow.ranks[0]) and \(slow.ranks[1]) exchange \(fixed(slow.gigabytesPerSecond, 2)) GB/s, others "
            + fixed(usual, 2),
          isLocal ? "look for other programs there" : "look at cables and --mca btl_tcp_if_include")
      }
    }
    let slowest = links.min { $0.gigabytesPerSecond < $1.gigabytesPerSecond }
    let latency = links.map(\.microseconds).max() ?? 0
    return .ok(
      "network",
      "at least \(fixed(slowest?.gigabytesPerSecond ?? 0, 2)) GB/s, at most \(fixed(latency, 1)) us")
  }

  /// What to type. Ranks compute on as many processors as there are, one each.
  package var command: String {
    let slots = hosts.map { host in (host, ranks.first { $0.host == host }?.processorsOnline ?? 1) }
    let total = usesMPI ? slots.reduce(0) { $0 + $1.1 } : Set(ranks[0].processors).count
    var words = ["mpirun", "-n \(total)"]
    if hosts.count > 1 { words.append("--host " + slots.map { "\($0.0):\($0.1)" }.joined(separator: ",")) }
    if getuid() == 0 { words.append("--allow-run-as-root") }
    words.append("--bind-to none")
    return (words + ["cnn-dist train vgg11"]).joined(separator: " ")
  }

  private func count(_ number: Int, _ noun: String) -> String { "\(number) \(noun)\(number == 1 ? "" : "s")" }

  private func list(_ ranks: [DoctorRank]) -> String {
    ranks.prefix(8).map { "\($0.rank)" }.joined(separator: ", ") + (ranks.count > 8 ? ", ..." : "")
  }

  private func median(_ values: [Double]) -> Double {
    values.isEmpty ? 0 : values.sorted()[(values.count - 1) / 2]
  }
}

import ArgumentParser
import Benchmarks
import Collectives
import Failures
import Foundation
import Telemetry
import Tensors
import Training

/// `cnn-dist bench allreduce`.
struct BenchAllReduce: ParsableCommand, RankedCommand {
  static let configuration = CommandConfiguration(
    commandName: "allreduce", abstract: "Time sums over all ranks, as of gradients.",
    discussion: """
      The rate is that of the bytes that each rank must send and receive at least:
      2 (R - 1) / R of the vector's. In a tree of fixed form, as --shards has it,
      beside the MPI library's own sum; the two in turn.

      Examples:
        mpirun -n 2 cnn-dist bench allreduce
        cnn-dist bench allreduce --ranks 4 --json   ranks as threads of one process
      """)

  @Option(help: ArgumentHelp("Run n ranks as threads of this process, without MPI.", valueName: "n"))
  var ranks: Int?
  @Option(help: ArgumentHelp("Sizes in MB.", valueName: "n,n"))
  var sizes = "1,25,100,500"
  @OptionGroup
  var options: BenchOptions

  var runsOnEveryRank: Bool { true }
  private var megabytes: [Int] { sizes.split(separator: ",").compactMap { Int($0) } }

  func validate() throws {
    if let ranks, ranks < 1 { throw ValidationError("--ranks must be at least 1") }
    let isSound = megabytes.count == sizes.split(separator: ",", omittingEmptySubsequences: false).count
    if !isSound || megabytes.contains(where: { !(1...4096).contains($0) }) {
      throw ValidationError("--sizes are whole numbers of MB from 1 to 4096, such as 25,500")
    }
  }

  func run() throws {
    let environment = ProcessInfo.processInfo.environment
    let console = Console(style: ConsoleStyle(environment: environment))
    let runner = try RankRunner(ranks: ranks, threads: 1, environment: environment, console: console)
    let (megabytes, options) = (megabytes, options)
    try Exit.with(
      runner.run { rank in
        guard rank.count > 1 else {
          throw Agreed(
            failure: Failure(
              .usage, "one rank has nobody to sum with", at: "--ranks",
              advice: "start it by mpirun -n 2 or more, or give --ranks 2 or more"))
        }
        var rows: [Row] = []
        for size in megabytes {
          rows.append(try Row(megabytes: size, rounds: options.rounds, on: rank.communication))
        }
        guard rank.isCoordinator else { return }
        let record = Record(ranks: rank.count, mpi: rank.mpi, rows: rows)
        try options.show(record, table: record.table)
      })
  }

  private struct Row: Encodable {
    let megabytes: Int
    /// Of the library's own sum.
    let seconds: Double
    /// Bytes a second that each rank moves.
    let rate: Double
    /// Seconds in a tree of fixed form; nil where the ranks are no power of two.
    let treeSeconds: Double?

    init(megabytes: Int, rounds: Int, on communication: CommunicationThread) throws {
      let buffer = FloatBuffer(count: megabytes * 1_000_000 / MemoryLayout<Float>.stride)
      let isTree = communication.size & (communication.size - 1) == 0
      let seconds = try CollectiveBenchmark.medians(
        rounds: rounds, before: { try communication.barrier() },
        [
          { try communication.allReduce(buffer.elements, .sum) },
          { if isTree { try communication.sumInTree(buffer.elements) } },
        ])
      withExtendedLifetime(buffer) {}
      self.seconds = seconds[0]
      treeSeconds = isTree ? seconds[1] : nil
      self.megabytes = megabytes
      let ranks = Double(communication.size)
      rate = 2 * (ranks - 1) / ranks * Double(megabytes) * 1e6 / seconds[0]
    }
  }

  private struct Record: Encodable {
    let ranks: Int
    let mpi: String
    let rows: [Row]

    var table: String {
      var table = TextTable([
        ("MB", .right), ("ms", .right), ("GB/s", .right), ("ms in a tree", .right), ("GB/s", .right),
        ("of the library's", .right),
      ])
      for row in rows {
        let tree = row.treeSeconds.map { seconds in
          [
            String(format: "%.2f", seconds * 1e3),
            String(format: "%.2f", row.rate * row.seconds / seconds / 1e9),
            String(format: "%.0f %%", 100 * row.seconds / seconds),
          ]
        }
        table.append(
          [
            "\(row.megabytes)", String(format: "%.2f", row.seconds * 1e3),
            String(format: "%.2f", row.rate / 1e9),
          ] + (tree ?? ["", "", ""]))
      }
      // MPI's own text goes on with how it was built.
      let library = mpi == "none" ? "as threads" : "over \(mpi.prefix { $0 != "," })"
      return "Sums over \(ranks) ranks \(library); GB/s that each rank moves\n\n\(table.text)"
    }
  }
}

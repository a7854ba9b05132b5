import ArgumentParser
import Benchmarks
import Foundation
import Telemetry
import Tensors

/// `cnn-dist bench loader`.
struct BenchLoader: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "loader", abstract: "Time what a loader's thread does to a picture.",
    discussion: """
      From bytes of 28x28 to floats at a network's size; with everything that
      --augment knows, and with --mixup. The last line is what it would take to copy
      pictures that were resized before, from memory that ranks share: up to 2.4 GB
      of them. The last column is what 60,000 take.

      Examples:
        cnn-dist bench loader                    at 28x28, as LeNet has them
        cnn-dist bench loader --image-size 224 --json
      """)

  @Option(help: ArgumentHelp("Pixels a side.", valueName: "n"))
  var imageSize = 28
  @OptionGroup
  var options: BenchOptions

  func validate() throws {
    if !(1...1024).contains(imageSize) { throw ValidationError("--image-size must be 1 to 1024") }
  }

  func run() throws {
    let sample = Shape(height: imageSize, width: imageSize, channels: 1)
    let rows = try LoaderBenchmark.rows(sample: sample, rounds: options.rounds)
    let record = Record(imageSize: imageSize, rows: rows)
    try options.show(record, table: record.table)
  }

  private struct Record: Encodable {
    let imageSize: Int
    let rows: [LoaderBenchmark.Row]

    var table: String {
      var table = TextTable([
        ("", .left), ("us a picture", .right), ("pictures/s", .right), ("60,000 take", .right),
      ])
      for row in rows {
        table.append([
          row.work, String(format: "%.2f", row.seconds * 1e6), String(format: "%.0f", 1 / row.seconds),
          spokenBytes(row.bytes),
        ])
      }
      return "One thread, pictures of \(imageSize)x\(imageSize)\n\n\(table.text)"
    }
  }
}

import Foundation
import ProgramRunner
import Testing

/// What the benchmarks say, not how fast this machine is.
@Suite struct BenchTests {
  private func json(_ arguments: [String], ranks: Int? = nil) throws -> [String: Any] {
    let result = try Program.run(["bench"] + arguments + ["--json"], ranks: ranks)
    #expect(result.status == 0, "\(result.errors)")
    return try #require(
      try JSONSerialization.jsonObject(with: Data(result.output.utf8)) as? [String: Any])
  }

  /// Operators after fusion, in order; operations are those of the formula, for two images: of the first convolution 2 for each
  /// of 24x24 positions, 25 weights, 6 filters; of the second, backward, 4 for each of 8x8, 150, 16.
  @Test func layersOfLeNet() throws {
    let record = try json(["layers", "lenet-max", "--batch-size", "2", "--rounds", "1"])
    let rows = try #require(record["rows"] as? [[String: Any]])
    #expect(
      rows.map { $0["kind"] as? String } == [
        "PooledConvolution", "Convolution", "Sigmoid", "MaxPool", "Linear", "Sigmoid", "Linear", "Sigmoid",
        "Linear",
      ])
    #expect(rows[0]["algorithm"] as? String == "planes")
    #expect(rows[0]["forward_operations"] as? Double == 345_600.0)
    #expect(
      rows[0]["backward_operations"] as? Double == 345_600.0, "the batch wants no gradient")
    #expect(rows[1]["backward_operations"] as? Double == 1_228_800.0)
    for row in rows {
      for key in ["forward", "backward"] { #expect((row[key] as? Double ?? 0) > 0, "\(key) of \(row)") }
    }
    #expect((record["peak"] as? Double ?? 0) > 1e9)
    let table = try Program.run([
      "bench", "layers", "vgg11", "--image-size", "32", "--batch-size", "1", "--rounds", "1",
    ])
    #expect(table.status == 0 && table.output.contains("F(4x4,3x3)"), "\(table.output)\(table.errors)")
    #expect(table.output.hasPrefix("vgg11, batch 1, one thread, x86-64-v"))
    // The largest share has the longest bar.
    let shares = table.outputLines.compactMap { line -> (share: Double, bar: Int)? in
      let words = line.split(separator: " ")
      guard let sign = words.lastIndex(of: "%"), let share = Double(words[sign - 1]), words[0] != "all" else {
        return nil
      }
      return (share, words.last!.hasPrefix("#") ? words.last!.count : 0)
    }
    #expect(shares.count > 10 && abs(shares.reduce(0) { $0 + $1.share } - 100) < 1)
    for (share, bar) in shares { #expect(abs(Double(bar) * 5 - share) <= 2.6) }
  }

  @Test(arguments: [[], ["--shards", "4", "--threads", "2"]]) func stepsOfLeNet(options: [String]) throws {
    let record = try json(["step", "lenet", "--batch-size", "4", "--rounds", "3"] + options)
    #expect(record["shards"] as? Int == (options.isEmpty ? 1 : 4))
    let seconds = try #require(record["seconds"] as? Double)
    let (fastest, slowest) = (record["fastest"] as? Double ?? 0, record["slowest"] as? Double ?? 0)
    #expect(0 < fastest && fastest <= seconds && seconds <= slowest)
    #expect(abs((record["images_per_second"] as? Double ?? 0) * seconds - 4) < 1e-6)
  }

  @Test(arguments: [nil, 2]) func sumsOverRanks(mpi: Int?) throws {
    let ranks = mpi == nil ? ["--ranks", "2"] : []
    let record = try json(["allreduce", "--sizes", "1,2", "--rounds", "2"] + ranks, ranks: mpi)
    #expect(record["ranks"] as? Int == 2)
    let rows = try #require(record["rows"] as? [[String: Any]])
    #expect(rows.map { $0["megabytes"] as? Int } == [1, 2])
    for row in rows {
      // Two ranks move the vector once: half of it out and half of it in, twice.
      let (rate, seconds) = (row["rate"] as? Double ?? 0, row["seconds"] as? Double ?? 0)
      #expect(seconds > 0 && abs(rate * seconds / (Double(row["megabytes"] as? Int ?? 0) * 1e6) - 1) < 1e-6)
    }
  }

  @Test func kernelsBesideOpenBLAS() throws {
    let rows = try #require(try json(["kernels", "--rounds", "1"])["rows"] as? [[String: Any]])
    #expect(
      Set(rows.map { $0["algorithm"] as? String }).isSuperset(of: [
        "F(4x4|6x6,3x3)", "F(4x4,5x5)", "F(3x3,3x3)/2", "F(3x3,3x3) padded", "direct", "streamed",
      ]))
    for row in rows {
      for key in ["forward", "input_gradient", "parameter_gradients", "blas", "operations"] {
        #expect((row[key] as? Double ?? 0) > 0, "\(key) of \(row)")
      }
    }
  }

  /// 60,000 pictures of 28x28 bytes, and of 32x32 floats.
  @Test func pictures() throws {
    let record = try json(["loader", "--image-size", "32", "--rounds", "1"])
    let rows = try #require(record["rows"] as? [[String: Any]])
    #expect(rows.map { $0["bytes"] as? Int } == [47_040_000, 47_040_000, 47_040_000, 245_760_000])
    for row in rows { #expect((row["seconds"] as? Double ?? 0) > 0, "\(row)") }
    let table = try Program.run(["bench", "loader", "--rounds", "1"])
    #expect(table.status == 0 && table.output.hasPrefix("One thread, pictures of 28x28\n\n"))
    #expect(
      table.outputLines.contains { $0.hasPrefix("resized") && $0.hasSuffix("47.0 MB") }, "\(table.output)")
  }

  @Test(arguments: [
    (["layers"], "model"), (["layers", "lenet", "--rounds", "0"], "--rounds"),
    (["layers", "lenet", "--shards", "3"], "--shards"),
    (["step", "lenot"], "lenet"), (["step", "lenet", "--shards", "3"], "--shards"),
    (["step", "lenet", "--rounds", "0"], "--rounds"),
    (["step", "lenet", "--shards", "4", "--threads", "3"], "--threads"),
    (["allreduce", "--sizes", "1,x"], "--sizes"),
    (["allreduce", "--sizes", "0"], "--sizes"), (["kernels", "--rounds", "-1"], "--rounds"),
    (["loader", "--image-size", "0"], "--image-size"), (["loader", "--rounds", "0"], "--rounds"),
    (["allreduce", "--sizes", "1"], "nobody to sum with"),
  ]) func whatIsWrongIsNamed(arguments: [String], word: String) throws {
    let result = try Program.run(["bench"] + arguments)
    #expect(result.status == 64 || result.status == 78, "\(result.errors)")
    #expect(result.ownErrors.count == 1 && result.errors.contains(word), "\(result.errors)")
  }
}

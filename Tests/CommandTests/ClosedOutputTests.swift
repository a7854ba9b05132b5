import Foundation
import ProgramRunner
import Testing

@Suite struct ClosedOutputTests {
  /// As `| head -1`: the reader goes after the first line, while the program has more to say.
  @Test(
    "fault 33: standard output closed after a line → training goes on to its last checkpoint",
    arguments: [nil, 2])
  func trainingOutlivesItsReader(ranks: Int?) throws {
    let scratch = try ScratchDirectory()
    let launcher = ranks.map { "mpirun -n \($0) --oversubscribe --bind-to none " } ?? ""
    let training =
      "'\(try Program.path("cnn-dist"))' train lenet --dataset synthetic --train-limit 512 --test-limit 64 "
      + "--batch-size 64 --epochs 2 --run '\(scratch.file("run"))'"
    let result = try Program(
      ["-c", "set -o pipefail; \(launcher)\(training) | head -n 1"], program: "/bin/bash"
    ).result()
    #expect(result.status == 0, "\(result.errors)")
    #expect(result.outputLines.count == 1)
    let last = try FileManager.default.destinationOfSymbolicLink(
      atPath: scratch.file("run") + "/checkpoints/last")
    #expect(last.hasSuffix("step-00000016"), "\(last)")
  }
}

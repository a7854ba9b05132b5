import ArgumentParser
import Datasets
import Failures
import Foundation

/// Which data set a subcommand of `data` is about.
struct DataOptions: ParsableArguments {
  @Option(help: "Which data set.")
  var dataset = DatasetChoice.fashionMNIST

  @Option(help: ArgumentHelp("Directory of the files.", valueName: "dir"))
  var data: String?

  @Option(help: ArgumentHelp("Labels of idx files are below this.", valueName: "n"))
  var classes = 10

  @Option(
    help: ArgumentHelp(
      "The part of a folder's pictures to test on, where it has no test folder.", valueName: "x"))
  var testFraction: Double?

  func validate() throws {
    if classes < 2 { throw ValidationError("--classes must be at least 2") }
    if let testFraction, !(0.01...0.9).contains(testFraction) {
      throw ValidationError("--test-fraction must be from 0.01 to 0.9")
    }
    if testFraction != nil, dataset != .folder {
      throw ValidationError("--test-fraction is for --dataset folder")
    }
  }

  func source() throws(Failure) -> any ImageSource {
    let environment = ProcessInfo.processInfo.environment
    return try DatasetLocation(
      dataset, data: data ?? environment["CNN_DIST_DATA"], classes: classes, testFraction: testFraction,
      trainCount: 10_000
    ).source(environment: environment)
  }
}

extension DatasetChoice: ExpressibleByArgument {}

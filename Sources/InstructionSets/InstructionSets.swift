import Failures
import Foundation
import Kernels

/// Chooses the kernels for this processor when the program starts.
public enum InstructionSets {
  /// The environment variable that names a set and so overrides the choice.
  public static let variable = "CNN_DIST_ISA"

  private static let processorFile = "/proc/cpuinfo"

  /// The set that ``variable`` names, or the fastest that this processor runs.
  public static func selected(
    environment: [String: String] = ProcessInfo.processInfo.environment
  ) throws(Failure) -> any KernelSet.Type {
    guard let name = environment[variable], !name.isEmpty else { return try best() }
    return try named(name)
  }

  /// The fastest set that this processor runs.
  public static func best() throws(Failure) -> any KernelSet.Type {
    try best(processor: processor()).kernels
  }

  /// The set of a name that ``InstructionSet`` lists.
  public static func named(_ name: String) throws(Failure) -> any KernelSet.Type {
    try named(name, processor: processor()).kernels
  }

  /// The sets that this processor runs, from the slowest to the fastest.
  public static func available() throws(Failure) -> [InstructionSet] {
    let flags = ProcessorFlags(text: try processor())
    return InstructionSet.allCases.filter { flags.lacks($0).isEmpty }
  }

  /// The fastest set for a processor, given the text of its /proc/cpuinfo.
  ///
  /// The reference kernels are never chosen unasked: a run that takes months should be somebody's decision.
  public static func best(processor: String) throws(Failure) -> InstructionSet {
    let flags = ProcessorFlags(text: processor)
    let vector = InstructionSet.allCases.filter { $0 != .reference }
    if let set = vector.last(where: { flags.lacks($0).isEmpty }) { return set }
    let oldest = vector[0]
    throw Failure(
      .configuration,
      "this processor lacks \(flags.lacks(oldest).joined(separator: ", ")), which \(oldest.rawValue) needs",
      at: processorFile, advice: "run on a newer processor, or set \(variable)=reference, which is very slow")
  }

  /// The set of a name for a processor, given the text of its /proc/cpuinfo.
  public static func named(_ name: String, processor: String) throws(Failure) -> InstructionSet {
    guard let set = InstructionSet(rawValue: name) else {
      let names = InstructionSet.allCases.map(\.rawValue).joined(separator: ", ")
      throw Failure(
        .configuration, "no kernels are called \"\(name)\"", at: variable, advice: "use one of \(names)")
    }
    let missing = ProcessorFlags(text: processor).lacks(set)
    guard missing.isEmpty else {
      throw Failure(
        .configuration, "this processor cannot run \(name): it lacks \(missing.joined(separator: ", "))",
        at: variable, advice: "unset \(variable)")
    }
    return set
  }

  private static func processor() throws(Failure) -> String {
    #if os(Linux)
      do {
        return try String(contentsOfFile: processorFile, encoding: .utf8)
      } catch {
        throw Failure(
          .configuration, "cannot read which instructions this processor has", at: processorFile,
          advice: "mount /proc")
      }
    #else
      return ""
    #endif
  }
}

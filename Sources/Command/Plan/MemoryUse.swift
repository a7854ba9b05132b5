import Foundation

/// How much memory a process has, in the kernel's words.
enum MemoryUse {
  /// Bytes of a process's own pages, and its part of those that it shares (Pss); 0 where the kernel does not tell.
  static func proportional(of process: String = "self") -> Double {
    let path = "/proc/\(process)/smaps_rollup"
    guard let content = FileManager.default.contents(atPath: path) else { return 0 }
    let line = String(decoding: content, as: UTF8.self).split(separator: "\n").first { $0.hasPrefix("Pss:") }
    return 1024 * (line?.split(separator: " ").dropFirst().first.flatMap { Double($0) } ?? 0)
  }
}

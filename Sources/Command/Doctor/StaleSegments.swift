import Foundation
import Training

/// Open MPI's files in /dev/shm that a killed job left: they keep their memory until somebody deletes them.
enum StaleSegments {
  static let prefix = "vader_segment."

  /// This user's segments that no process has mapped, sorted.
  static func list(in directory: String = SharedMemory.path, processes: String = "/proc") -> [String] {
    let files = FileManager.default
    let segments = ((try? files.contentsOfDirectory(atPath: directory)) ?? []).filter { name in
      let owner = try? files.attributesOfItem(atPath: "\(directory)/\(name)")[.ownerAccountID] as? UInt32
      return name.hasPrefix(prefix) && owner == getuid()
    }
    guard !segments.isEmpty else { return [] }
    var unused = Set(segments)
    for process in (try? files.contentsOfDirectory(atPath: processes)) ?? [] where Int(process) != nil {
      guard let maps = files.contents(atPath: "\(processes)/\(process)/maps") else { continue }
      let text = String(decoding: maps, as: UTF8.self)
      guard text.contains(prefix) else { continue }
      unused = unused.filter { !text.contains($0 + "\n") }
    }
    return unused.sorted()
  }
}

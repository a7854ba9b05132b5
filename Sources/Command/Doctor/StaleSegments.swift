import Files
import Foundation
import Training

/// Files in /dev/shm, Open MPI's and of data sets, that a killed job left: they keep their memory until somebody deletes them.
enum StaleSegments {
  static let prefixes = ["vader_segment.", SharedSegment.prefix]

  /// This user's segments that no process has mapped, sorted.
  static func list(in directory: String = SharedMemory.path, processes: String = "/proc") -> [String] {
    let files = FileManager.default
    let segments = ((try? files.contentsOfDirectory(atPath: directory)) ?? []).filter { name in
      let owner = try? files.attributesOfItem(atPath: "\(directory)/\(name)")[.ownerAccountID] as? UInt32
      return prefixes.contains(where: name.hasPrefix) && owner == getuid()
    }
    guard !segments.isEmpty else { return [] }
    var unused = Set(segments)
    for process in (try? files.contentsOfDirectory(atPath: processes)) ?? [] where Int(process) != nil {
      guard let maps = files.contents(atPath: "\(processes)/\(process)/maps") else { continue }
      let text = String(decoding: maps, as: UTF8.self)
      guard prefixes.contains(where: text.contains) else { continue }
      unused = unused.filter { !text.contains($0 + "\n") }
    }
    return unused.sorted()
  }
}

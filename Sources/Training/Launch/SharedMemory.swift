import Telemetry

#if canImport(Glibc)
  import Glibc
#else
  import Darwin
#endif

/// The file system in memory through which Open MPI's ranks of one machine exchange messages.
public enum SharedMemory {
  public static let path = "/dev/shm"

  /// What Open MPI 4.1 takes of it for each rank: a segment of 4 MiB, and a page.
  public static let bytesPerRank = (4 << 20) + 4096

  /// Free bytes; nil where there is no such file system.
  public static func free(at path: String = path) -> Int? {
    var system = statvfs()
    guard statvfs(path, &system) == 0 else { return nil }
    return Int(clamping: UInt64(system.f_bavail) * UInt64(system.f_frsize))
  }

  /// What to say before so many ranks start on this machine; nil where there is room.
  ///
  /// A file there is given its pages when they are touched: a rank that touches one too many dies of SIGBUS, without a word.
  public static func warning(ranks: Int, at path: String = path) -> String? {
    guard ranks > 1, let free = free(at: path), free < ranks * bytesPerRank else { return nil }
    return
      "\(path) has \(spokenBytes(free)) free, and \(ranks) ranks need \(spokenBytes(ranks * bytesPerRank)): MPI may die of "
      + "SIGBUS; delete stale segments there, enlarge it (docker run --shm-size=1g), or leave it out (mpirun --mca btl ^vader)"
  }
}

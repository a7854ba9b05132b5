import Files
import Foundation

#if canImport(Glibc)
  import Glibc
#else
  import Darwin
#endif

/// What the kernel has counted for one thread, and the watch for its process; meaningful as a difference of two.
package struct ThreadUsage: Codable, Equatable {
  /// Seconds on a processor.
  package var processor = 0.0
  /// Seconds ready to run while others had the processor; 0 where the kernel does not say.
  package var queued = 0.0
  /// Times that it was pushed off a processor.
  package var switches = 0
  /// Page faults, and those that had to read from a disk.
  package var faults = 0
  package var diskFaults = 0
  /// Seconds of the steps for which the whole process was stopped.
  package var stopped = 0.0

  package init() {}

  /// Of the thread that asks, which trains a rank.
  ///
  /// Where the threads that compute beside it are this rank's, the one that was held up most counts, because all wait for it.
  static func current(of rank: Rank) -> ThreadUsage {
    var usage = rusage()
    // RUSAGE_THREAD is hidden from C without GNU's extensions.
    _ = getrusage(__rusage_who_t(1), &usage)
    var found = ThreadUsage()
    found.processor = seconds(usage.ru_utime) + seconds(usage.ru_stime)
    found.switches = usage.ru_nivcsw
    found.faults = usage.ru_minflt
    found.diskFaults = usage.ru_majflt
    found.queued = queued(of: "/proc/thread-self")
    if rank.waitsByPolling { found.queued = max(found.queued, queuedOfLanes) }
    found.stopped = rank.pulse.secondsStopped
    return found
  }

  /// Of the thread named `lane N` that waited longest.
  private static var queuedOfLanes: Double {
    let threads = "/proc/self/task"
    return ((try? FileManager.default.contentsOfDirectory(atPath: threads)) ?? []).reduce(0) { most, thread in
      let name = FileManager.default.contents(atPath: "\(threads)/\(thread)/comm") ?? Data()
      return name.starts(with: Data("lane ".utf8)) ? max(most, queued(of: "\(threads)/\(thread)")) : most
    }
  }

  /// Nanoseconds run, nanoseconds queued, times run: of these the second, in seconds.
  private static func queued(of thread: String) -> Double {
    let text = FileManager.default.contents(atPath: "\(thread)/schedstat") ?? Data()
    let numbers = String(decoding: text, as: UTF8.self).split { $0.isWhitespace }
    return numbers.count == 3 ? (Double(numbers[1]) ?? 0) * 1e-9 : 0
  }

  private static func seconds(_ time: timeval) -> Double {
    Double(time.tv_sec) + Double(time.tv_usec) * 1e-6
  }

  package static func - (later: ThreadUsage, earlier: ThreadUsage) -> ThreadUsage {
    var difference = ThreadUsage()
    difference.processor = later.processor - earlier.processor
    difference.queued = later.queued - earlier.queued
    difference.switches = later.switches - earlier.switches
    difference.faults = later.faults - earlier.faults
    difference.diskFaults = later.diskFaults - earlier.diskFaults
    difference.stopped = later.stopped - earlier.stopped
    return difference
  }
}

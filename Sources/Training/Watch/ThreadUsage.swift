import Files
import Foundation

#if canImport(Glibc)
  import Glibc
#else
  import Darwin
#endif

/// What the kernel has counted for one thread; meaningful as a difference of two.
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

  package init() {}

  /// Of the thread that asks.
  package static var current: ThreadUsage {
    var usage = rusage()
    // RUSAGE_THREAD is hidden from C without GNU's extensions.
    _ = getrusage(__rusage_who_t(1), &usage)
    var found = ThreadUsage()
    found.processor = seconds(usage.ru_utime) + seconds(usage.ru_stime)
    found.switches = usage.ru_nivcsw
    found.faults = usage.ru_minflt
    found.diskFaults = usage.ru_majflt
    // Nanoseconds run, nanoseconds queued, times run.
    let text = FileManager.default.contents(atPath: "/proc/thread-self/schedstat")
    let numbers = String(decoding: text ?? Data(), as: UTF8.self).split(separator: " ")
    if numbers.count == 3 { found.queued = (Double(numbers[1]) ?? 0) * 1e-9 }
    return found
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
    return difference
  }
}

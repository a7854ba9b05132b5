import Glibc

/// The machine that a process runs on, as its kernel describes it.
public struct MachineFacts: Codable, Equatable, Sendable {
  public var host: String
  /// The operating system's own name, as in `Debian GNU/Linux 12 (bookworm)`.
  public var system: String
  /// Name, release and architecture, as in `Linux 6.1.0-18-amd64 x86_64`.
  public var kernel: String
  /// Model of the first processor; empty where the kernel does not tell.
  public var processor: String
  /// Logical processors that are online.
  public var processors: Int
  /// Those that this process may use.
  public var usableProcessors: Int
  public var memoryBytes: Int

  private enum CodingKeys: String, CodingKey {
    case host, system, kernel, processor, processors
    case usableProcessors = "usable_processors"
    case memoryBytes = "memory_bytes"
  }

  public init(
    host: String, system: String, kernel: String, processor: String, processors: Int, usableProcessors: Int,
    memoryBytes: Int
  ) {
    self.host = host
    self.system = system
    self.kernel = kernel
    self.processor = processor
    self.processors = processors
    self.usableProcessors = usableProcessors
    self.memoryBytes = memoryBytes
  }

  /// This machine, from `uname`, `/proc` and `/etc/os-release`; what cannot be read stays empty or 0.
  public static var current: MachineFacts {
    var names = utsname()
    uname(&names)
    let kernel = [text(names.sysname), text(names.release), text(names.machine)]
    return MachineFacts(
      host: text(names.nodename), system: systemName(in: file("/etc/os-release")),
      kernel: kernel.joined(separator: " "), processor: processorModel(in: file("/proc/cpuinfo")),
      processors: Int(sysconf(Int32(_SC_NPROCESSORS_ONLN))),
      usableProcessors: usableProcessors(in: file("/proc/self/status")),
      memoryBytes: memory(in: file("/proc/meminfo")))
  }

  /// The most memory that this process has had so far, in bytes: `VmHWM` of `/proc/self/status`; 0 where it cannot be read.
  public static var peakMemory: Int {
    (Int(value(of: "VmHWM", in: file("/proc/self/status")).prefix { $0.isNumber }) ?? 0) * 1024
  }

  /// `PRETTY_NAME` of an os-release file.
  public static func systemName(in text: String) -> String {
    let line = text.split(separator: "\n").first { $0.hasPrefix("PRETTY_NAME=") }
    return line.map { $0.dropFirst("PRETTY_NAME=".count).filter { $0 != "\"" && $0 != "'" } } ?? ""
  }

  /// The first `model name` of `/proc/cpuinfo`; ARM kernels have none.
  public static func processorModel(in text: String) -> String {
    value(of: "model name", in: text)
  }

  /// `MemTotal` of `/proc/meminfo` in bytes.
  public static func memory(in text: String) -> Int {
    (Int(value(of: "MemTotal", in: text).prefix { $0.isNumber }) ?? 0) * 1024
  }

  /// How many processors `Cpus_allowed_list` of `/proc/self/status` names, as in `0-3,8`.
  public static func usableProcessors(in text: String) -> Int {
    value(of: "Cpus_allowed_list", in: text).split(separator: ",").reduce(0) { count, range in
      let ends = range.split(separator: "-").compactMap { Int($0) }
      guard let first = ends.first, let last = ends.last, first <= last else { return count }
      return count + last - first + 1
    }
  }

  private static func value(of key: String, in text: String) -> String {
    for line in text.split(separator: "\n") {
      guard let colon = line.firstIndex(of: ":"), line.hasPrefix(key) else { continue }
      return line[line.index(after: colon)...].split(whereSeparator: \.isWhitespace).joined(separator: " ")
    }
    return ""
  }

  /// The file as text. Files of `/proc` have no size, so they are read until they end.
  private static func file(_ path: String) -> String {
    let file = open(path, O_RDONLY | O_CLOEXEC)
    guard file >= 0 else { return "" }
    defer { close(file) }
    var bytes: [UInt8] = []
    var part = [UInt8](repeating: 0, count: 1 << 16)
    while bytes.count < 1 << 20 {
      let count = read(file, &part, part.count)
      guard count > 0 else { break }
      bytes += part[..<count]
    }
    return String(decoding: bytes, as: UTF8.self)
  }

  private static func text<Characters>(_ characters: Characters) -> String {
    withUnsafeBytes(of: characters) { String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self) }
  }
}

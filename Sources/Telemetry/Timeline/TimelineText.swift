import Timelines

/// Renders the events of all ranks as Chrome's trace events (JSON), which https://ui.perfetto.dev opens: one process a rank,
/// in it a track for computation and one for communication.
public struct TimelineText {
  private let origin: Double
  private var isFirst = true
  public private(set) var bytes: [UInt8] = []

  /// - Parameter origin: the second of rank 0's clock that becomes 0.
  public init(origin: Double) {
    self.origin = origin
    bytes.append(ascii: "{\"displayTimeUnit\":\"ms\",\"traceEvents\":[")
  }

  /// Adds a rank.
  ///
  /// - Parameters:
  ///   - clock: how far its clock is ahead of rank 0's, in seconds.
  public mutating func append(rank: Int, host: String, clock: Double, _ events: [TimelineEvent]) {
    let name = "rank \(rank) (\(host))"
    metadata("process_name", rank, thread: 0, key: "name", name)
    metadata("process_sort_index", rank, thread: 0, key: "sort_index", rank)
    for (thread, name) in ["computation", "communication"].enumerated() {
      metadata("thread_name", rank, thread: thread, key: "name", name)
      metadata("thread_sort_index", rank, thread: thread, key: "sort_index", thread)
    }
    for event in events { append(event, rank, clock) }
  }

  /// Ends the text; nothing may be added after it.
  public mutating func end() { bytes.append(ascii: "\n]}\n") }

  private mutating func append(_ event: TimelineEvent, _ rank: Int, _ clock: Double) {
    begin()
    bytes.append(ascii: "{\"ph\":\"X\",\"name\":\"")
    bytes.append(contentsOf: event.activity.name.utf8)
    if event.number > 0 {
      bytes.append(ascii: " ")
      bytes.append(integer: Int(event.number))
    }
    bytes.append(ascii: "\",\"pid\":")
    bytes.append(integer: rank)
    bytes.append(ascii: event.activity.isCommunication ? ",\"tid\":1,\"ts\":" : ",\"tid\":0,\"ts\":")
    append(microseconds: event.start - clock - origin)
    bytes.append(ascii: ",\"dur\":")
    append(microseconds: max(0, event.end - event.start))
    bytes.append(ascii: ",\"args\":{")
    if event.step > 0 {
      bytes.append(ascii: "\"step\":")
      bytes.append(integer: Int(event.step))
      if event.bytes > 0 { bytes.append(ascii: ",") }
    }
    if event.bytes > 0 {
      bytes.append(ascii: "\"bytes\":")
      bytes.append(integer: Int(event.bytes))
    }
    bytes.append(ascii: "}}")
  }

  private mutating func metadata(_ name: String, _ rank: Int, thread: Int, key: String, _ value: String) {
    metadata(name, rank, thread: thread, key: key, json: quoted(value))
  }

  private mutating func metadata(_ name: String, _ rank: Int, thread: Int, key: String, _ value: Int) {
    metadata(name, rank, thread: thread, key: key, json: "\(value)")
  }

  private mutating func metadata(_ name: String, _ rank: Int, thread: Int, key: String, json: String) {
    begin()
    let event =
      "{\"ph\":\"M\",\"name\":\"\(name)\",\"pid\":\(rank),\"tid\":\(thread),\"args\":{\"\(key)\":\(json)}}"
    bytes.append(contentsOf: event.utf8)
  }

  private mutating func begin() {
    bytes.append(ascii: isFirst ? "\n" : ",\n")
    isFirst = false
  }

  /// With three decimals: nanoseconds.
  private mutating func append(microseconds seconds: Double) {
    let nanoseconds = Int((seconds * 1e9).rounded())
    if nanoseconds < 0 { bytes.append(UInt8(ascii: "-")) }
    bytes.append(integer: abs(nanoseconds) / 1000)
    bytes.append(UInt8(ascii: "."))
    bytes.append(integer: abs(nanoseconds) % 1000, digits: 3)
  }

  private func quoted(_ text: String) -> String {
    "\"\(printable(text).replacing("\\", with: "\\\\").replacing("\"", with: "\\\""))\""
  }
}

extension Activity {
  /// As the timeline shows it.
  fileprivate var name: String {
    switch self {
    case .data: "wait for data"
    case .forward: "forward"
    case .backward: "backward"
    case .wait: "wait for reduction"
    case .update: "update"
    case .audit: "audit"
    case .record: "records"
    case .evaluate: "evaluate"
    case .bucket: "bucket"
    case .factors: "factors"
    case .parameters: "parameters"
    case .totals: "loss and accuracy"
    case .collective: "collective"
    }
  }
}

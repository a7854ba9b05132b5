/// Where the members of a run directory are. Every rank has one; only the coordinator owns the directory.
public struct RunPaths: Equatable, Sendable {
  public let directory: String

  public init(_ directory: String) { self.directory = directory }

  /// The resolved configuration.
  public var configuration: String { member("config.yaml") }
  public var environment: String { member("environment.json") }
  public var status: String { member("status.json") }
  public var metrics: String { member("metrics.jsonl") }
  public var results: String { member("results.csv") }
  /// For node_exporter's textfile collector.
  public var prometheus: String { member("metrics.prom") }
  /// What the network made of the test set when it was last evaluated.
  public var evaluation: String { member("evaluation.json") }
  /// Where each rank's time went.
  public var ranks: String { member("ranks.json") }
  public var report: String { member("report.html") }
  public var tensorboard: String { member("tensorboard") }
  public var logs: String { member("logs") }
  public var heartbeats: String { member("heartbeats") }
  public var checkpoints: String { member("checkpoints") }
  /// Held while a job writes here.
  public var lock: String { member(".lock") }

  public func log(rank: Int) -> String { "\(logs)/rank-\(rank).log" }

  /// What a rank says about itself while it runs, for other ranks to read.
  public func heartbeat(rank: Int) -> String { "\(heartbeats)/rank-\(rank)" }

  private func member(_ name: String) -> String {
    directory.hasSuffix("/") ? directory + name : "\(directory)/\(name)"
  }
}

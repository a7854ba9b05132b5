/// How a run stands, as numbers that monitoring asks for at any time.
public struct LiveMetrics: Equatable, Sendable {
  public var state = RunStatus.State.running
  /// When this job began, in seconds since 1970-01-01 UTC.
  public var started = 0.0
  public var ranks = 0
  /// Updates since the run began, and the last that it is to do.
  public var step = 0
  public var steps = 0
  public var epoch = 0
  /// Training images that this job has seen.
  public var images = 0
  public var checkpoints = 0
  /// Of the last step.
  public var loss = Float.nan
  public var accuracy = Float.nan
  /// The last lines of metrics; none before the first.
  public var train: MetricsRecord?
  public var test: MetricsRecord?
  public var bestAccuracy: Double?

  public init() {}
}

/// Renders ``LiveMetrics`` in Prometheus' text format, version 0.0.4, always into the same buffer.
package struct PrometheusText {
  static let contentType = "text/plain; version=0.0.4; charset=utf-8"
  /// `{model="lenet",run="runs/lenet-1"` and `}`: on every sample, so that one machine's runs stay apart.
  private let labels: [UInt8]
  package private(set) var bytes: [UInt8] = []

  package init(model: String, run: String) {
    labels = Array("{model=\"\(Self.escaped(model))\",run=\"\(Self.escaped(run))\"".utf8)
    bytes.reserveCapacity(8192)
  }

  /// A label's value: backslash, quote and newline are written out.
  package static func escaped(_ text: String) -> String {
    text.reduce(into: "") { result, character in
      switch character {
      case "\\": result += "\\\\"
      case "\"": result += "\\\""
      case "\n": result += "\\n"
      default: result.append(character)
      }
    }
  }

  package mutating func render(_ metrics: LiveMetrics) {
    bytes.removeAll(keepingCapacity: true)
    counter("cnn_dist_steps_total", "Updates since the run began.", Double(metrics.step))
    counter("cnn_dist_images_total", "Training images seen by this job.", Double(metrics.images))
    counter("cnn_dist_checkpoints_total", "Checkpoints that this job has begun.", Double(metrics.checkpoints))
    gauge("cnn_dist_steps_planned", "The step at which the run ends.", Double(metrics.steps))
    gauge("cnn_dist_epoch", "The epoch that is under way, from 1.", Double(metrics.epoch))
    gauge("cnn_dist_ranks", "Ranks of the job.", Double(metrics.ranks))
    gauge("cnn_dist_start_time_seconds", "When this job began, since 1970.", metrics.started)

    begin("cnn_dist_loss", "Mean loss: of the last training step, and of the last test.", "gauge")
    sample("cnn_dist_loss", "split", "train", Double(metrics.loss))
    if let test = metrics.test { sample("cnn_dist_loss", "split", "test", Double(test.loss)) }
    begin(
      "cnn_dist_accuracy", "Share classified right: of the last training step, and of the last test.", "gauge"
    )
    sample("cnn_dist_accuracy", "split", "train", Double(metrics.accuracy))
    if let test = metrics.test { sample("cnn_dist_accuracy", "split", "test", Double(test.accuracy)) }
    if let best = metrics.bestAccuracy {
      gauge("cnn_dist_best_accuracy", "Best test accuracy so far.", best)
    }
    if let train = metrics.train { render(train) }

    begin("cnn_dist_state", "1 for the state that the run is in.", "gauge")
    for (name, state) in Self.states {
      sample("cnn_dist_state", "state", name, metrics.state == state ? 1 : 0)
    }
  }

  private static let states: [(StaticString, RunStatus.State)] = [
    ("running", .running), ("completed", .completed), ("stopped", .stopped), ("failed", .failed),
  ]

  /// Numbers of the last line of metrics: means over the steps since the line before, and over the ranks.
  private mutating func render(_ train: MetricsRecord) {
    if let rate = train.learningRate { gauge("cnn_dist_learning_rate", "Learning rate.", Double(rate)) }
    if let norm = train.gradientNorm {
      gauge("cnn_dist_gradient_norm", "Euclidean norm of the whole gradient, before clipping.", Double(norm))
    }
    gauge(
      "cnn_dist_images_per_second", "Training images a second over all ranks.", Double(train.imagesPerSecond))
    guard let phases = train.phases else { return }
    begin(
      "cnn_dist_step_seconds", "Where a step's time goes; wait is for the slowest rank, and may be hidden.",
      "gauge")
    sample("cnn_dist_step_seconds", "phase", "data", Double(phases.data))
    sample("cnn_dist_step_seconds", "phase", "compute", Double(phases.compute))
    sample("cnn_dist_step_seconds", "phase", "exposed_comm", Double(phases.exposedCommunication))
    sample("cnn_dist_step_seconds", "phase", "wait", Double(phases.wait))
  }

  // MARK: Lines

  private mutating func counter(_ name: StaticString, _ help: StaticString, _ value: Double) {
    begin(name, help, "counter")
    sample(name, value)
  }

  private mutating func gauge(_ name: StaticString, _ help: StaticString, _ value: Double) {
    begin(name, help, "gauge")
    sample(name, value)
  }

  private mutating func begin(_ name: StaticString, _ help: StaticString, _ type: StaticString) {
    bytes.append(ascii: "# HELP ")
    bytes.append(ascii: name)
    bytes.append(ascii: " ")
    bytes.append(ascii: help)
    bytes.append(ascii: "\n# TYPE ")
    bytes.append(ascii: name)
    bytes.append(ascii: " ")
    bytes.append(ascii: type)
    bytes.append(ascii: "\n")
  }

  private mutating func sample(_ name: StaticString, _ value: Double) {
    bytes.append(ascii: name)
    bytes.append(contentsOf: labels)
    end(value)
  }

  private mutating func sample(
    _ name: StaticString, _ label: StaticString, _ labelValue: StaticString, _ value: Double
  ) {
    bytes.append(ascii: name)
    bytes.append(contentsOf: labels)
    bytes.append(ascii: ",")
    bytes.append(ascii: label)
    bytes.append(ascii: "=\"")
    bytes.append(ascii: labelValue)
    bytes.append(ascii: "\"")
    end(value)
  }

  /// Prometheus' words for what is not finite are Go's.
  private mutating func end(_ value: Double) {
    bytes.append(ascii: "} ")
    if value.isNaN {
      bytes.append(ascii: "NaN")
    } else if value.isInfinite {
      bytes.append(ascii: value < 0 ? "-Inf" : "+Inf")
    } else {
      bytes.append(contentsOf: value.description.utf8)
    }
    bytes.append(ascii: "\n")
  }
}

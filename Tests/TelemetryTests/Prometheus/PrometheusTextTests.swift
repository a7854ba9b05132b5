import Telemetry
import Testing

@Suite struct PrometheusTextTests {
  private func text(_ metrics: LiveMetrics, run: String = "runs/lenet-1") -> [String] {
    var page = PrometheusText(model: "lenet", run: run)
    page.render(metrics)
    let text = String(decoding: page.bytes, as: UTF8.self)
    #expect(text.hasSuffix("\n"))
    return text.split(separator: "\n").map(String.init)
  }

  @Test func countersAndGauges() {
    var metrics = LiveMetrics()
    (metrics.step, metrics.loss, metrics.accuracy) = (12, 0.5, .infinity)
    metrics.train = MetricsWriterTests.train(12)
    let lines = text(metrics)
    let labels = "model=\"lenet\",run=\"runs/lenet-1\""
    #expect(
      lines.prefix(3) == [
        "# HELP cnn_dist_steps_total Updates since the run began.", "# TYPE cnn_dist_steps_total counter",
        "cnn_dist_steps_total{\(labels)} 12.0",
      ])
    #expect(lines.contains("cnn_dist_loss{\(labels),split=\"train\"} 0.5"))
    #expect(lines.contains("cnn_dist_accuracy{\(labels),split=\"train\"} +Inf"))
    #expect(lines.contains("cnn_dist_step_seconds{\(labels),phase=\"exposed_comm\"} 0.0020000000949949026"))
    #expect(lines.contains("cnn_dist_state{\(labels),state=\"running\"} 1.0"))
    // What is not known yet is left out, and what never was a number says so.
    #expect(!lines.contains { $0.contains("best_accuracy") || $0.contains("split=\"test\"") })
    #expect(text(LiveMetrics()).contains("cnn_dist_loss{\(labels),split=\"train\"} NaN"))
  }

  @Test func aSecondRenderingReplacesTheFirst() {
    var page = PrometheusText(model: "lenet", run: "r")
    page.render(LiveMetrics())
    let first = page.bytes
    page.render(LiveMetrics())
    #expect(page.bytes == first)
  }

  @Test func labelsAreEscaped() {
    #expect(PrometheusText.escaped("a\\b\"c\nd") == "a\\\\b\\\"c\\nd")
    #expect(text(LiveMetrics(), run: "r\"}\n").contains { $0.contains("run=\"r\\\"}\\n\"}") })
  }
}

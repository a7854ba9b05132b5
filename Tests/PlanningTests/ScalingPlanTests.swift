import Foundation
import Testing

import Planning

@Suite struct ScalingPlanTests {
  private static let fast = Link(latency: 0, secondsPerByte: 0)

  /// A network of which an image takes a second, and a step 2 s besides.
  private func profile(ranks: Int, images: Int, slower: Double = 1) -> StepProfile {
    StepProfile(
      ranks: ranks, images: images, data: 0, forward: Double(images) / 4, backward: Double(images) * 3 / 4,
      update: 2, moments: [], deviation: 0, bytes: 1e6 * Double(images)
    ).slowed(by: slower)
  }

  private func measurement(
    measured: ClosedRange<Int> = 1...64, together: Int = 1, ranksPerNode: Int = 1, processors: Int = 1,
    network: Link = fast
  ) -> ScalingMeasurement {
    let points = [1, 2, 4, 8, 16, 32, 64].map { ranks in
      let known = measured.contains(ranks)
      return ScalingMeasurement.Point(
        ranks: ranks, images: 64 / ranks, batch: 64, steps: 100, bytes: 1e6 * Double(64 / ranks),
        alone: known ? profile(ranks: ranks, images: 64 / ranks) : nil,
        together: known && together > 1 ? profile(ranks: ranks, images: 64 / ranks, slower: 1.2) : nil)
    }
    return ScalingMeasurement(
      points: points, together: together, measuredOn: NodeProcessors(count: processors, threads: 1),
      processors: NodeProcessors(count: processors, threads: 1),
      cluster: Cluster(
        ranksPerNode: ranksPerNode, local: Self.fast, network: network, secondsPerAddedByte: 0),
      disturbance: 0, baseBytes: 5e6, coordinatorBytes: 0, evaluatedImages: 640)
  }

  /// 64 / R + 2 s a step.
  @Test func stepsOfARankWithAPartOfTheBatch() {
    let rows = ScalingPlan(measurement()).rows
    #expect(rows.map(\.stepSeconds) == [66, 34, 18, 10, 6, 4, 3])
    #expect(rows.map(\.imagesPerRank) == [64, 32, 16, 8, 4, 2, 1])
    #expect(rows[3].imagesPerSecond == 6.4 && abs(rows[3].efficiency - 66.0 / 80) < 1e-12)
    #expect(rows[3].bytesPerRank == 13e6)
    // A quarter of a second an image and rank to test.
    #expect(rows[3].secondsToEnd == 1000 + 640 / 8 / 4)
  }

  /// What the real job of four ranks took longer is what it will take, and larger ones too.
  @Test func whatNothingExplainsIsAdded() {
    var measurement = measurement()
    measurement.excess = .init(ranks: 4, seconds: 3)
    let rows = ScalingPlan(measurement).rows
    #expect(rows.map(\.stepSeconds) == [66, 34, 21, 13, 9, 7, 6])
    #expect(rows[2].step.excess == 3)
    // Computation is not taken back.
    measurement.excess = .init(ranks: 4, seconds: -3)
    #expect(ScalingPlan(measurement).rows.map(\.stepSeconds) == [66, 34, 18, 10, 6, 4, 3])
  }

  @Test func whereMoreRanksStopPaying() {
    let plan = ScalingPlan(measurement())
    // 6 s to 4 s is 1.5 times, 4 s to 3 s 1.33 times.
    #expect(plan.payingRanks == 64)
    #expect(plan.halfEfficientRanks == 32, "66 / (32 x 4) is just above a half")
    // A second a level and rank.
    let slow = ScalingPlan(
      ScalingMeasurement(
        points: measurement().points.map { point in
          var point = point
          point.alone?.moments = [.init(0, .bucket(bytes: 4000)), .init(0, .bucket(bytes: 4000))]
          return point
        },
        together: 1, measuredOn: NodeProcessors(count: 1, threads: 1),
        processors: NodeProcessors(count: 1, threads: 1),
        cluster: Cluster(
          ranksPerNode: 1, local: Self.fast, network: Link(latency: 2, secondsPerByte: 0),
          secondsPerAddedByte: 0),
        disturbance: 0, baseBytes: 0, coordinatorBytes: 0, evaluatedImages: 0))
    #expect(slow.payingRanks < 64 && slow.halfEfficientRanks < 32)
  }

  @Test func whatWasNotMeasuredIsExtrapolated() {
    let rows = ScalingPlan(measurement(measured: 8...64)).rows
    #expect(rows.map(\.isMeasured) == [false, false, false, true, true, true, true])
    #expect(rows.map(\.stepSeconds) == [66, 34, 18, 10, 6, 4, 3])
    #expect(rows[0].bytesPerRank == 69e6)
  }

  /// A fifth slower with two ranks on a node; with four on two processors, twice that.
  @Test func ranksOfANodeSlowEachOther() {
    let two = ScalingPlan(measurement(together: 2, ranksPerNode: 2, processors: 2)).rows
    #expect(two[0].stepSeconds == 66 && abs(two[1].stepSeconds - 34 * 1.2) < 1e-9)
    let four = ScalingPlan(measurement(together: 2, ranksPerNode: 4, processors: 2)).rows
    #expect(abs(four[1].stepSeconds - 34 * 1.2) < 1e-9)
    #expect(abs(four[2].stepSeconds - 18 * 1.2 * 2) < 1e-9)
    #expect(four.map(\.nodes) == [1, 1, 1, 2, 4, 8, 16])
  }

  /// Measured with two ranks on one processor, where each took twice as long.
  @Test func otherNodesThanTheOneThatMeasured() {
    var measurement = measurement(together: 2, ranksPerNode: 2, processors: 1)
    measurement.processors.count = 2
    let rows = ScalingPlan(measurement).rows
    #expect(rows[0].stepSeconds == 66 && abs(rows[1].stepSeconds - 17 * 1.2) < 1e-9)
  }

  /// Three of four ranks a node: a third of the way from one to four is each.
  @Test func betweenOneRankAndAllLiesALine() {
    let rows = ScalingPlan(measurement(together: 4, ranksPerNode: 4, processors: 4)).rows
    #expect(abs(rows[1].stepSeconds - 34 * (1 + 0.2 / 3)) < 1e-9)
    #expect(abs(rows[2].stepSeconds - 18 * 1.2) < 1e-9)
  }

  /// What one command printed, the next reads.
  @Test func measurementsSurviveJSON() throws {
    var measurement = measurement(together: 2)
    measurement.points[0].alone?.moments = [
      .init(1, .bucket(bytes: 2)), .init(2, .factors(layer: 3, bytes: 4)), .init(5, .wait(layer: 6)),
    ]
    let (encoder, decoder) = (JSONEncoder(), JSONDecoder())
    encoder.keyEncodingStrategy = .convertToSnakeCase
    decoder.keyDecodingStrategy = .convertFromSnakeCase
    #expect(try decoder.decode(ScalingMeasurement.self, from: encoder.encode(measurement)) == measurement)
  }
}

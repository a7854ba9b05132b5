import Testing

import Planning

/// Steps whose communication costs round numbers of seconds.
@Suite struct StepEstimateTests {
  /// A second a megabyte and level, no latency.
  private let cluster = Cluster(
    ranksPerNode: 1, local: Link(latency: 0, secondsPerByte: 0),
    network: Link(latency: 0, secondsPerByte: 1e-6),
    secondsPerAddedByte: 0)

  private func profile(_ moments: [StepProfile.Moment], deviation: Double = 0) -> StepProfile {
    StepProfile(
      ranks: 2, images: 8, data: 0.5, forward: 2, backward: 10, update: 1.5, moments: moments,
      deviation: deviation,
      bytes: 0)
  }
  /// The sums of loss and accuracy, 56 bytes.
  private let totals = 56e-6
  private let exact = 1e-9

  @Test func oneRankOnlyComputes() {
    let estimate = StepEstimate(
      profile([.init(10, .bucket(bytes: 5e6))], deviation: 3), on: cluster, ranks: 1, disturbance: 1)
    #expect(estimate.seconds == 14)
    #expect(estimate.exposed == 0 && estimate.hidden == 0 && estimate.straggling == 0)
  }

  /// Ready at 4 s and 5 s, 3 s each, one after the other: done at 10 s, when backward is.
  @Test func whatBackwardCoversIsHidden() {
    let moments: [StepProfile.Moment] = [.init(4, .bucket(bytes: 3e6)), .init(5, .bucket(bytes: 3e6))]
    let estimate = StepEstimate(profile(moments), on: cluster, ranks: 2, disturbance: 0)
    #expect(abs(estimate.exposed) < exact)
    #expect(abs(estimate.hidden - 6 - totals) < exact)
    #expect(abs(estimate.seconds - 14) < exact)
    let disturbed = StepEstimate(profile(moments), on: cluster, ranks: 2, disturbance: 0.25)
    #expect(abs(disturbed.seconds - 14 - 0.25 * (6 + totals)) < exact)
  }

  /// Ready at 4 s and at the end, 3 s each: the last is exposed, the first is not.
  @Test func theLastBucketIsExposed() {
    let moments: [StepProfile.Moment] = [.init(4, .bucket(bytes: 3e6)), .init(10, .bucket(bytes: 3e6))]
    let estimate = StepEstimate(profile(moments), on: cluster, ranks: 2, disturbance: 0)
    #expect(abs(estimate.exposed - 3) < exact)
    #expect(abs(estimate.seconds - 17) < exact)
  }

  /// Communication is busy from 1 s to 9 s: factors that are there at 2 s are everybody's at 11 s, when backward, which wanted
  /// them at 6 s, goes on for 4 s.
  @Test func backwardWaitsForFactors() {
    let moments: [StepProfile.Moment] = [
      .init(1, .bucket(bytes: 8e6)), .init(2, .factors(layer: 0, bytes: 2e6)), .init(6, .wait(layer: 0)),
    ]
    let estimate = StepEstimate(profile(moments), on: cluster, ranks: 2, disturbance: 0)
    #expect(abs(estimate.exposed - 5) < exact)
    #expect(abs(estimate.seconds - 19) < exact)
  }

  /// The quantile of 1.625 / 2.25 is 0.5895.
  @Test func theSlowestOfTwoIsWaitedFor() {
    let estimate = StepEstimate(profile([], deviation: 2), on: cluster, ranks: 2, disturbance: 0)
    #expect(abs(estimate.straggling - 2 * 0.5895) < 1e-3)
  }
}

import Kernels
import Layers
import Tensors
import Threads

/// Whole steps of one rank without data and without reduction: forward, loss, backward, the gradient's norm and a caller's update.
public struct StepBenchmark: Sendable, Codable {
  public let batch: Int
  /// Seconds of every measured step.
  public let steps: [Double]
  public var median: Double { Benchmarks.median(steps) }

  /// - Parameters:
  ///   - shards: into how many shards the batch is cut: a power of two, which the threads divide where there are several.
  ///   - rounds: measured after two that warm up.
  ///   - team: the threads that compute.
  ///   - makeUpdate: gets the network and returns what turns its gradients into new parameters, given the step from 1.
  public init(
    _ graph: Graph, batch: Int, shards: Int = 1, rounds: Int, kernels: any KernelSet.Type, team: ThreadTeam,
    makeUpdate: (Network) -> (_ step: Int) -> Void
  ) {
    precondition(batch > 0 && rounds > 0, "there is something to measure")
    let network = Network(
      graph, capacity: batch, training: true, kernels: kernels, shards: shards, team: team, ranks: 1)
    network.initialize(.he, seed: 1)
    let update = makeUpdate(network)
    let pixels = FloatBuffer(count: batch * graph.input.shape.count)
    pixels.randomize(seed: 1)
    defer { withExtendedLifetime(pixels) {} }
    let images = TensorView(pixels.base, batch: batch, shape: graph.input.shape)
    let labels = (0..<batch).map { UInt8($0 % graph.output.shape.count) }
    self.batch = batch
    steps = labels.withUnsafeBufferPointer { labels in
      guard let base = labels.baseAddress else { return [] }
      var times: [Double] = []
      for round in 0..<rounds + 2 {
        var watch = Stopwatch()
        let samples = SampleKeys(
          seed: 1, step: round + 1, firstPosition: 0, shards: Shards(of: batch, in: shards))
        let logits = network.forward(images, mode: .training, samples: samples)
        _ = network.loss(logits, targets: LossTargets(labels: base), scale: 1 / Float(batch))
        network.backward(images, samples: samples)
        precondition(network.sumOfGradientSquares().isFinite, "random images have a gradient")
        update(round + 1)
        if round > 1 { times.append(watch.lap()) }
      }
      return times
    }
  }
}

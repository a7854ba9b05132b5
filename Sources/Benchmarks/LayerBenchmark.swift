import Kernels
import Layers
import Tensors

/// Where the time of a training step goes, operator by operator.
public struct LayerBenchmark: Sendable {
  public struct Row: Sendable, Codable {
    /// The layer's place in the network.
    public let name: String
    /// What runs: after fusion, an operator may stand for two layers.
    public let kind: String
    public let algorithm: String
    public let output: String
    /// Seconds for the batch.
    public let forward: Double
    public let backward: Double
    /// Floating-point operations for the batch, counted by the layer's formula whatever the algorithm.
    public let forwardOperations: Double
    public let backwardOperations: Double
  }

  public let batch: Int
  public let rows: [Row]
  /// Seconds of softmax and cross-entropy.
  public let loss: Double

  /// Runs forward and backward on random images, one operator after the other on one thread; of those that run shard by shard,
  /// times are added up.
  ///
  /// - Parameters:
  ///   - shards: into how many shards the batch is cut, a power of two.
  ///   - rounds: measured after one that warms up; each number is the median.
  public init(_ graph: Graph, batch: Int, shards: Int = 1, rounds: Int, kernels: any KernelSet.Type) {
    precondition(batch > 0 && rounds > 0, "there is something to measure")
    let network = Network(graph, capacity: batch, training: true, kernels: kernels, shards: shards)
    network.initialize(.he, seed: 1)
    let pixels = FloatBuffer(count: batch * graph.input.shape.count)
    pixels.randomize(seed: 1)
    defer { withExtendedLifetime(pixels) {} }
    let images = TensorView(pixels.base, batch: batch, shape: graph.input.shape)
    let labels = (0..<batch).map { UInt8($0 % graph.output.shape.count) }
    let samples = SampleKeys(seed: 1, step: 1, firstPosition: 0, shards: Shards(of: batch, in: shards))

    let operators = graph.nodes.count
    var forward = [[Double]](repeating: [], count: operators)
    var backward = forward
    var losses: [Double] = []
    for round in 0...rounds {
      var times = [Double](repeating: 0, count: operators)
      var watch = Stopwatch()
      let logits = network.forward(images, samples: samples) { times[$0] += watch.lap() }
      if round > 0 { for (index, time) in times.enumerated() { forward[index].append(time) } }
      times = [Double](repeating: 0, count: operators)
      _ = watch.lap()
      labels.withUnsafeBufferPointer { labels in
        guard let base = labels.baseAddress else { return }
        _ = network.loss(logits, targets: LossTargets(labels: base), scale: 1 / Float(batch))
      }
      losses.append(watch.lap())
      network.backward(images, samples: samples) { times[$0] += watch.lap() }
      // The last sums of shards.
      times[0] += watch.lap()
      if round > 0 { for (index, time) in times.enumerated() { backward[index].append(time) } }
    }

    self.batch = batch
    loss = median(Array(losses.dropFirst()))
    rows = graph.nodes.enumerated().map { index, node in
      let operations = 2 * Double(batch * node.op.products)
      // The first layer's input wants no gradient.
      let gradients = node.input.storage == graph.input.storage ? 1.0 : 2.0
      return Row(
        name: node.name, kind: Self.kind(of: node.op), algorithm: node.op.algorithm(kernels),
        output: "\(node.output.shape)", forward: median(forward[index]), backward: median(backward[index]),
        forwardOperations: operations, backwardOperations: operations * gradients)
    }
  }

  /// `Convolution` for a `ConvolutionOperator`.
  private static func kind(of op: any Operator) -> String {
    String("\(type(of: op))".dropLast("Operator".count))
  }
}

import Kernels
import Layers
import Tensors
import Testing

/// Operators that the plan leaves out, and those that it must not; that the numbers stay right is the goldens' business.
@Suite struct GraphPassesTests {
  private static let image = Shape(height: 4, width: 4, channels: 3)

  private func operators(@LayerBuilder _ layers: () -> [any Layer]) throws -> Int {
    try Graph(Sequential(layers), input: Self.image).operatorCount
  }

  @Test func activationsAreFusedAndBranchesWriteInPlace() throws {
    let inception = Concat(
      "Inception",
      [
        [Conv2D(2, kernel: 1), ReLU()],
        [Conv2D(2, kernel: 1), ReLU(), Conv2D(3, kernel: 3, padding: 1), ReLU()],
        [MaxPool(3, stride: 1, padding: 1), Conv2D(1, kernel: 1), ReLU()],
      ])
    // Four convolutions and the pooling; no ReLU and no copy is left.
    #expect(try operators { inception } == 5)
    // Also where the block's result is forked again.
    #expect(
      try operators {
        inception
        inception
      } == 10)
  }

  @Test func linearLayersNormalisationsAndSumsTakeTheirReLU() throws {
    #expect(
      try operators {
        Flatten()
        Linear(4)
        ReLU()
        Linear(2)
      } == 2)
    let block = Residual {
      Conv2D(3, kernel: 3, padding: 1)
      BatchNorm()
      ReLU()
      Conv2D(3, kernel: 3, padding: 1)
      BatchNorm()
    } shortcut: {
    } after: {
      ReLU()
    }
    #expect(try operators { block } == 5)
  }

  @Test func denseLayersShareOneImage() throws {
    // Behind a convolution the input's copy goes too; without one, the batch itself is copied once.
    #expect(try operators { DenseBlock(convolutions: 3, growth: 2) } == 1 + 3 * 2)
    #expect(
      try operators {
        Conv2D(4, kernel: 1)
        ReLU()
        DenseBlock(convolutions: 3, growth: 2)
        BatchNorm()
        ReLU()
      } == 1 + 3 * 2 + 1)
  }

  /// A second ReLU has nothing to be fused into, and other activations are operators of their own.
  @Test func otherActivationsStay() throws {
    #expect(
      try operators {
        Conv2D(2, kernel: 1)
        ReLU()
        ReLU()
        Sigmoid()
        ReLU()
      } == 4)
    #expect(
      try operators {
        MaxPool(2)
        ReLU()
      } == 2)
  }

  /// The largest of ReLU's results is ReLU of the largest.
  @Test func aMaximumIsActivatedBehindItsPooling() throws {
    let graph = try Graph(
      Sequential {
        Conv2D(2, kernel: 1)
        ReLU()
        MaxPool(2)
      }, input: Shape(height: 4, width: 4, channels: 1))
    #expect(graph.nodes.map { $0.op.keeps } == [.input, []], "nobody needs the image between them")
    #expect((graph.nodes[1].op as? MaxPoolOperator)?.activation == .relu)
    // Where somebody else reads the activated image, it stays.
    let forked = try Graph(
      Sequential {
        Conv2D(2, kernel: 1)
        ReLU()
        Concat("Fork", [[MaxPool(1)], [Conv2D(1, kernel: 1)]])
      }, input: Shape(height: 4, width: 4, channels: 1))
    #expect(forked.nodes[0].op.keeps == [.input, .output])
  }

  /// Where a convolution does the backward of the ReLU in front of it, that one's result is kept for no other reason.
  @Test func aConvolutionGatesTheGradientOfItsInput() throws {
    let graph = try Graph(
      Sequential {
        Conv2D(2, kernel: 1)
        ReLU()
        Conv2D(2, kernel: 1)
        ReLU()
        Flatten()
      }, input: Shape(height: 4, width: 4, channels: 1))
    #expect(graph.nodes.map { $0.op.keeps } == [.input, [.input, .output]])
  }

  /// The first of the readers of several branches' results completes their gradient, and does the backward of all their ReLUs.
  @Test func aConvolutionGatesTheGradientOfForkedBranches() throws {
    func branches(_ readers: [[any Layer]]) throws -> [Kept] {
      try Graph(
        Sequential {
          Concat("Branches", [[Conv2D(2, kernel: 1), ReLU()], [Conv2D(3, kernel: 1), ReLU()]])
          Concat("Readers", readers)
        }, input: Shape(height: 4, width: 4, channels: 1)
      ).nodes.prefix(2).map { $0.op.keeps }
    }
    let (convolution, pooling) = (Conv2D(1, kernel: 1), MaxPool(3, stride: 1, padding: 1))
    #expect(try branches([[convolution], [pooling]]) == [.input, .input])
    // What comes last in backward must know how.
    #expect(try branches([[pooling], [convolution]]) == [[.input, .output], [.input, .output]])
    // One branch has no ReLU.
    let mixed = try Graph(
      Sequential {
        Concat("Branches", [[Conv2D(2, kernel: 1), ReLU()], [Conv2D(3, kernel: 1)]])
        Conv2D(1, kernel: 1)
      }, input: Shape(height: 4, width: 4, channels: 1))
    #expect(mixed.nodes[0].op.keeps == [.input, .output])
  }

  /// All channels of a concatenation are activated behind its pooling, or none.
  @Test func aMaximumOfBranchesIsActivatedBehindItsPooling() throws {
    func pooled(@LayerBuilder _ layers: () -> [any Layer]) throws -> (pooling: Activation?, keeps: [Kept]) {
      let graph = try Graph(
        Sequential {
          layers()
          MaxPool(2)
        }, input: Self.image)
      return ((graph.nodes.last?.op as? MaxPoolOperator)?.activation, graph.nodes.dropLast().map(\.op.keeps))
    }
    let (plain, activated): ([any Layer], [any Layer]) = (
      [Conv2D(2, kernel: 1)], [Conv2D(3, kernel: 1), ReLU()]
    )
    let branches = try pooled { Concat("Branches", [activated, activated]) }
    #expect(branches.pooling == .relu && branches.keeps == [.input, .input])
    let mixed = try pooled { Concat("Branches", [activated, plain]) }
    #expect(mixed.pooling == .identity && mixed.keeps == [[.input, .output], .input])
    // A sum's ReLU is another than that of what it adds to.
    let sum = try pooled {
      Conv2D(3, kernel: 1)
      Residual {
        BatchNorm()
        ReLU()
      } shortcut: {
      } after: {
        ReLU()
      }
    }
    #expect(sum.pooling == .identity && sum.keeps.last == .output)
  }

  /// What begins a network of grey images: each is one operator, whatever the function and the pooling.
  @Test func aConvolutionOfTheBatchTakesItsFunctionAndItsPooling() throws {
    let functions: [any Layer] = [ReLU(), Sigmoid(), Tanh()]
    let poolings: [any Layer] = [AveragePool(2), MaxPool(2)]
    for pooling in poolings {
      for function in functions { #expect(try grey { [Conv2D(6, kernel: 5), function, pooling] } == 1) }
      #expect(try grey { [Conv2D(6, kernel: 3, padding: 1), pooling] } == 1)
    }
    let graph = try Graph(
      Sequential {
        Conv2D(6, kernel: 5)
        Sigmoid()
        AveragePool(2)
        Conv2D(3, kernel: 5)
      }, input: Shape(height: 28, width: 28, channels: 1))
    #expect(graph.nodes.map(\.name) == ["0", "3"])
    #expect(graph.modules.map(\.kind) == ["Sequential", "Conv2d", "Sigmoid", "AvgPool2d", "Conv2d"])
  }

  @Test func otherConvolutionsKeepTheirFunctionAndTheirPooling() throws {
    // Other windows, several channels, and more outputs than planes are made for.
    #expect(try grey { [Conv2D(6, kernel: 5), Sigmoid(), AveragePool(3, stride: 2)] } == 3)
    #expect(try grey { [Conv2D(6, kernel: 5), Sigmoid(), MaxPool(2, stride: 2, padding: 1)] } == 3)
    #expect(try grey { [Conv2D(6, kernel: 5, stride: 2), Sigmoid(), MaxPool(2)] } == 3)
    #expect(try grey { [Conv2D(65, kernel: 5), Sigmoid(), MaxPool(2)] } == 3)
    #expect(try operators { [Conv2D(6, kernel: 3), Sigmoid(), MaxPool(2)] } == 3)
    // Two functions, or something else in between.
    #expect(try grey { [Conv2D(6, kernel: 5), ReLU(), Sigmoid(), MaxPool(2)] } == 3)
    #expect(try grey { [Conv2D(6, kernel: 5), Dropout(0.5), MaxPool(2)] } == 3)
    // Not the batch itself, whose gradient nobody needs.
    #expect(try grey { [Conv2D(1, kernel: 5), Conv2D(6, kernel: 5), Sigmoid(), MaxPool(2)] } == 4)
    // Somebody else reads what the convolution or its function writes, or adds to it.
    let forked = try grey { [Conv2D(6, kernel: 5), Concat("Fork", [[MaxPool(2)], [AveragePool(2)]])] }
    #expect(forked == 1 + 2 * 2)
    let summed = try grey {
      [
        Residual {
          Conv2D(6, kernel: 5)
        } shortcut: {
          Conv2D(6, kernel: 5)
        } after: {
          MaxPool(2)
        }
      ]
    }
    #expect(summed == 4)
  }

  private func grey(_ layers: () -> [any Layer]) throws -> Int {
    try Graph(Sequential(layers), input: Shape(height: 28, width: 28, channels: 1)).operatorCount
  }

  /// The convolution's own result is needed beside its ReLU.
  @Test func aReLUOfAForkedValueStays() throws {
    #expect(
      try operators {
        Conv2D(2, kernel: 1)
        Concat("Fork", [[ReLU()], [Conv2D(1, kernel: 1)]])
      } == 1 + 1 + 1 + 1)
  }

  /// Pooling cannot write slices, and what others read too must lie whole somewhere.
  @Test func copiesThatAreNeededStay() throws {
    #expect(
      try operators { Concat("Pools", [[MaxPool(2)], [AveragePool(2)]]) } == 4)
    #expect(
      try operators {
        Conv2D(2, kernel: 1)
        Concat("Dense", [[], [Conv2D(2, kernel: 1)]])
      } == 3)
  }
}

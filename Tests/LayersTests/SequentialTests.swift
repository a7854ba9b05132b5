import Layers
import Tensors
import Testing

@Suite struct SequentialTests {
  private let image = Shape(height: 8, width: 8, channels: 1)

  @Test func theBuilderKeepsEveryLayerInOrder() {
    func model(deep: Bool) -> Sequential {
      Sequential {
        if deep { Conv2D(2, kernel: 3) }
        for width in [3, 4] {
          Conv2D(width, kernel: 1)
          ReLU()
        }
        if deep { Tanh() } else { Sigmoid() }
      }
    }
    #expect(
      model(deep: true).layers.map(\.kind) == ["Conv2d", "Conv2d", "ReLU", "Conv2d", "ReLU", "Tanh"])
    #expect(model(deep: false).layers.map(\.kind) == ["Conv2d", "ReLU", "Conv2d", "ReLU", "Sigmoid"])
  }

  @Test func shapesAreInferred() throws {
    let model = Sequential {
      Conv2D(6, kernel: 5, padding: 2)
      MaxPool(3, stride: 2)
      Flatten()
      Linear(10)
    }
    #expect(try model.outputShape(for: image) == .vector(10))
    let graph = try Graph(model, input: image)
    #expect(graph.parameters.map(\.name) == ["0.weight", "0.bias", "3.weight", "3.bias"])
    #expect(graph.parameters[2].layout.torchShape == [10, 54])
    #expect(graph.parameters[2].fanIn == 54)
  }

  @Test func errorsNameTheLayerAndBothShapes() {
    let unflattened = Sequential {
      Conv2D(6, kernel: 5)
      Linear(10)
    }
    let error = #expect(throws: ShapeError.self) { try unflattened.outputShape(for: image) }
    #expect(error?.description == "Linear 1 expects a vector (Flatten() makes one), found 6x4x4")
    let tooLarge = Sequential { Conv2D(6, kernel: 11, padding: 1) }
    let second = #expect(throws: ShapeError.self) { try Graph(tooLarge, input: image) }
    #expect(
      second?.description == "Conv2d 0 expects an image of at least 11x11 (with padding 1), found 1x8x8")
  }

  @Test func slotsStartOnCacheLinesAndNeverOverlap() throws {
    let graph = try Graph(
      Sequential {
        Conv2D(3, kernel: 3)
        Flatten()
        Linear(7)
      }, input: image)
    var end = 0
    for parameter in graph.parameters {
      #expect(parameter.slot.offset >= end && parameter.slot.offset % FloatBuffer.alignment == 0)
      end = parameter.slot.offset + parameter.slot.count
    }
  }
}

import Datasets
import Kernels
import Layers
import Models
import Testing
import Training

@Suite struct BatchPieceTests {
  /// Every sample is in exactly one piece, in order; pieces fit into what is planned for them.
  @Test(arguments: [(25, 1), (25, 3), (25, 25), (3, 5), (1, 4), (0, 3), (64, 7)])
  func piecesCoverABatch(count: Int, pieces: Int) {
    let ranges = (0..<pieces).map { Batch.pieceRange($0, of: pieces, count: count) }
    #expect(ranges.flatMap { Array($0) } == Array(0..<count))
    #expect(ranges.allSatisfy { $0.count <= Batch.pieceCapacity(count, pieces: pieces) })
    #expect(ranges.last?.isEmpty == (count == 0))
  }

  @Test func piecesTakeLessMemory() throws {
    let graph = try #require(ModelRegistry.named("lenet5")).graph(size: 32, classes: 10)
    let floats = [1, 4].map { pieces in
      Network(
        graph, capacity: Batch.pieceCapacity(64, pieces: pieces), training: true,
        kernels: ReferenceKernels.self
      ).arenaCount
    }
    #expect(floats[1] < floats[0] / 3)
  }
}

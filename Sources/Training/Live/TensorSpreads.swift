import Kernels
import Layers
import Telemetry
import Tensors

/// How the weights and the gradients of every parameter are spread, as TensorBoard's histograms.
///
/// A gradient that is nowhere in memory, because ranks exchange its factors, is multiplied once more for it.
struct TensorSpreads {
  private let network: Network
  private let source: any GradientSource

  init(_ network: Network) {
    self.network = network
    // Every thread of a network reads the same gradients.
    source = network.gradientSources[0]
  }

  /// After an update: the weights that it made, and the gradient that it was made from, before clipping.
  func measure() -> [(tag: String, spread: Spread)] {
    network.parameters.map { parameter in
      var spread = Spread()
      let slot = parameter.slot
      spread.add(UnsafeBufferPointer(start: network.values.base + slot.offset, count: slot.count))
      return ("weights/\(parameter.name)", spread)
    }
      + network.parameters.map { parameter in
        var spread = Spread()
        let slot = parameter.slot
        source.forEachPiece(of: slot.offset..<slot.offset + slot.count) { spread.add($1) }
        return ("gradients/\(parameter.name)", spread)
      }
  }
}

import Tensors

extension FloatBuffer {
  /// Fills the buffer with numbers in -1...1.
  func randomize(seed: UInt64) {
    let random = RandomStream(seed: seed, .initialisation)
    for index in 0..<count { base[index] = 2 * random.uniform(index) - 1 }
  }
}

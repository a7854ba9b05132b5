import Optimizers
import Testing

@Suite struct GradientClippingTests {
  @Test func onlyLargeGradientsAreScaled() {
    #expect(GradientClipping.scale(norm: 0, limit: 1) == 1)
    #expect(GradientClipping.scale(norm: 0.5, limit: 1) == 1)
    #expect(abs(GradientClipping.scale(norm: 8, limit: 2) - 0.25) < 1e-6)
    // At the limit itself PyTorch scales by a little less than 1.
    #expect(GradientClipping.scale(norm: 1, limit: 1) == Float(1 / (1 + 1e-6)))
  }
}

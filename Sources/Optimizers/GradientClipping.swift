/// Clipping by the norm of the whole gradient (Pascanu, Mikolov and Bengio, 2013, arXiv:1211.5063).
public enum GradientClipping {
  /// What to multiply every gradient with: min(1, limit / (norm + 1e-6)), as `torch.nn.utils.clip_grad_norm_`.
  ///
  /// - Parameters:
  ///   - norm: of all gradients together.
  ///   - limit: the largest norm that passes as it is.
  public static func scale(norm: Double, limit: Double) -> Float { Float(min(1, limit / (norm + 1e-6))) }
}

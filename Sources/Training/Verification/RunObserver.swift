/// What a check of training sees of it. Called on every rank's thread; training waits meanwhile.
public struct RunObserver: Sendable {
  /// The samples that this rank has in a step, from 1.
  public let trained: @Sendable (_ step: Int, _ samples: [Int32]) -> Void
  /// What a step computed; from the coordinator alone.
  public let proven: @Sendable (StepProof) -> Void
  /// Samples that were counted in a test; from the coordinator alone.
  public let evaluated: @Sendable (_ seen: Int) -> Void

  public init(
    trained: @escaping @Sendable (_ step: Int, _ samples: [Int32]) -> Void,
    proven: @escaping @Sendable (StepProof) -> Void, evaluated: @escaping @Sendable (_ seen: Int) -> Void
  ) {
    self.trained = trained
    self.proven = proven
    self.evaluated = evaluated
  }
}

import Threads
import Training

/// What was seen of one run, over all its ranks.
final class Observation: Sendable {
  struct Content {
    /// The samples of each step, in no particular order.
    var samples: [Int: [Int32]] = [:]
    var proofs: [Int: StepProof] = [:]
    /// Samples that were counted in each test.
    var evaluated: [Int] = []
  }

  private let content = Monitor(Content())

  var observer: RunObserver {
    RunObserver(
      trained: { [content] step, samples in content.update { $0.samples[step, default: []] += samples } },
      proven: { [content] proof in content.update { $0.proofs[proof.step] = proof } },
      evaluated: { [content] seen in content.update { $0.evaluated.append(seen) } })
  }

  var value: Content { content.read { $0 } }
}

/// The seconds of one rank's training, added up over its steps.
package struct StepTimes: Codable, Equatable {
  /// Steps in all, from one loader's batch to the next.
  package var seconds = 0.0
  /// Waiting for the loader.
  package var data = 0.0
  /// Waiting for the reduction of the gradients: for the network, or for slower ranks.
  package var exposed = 0.0
  /// The part of that in which the rank, though it polled for messages, had no processor, or was stopped.
  package var starved = 0.0

  package init() {}

  mutating func add(_ step: StepTotals.Values) {
    seconds += step.step
    data += step.data
    exposed += step.exposed
  }

  /// What the rank did itself, its input included.
  package var work: Double { seconds - exposed }

  mutating func addStarved(_ seconds: Double) { starved += max(0, seconds) }
}

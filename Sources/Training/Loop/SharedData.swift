import Collectives
import Datasets
import Failures
import Files
import Foundation
import Telemetry

/// The data sets of a job's ranks: one copy on each machine.
public struct SharedData {
  public let data: TrainingData
  /// Ranks that have this copy.
  public let ranks: Int
  /// What a user should hear, the same on every rank: where ranks could not share, and why.
  public let warnings: [String]

  /// Reads the data on one rank of each machine, which all its ranks map. Only ranks that would read the same files share them. Where
  /// the memory for it is short, each rank reads a copy of its own. Collective.
  ///
  /// - Parameters:
  ///   - directory: the file system in memory.
  ///   - load: reads the data.
  public static func load(
    _ rank: Rank, settings: TrainingSettings, environment: [String: String],
    directory: String = SharedSegment.directory, _ load: () throws(Failure) -> TrainingData
  ) throws -> SharedData {
    let communication = rank.communication
    let place = [
      communication.hostName, FileManager.default.currentDirectoryPath, settings.data ?? "",
      environment["CNN_DIST_DATA"] ?? "",
    ]
    let places = try communication.gatherTexts(place.joined(separator: "\n"))
    let group = places.indices.filter { places[$0] == places[rank.index] }
    let isShared = rank.mpi != "none" && Set(places).count < places.count
    guard isShared else {
      return SharedData(data: try rank.together(load), ranks: 1, warnings: [])
    }
    var own: TrainingData?
    var segment: SharedSegment?
    // The name goes when all have the memory, or when any of them fails.
    defer { segment?.unlink() }
    let offer = try rank.together { () throws(Failure) -> Proposal in
      guard rank.index == group[0] else { return Proposal() }
      let data = try load()
      own = data
      guard group.count > 1 else { return Proposal() }
      do throws(Failure) {
        SharedSegment.removeStale(in: directory)
        let sets = [data.train, data.test]
        try checkRoom(for: SharedImageSets.bytes(of: sets), ranks: communication.localSize, in: directory)
        let made = try SharedImageSets.create(sets, in: directory)
        own = TrainingData(train: made.sets[0], test: made.sets[1])
        segment = made.segment
        return Proposal(offer: made.offer)
      } catch {
        return Proposal(
          refusal:
            "\(error.what) (\(error.location) on \(communication.hostName)); each of its \(group.count) ranks keeps "
            + "a copy of the data set")
      }
    }
    let proposals = try communication.gatherTexts(offer.text).map(Proposal.init)
    var refusal = offer.refusal
    let data = try rank.together { () throws(Failure) -> TrainingData in
      if let own { return own }
      guard let offer = proposals[group[0]].offer else { return try load() }
      do throws(Failure) {
        let sets = try SharedImageSets.open(offer)
        return TrainingData(train: sets[0], test: sets[1])
      } catch {
        refusal =
          "\(error.what) (\(error.location), \(communication.place)); this rank keeps a copy of the data set"
        return try load()
      }
    }
    let warnings = try communication.gatherTexts(refusal ?? "").filter { !$0.isEmpty }
    return SharedData(
      data: data, ranks: proposals[group[0]].offer == nil ? 1 : group.count, warnings: warnings)
  }

  /// MPI takes its own part of the file system only when it touches it: what it will need must stay free.
  private static func checkRoom(for bytes: Int, ranks: Int, in directory: String) throws(Failure) {
    guard let free = SharedMemory.free(at: directory) else { return }
    let needed = bytes + ranks * SharedMemory.bytesPerRank
    guard free >= needed else {
      throw Failure(
        .inputOutput, "\(spokenBytes(free)) are free, and the data set and MPI need \(spokenBytes(needed))",
        at: directory)
    }
  }
}

/// What the rank that reads tells the others of its machine.
private struct Proposal: Codable {
  var offer: SharedImageSets.Offer?
  var refusal: String?

  init(offer: SharedImageSets.Offer? = nil, refusal: String? = nil) {
    (self.offer, self.refusal) = (offer, refusal)
  }

  init(_ text: String) {
    self = (try? JSONDecoder().decode(Proposal.self, from: Data(text.utf8))) ?? Proposal()
  }

  var text: String {
    offer == nil ? "" : (try? JSONEncoder().encode(self)).map { String(decoding: $0, as: UTF8.self) } ?? ""
  }
}

import Failures
import Logging
import Synchronization
import Telemetry
import Threads

#if canImport(Glibc)
  import Glibc
#else
  import Darwin
#endif

/// Looks after a rank from a thread of its own: says every few seconds that it is alive, names whom it waits for when that
/// takes long, and ends the job when it takes too long.
///
/// A rank in a blocking call of MPI can be told nothing by MPI, and one-sided windows would need MPI_THREAD_MULTIPLE, which
/// costs every message. So the ranks see each other through small files in the run directory, which ranks share with the
/// coordinator on usual clusters. The training thread itself only stores a number in memory; a file system that stalls
/// stalls the watch alone. What is alive is told by beats that change, so clocks need not agree.
final class Watch: Sendable {
  private let rank: Rank
  private let settings: TrainingSettings
  private let hosts: [String]
  private let files: [Heartbeat.File]
  private let logs: RunPaths
  private let console: Console
  private let log: Logger?
  private let isStopping = Atomic(false)
  private let thread = Monitor<DedicatedThread?>(nil)

  /// Seconds between two looks at whether there is anything to do.
  private static let tick = 0.1
  /// Seconds too late beyond which a thread that only slept was stopped: a processor that is taken delays it by far less.
  private static let stop = 0.5

  /// Starts to watch.
  ///
  /// - Parameters:
  ///   - hosts: the machine of each rank.
  ///   - run: the run's directory, where this rank sees it.
  init(
    _ rank: Rank, _ settings: TrainingSettings, hosts: [String], run: String, console: Console, log: Logger?
  ) {
    self.rank = rank
    self.settings = settings
    self.hosts = hosts
    logs = RunPaths(run)
    files = hosts.indices.map { [logs] in Heartbeat.File(logs.heartbeat(rank: $0)) }
    self.console = console
    self.log = log
    guard rank.count > 1 else { return }
    thread.update { $0 = DedicatedThread(name: "watch \(rank.index)") { [self] in watch() } }
  }

  /// Ends the watch; the rank is about to leave.
  func stop() {
    guard let thread = thread.update({ thread in thread.take() }) else { return }
    isStopping.store(true, ordering: .relaxed)
    thread.join()
  }

  /// Seconds between two beats: short beside the time after which somebody asks.
  private var interval: Double {
    let shortest = [settings.stallWarning, settings.stallLimit].filter { $0 > 0 }.min() ?? 60
    return min(5, max(0.25, Double(shortest) / 8))
  }

  private func watch() {
    let (interval, quiet) = (interval, 4 * interval)
    var lookout = Lookout(rank.index, hosts: hosts, at: monotonicSeconds())
    var beat = Heartbeat()
    var nextBeat = 0.0
    var nextWarning = Double(settings.stallWarning)
    var hasNamedDead = false
    var lastLook = monotonicSeconds()
    var awake = -quiet
    while !isStopping.load(ordering: .relaxed) {
      let now = monotonicSeconds()
      let waited = rank.communication.secondsWaited
      if now >= nextBeat {
        publish(&beat, waited: waited)
        nextBeat = now + interval
      }
      // After this process itself was stopped, what it knows of the others is old: it listens first.
      if now - lastLook > 10 * Self.tick { awake = now }
      lastLook = now
      if waited == 0 { nextWarning = Double(settings.stallWarning) }
      // A rank that others may ask for is looked at well before anybody does.
      if waited > 2 * interval || StopRequest.isEnding {
        for other in hosts.indices where other != rank.index {
          lookout.see(files[other].read(), of: other, at: now)
        }
      }
      let isSuspicious = waited > 2 * interval && now - awake > quiet && !StopRequest.isEnding
      if isSuspicious, settings.stallLimit > 0, waited >= Double(settings.stallLimit) {
        giveUp(&beat, lookout, waited: waited, at: now, quiet: quiet)
        return
      }
      if isSuspicious, settings.stallWarning > 0, waited >= nextWarning {
        warn(lookout, waited: waited, at: now, quiet: quiet)
        nextWarning += Double(settings.stallWarning)
      }
      if StopRequest.isEnding, !hasNamedDead { hasNamedDead = nameDead(lookout) }
      let (before, asleep) = (rank.pulse.current.phase, monotonicSeconds())
      usleep(UInt32(Self.tick * 1e6))
      let late = monotonicSeconds() - asleep - Self.tick
      let isOfStep = before.isOfStep || rank.pulse.current.phase.isOfStep
      if late > Self.stop, isOfStep { rank.pulse.addStopped(late) }
    }
    rank.pulse.enter(.leaving)
    publish(&beat, waited: 0)
  }

  private func publish(_ beat: inout Heartbeat, waited: Double) {
    let (step, phase) = rank.pulse.current
    beat.count += 1
    beat.step = Int64(step)
    beat.phase = phase.rawValue
    beat.millisecondsWaited = waited == 0 ? 0 : max(1, Int64(waited * 1000))
    files[rank.index].write(beat)
  }

  private func warn(_ lookout: Lookout, waited: Double, at time: Double, quiet: Double) {
    let text =
      "step \(rank.pulse.current.step): waiting \(Int(waited)) s for \(lookout.culprits(at: time, quiet: quiet))"
    log?.warning("\(text)")
    if lookout.speaks(at: time, quiet: quiet) { console.warning(text) }
  }

  private func giveUp(
    _ beat: inout Heartbeat, _ lookout: Lookout, waited: Double, at time: Double, quiet: Double
  ) {
    let failure = Failure(
      .peerLost, "waited \(Int(waited)) s for \(lookout.culprits(at: time, quiet: quiet))",
      at: "step \(rank.pulse.current.step)",
      advice:
        "the job ends; look at \(logs.logs), then go on with --resume auto (--stall-limit sets the time)")
    log?.error("\(failure)")
    // Whoever does not speak gives the one that does the time to.
    if lookout.speaks(at: time, quiet: quiet) { console.error(failure) } else { sleep(2) }
    rank.pulse.enter(.leaving)
    publish(&beat, waited: 0)
    rank.abandon(failure.code)
  }

  /// Says which rank has died, where mpirun is ending the others for it. mpirun gives them about a second.
  ///
  /// - Returns: whether one was found.
  private func nameDead(_ lookout: Lookout) -> Bool {
    let dead = lookout.dead { kill(pid_t($0), 0) == 0 || errno != ESRCH }
    guard let first = dead.first else { return false }
    let text = "\(lookout.named(dead)) died in step \(rank.pulse.current.step)"
    log?.error("\(text)")
    // The first of the living speaks.
    guard !(0..<rank.index).contains(where: { !dead.contains($0) && hosts[$0] == hosts[rank.index] }) else {
      return true
    }
    console.error(
      Failure(
        .peerLost, text, at: logs.log(rank: first), advice: "the job ends; go on with --resume auto"))
    return true
  }
}

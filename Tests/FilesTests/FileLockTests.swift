import Failures
import Files
import Foundation
import Testing
import Threads

@Suite struct FileLockTests {
  /// A directory of its own for a test, removed when the test is done.
  final class Place {
    let directory: String
    var lock: String { "\(directory)/.lock" }

    init() throws {
      directory =
        FileManager.default.temporaryDirectory.appendingPathComponent("lock-\(UUID().uuidString)").path
      try FileManager.default.createDirectory(atPath: directory, withIntermediateDirectories: true)
    }

    deinit { try? FileManager.default.removeItem(atPath: directory) }
  }

  @Test func namesTheHolder() throws {
    let place = try Place()
    let owner = FileLock.Owner(host: "nodeA", pid: 4711, started: "2025-11-21T01:17:00Z")
    let first = try FileLock(place.lock, of: "runs/lenet-1", owner: owner)
    #expect(first.isHeld)
    let failure = #expect(throws: Failure.self) { try FileLock(place.lock, of: "runs/lenet-1") }
    #expect(failure?.code == .cannotWrite)
    #expect(failure?.what == "runs/lenet-1 is in use by process 4711 on nodeA since 2025-11-21T01:17:00Z")
    #expect(failure?.advice.contains("--force-unlock") == true)
  }

  @Test func keepsTheHolderAsJSON() throws {
    let place = try Place()
    let lock = try FileLock(place.lock, of: "x")
    let data = try Data(contentsOf: URL(fileURLWithPath: place.lock))
    let owner = try JSONDecoder().decode(FileLock.Owner.self, from: data)
    #expect(owner.pid == getpid())
    #expect(owner.host == ProcessInfo.processInfo.hostName || !owner.host.isEmpty)
    #expect(owner.started.hasSuffix("Z"))
    lock.release()
  }

  @Test func isFreeAfterRelease() throws {
    let place = try Place()
    let first = try FileLock(place.lock, of: "x")
    first.release()
    first.release()
    #expect(!first.isHeld)
    let second = try FileLock(place.lock, of: "x")
    #expect(second.isHeld)
  }

  @Test func isFreeWhenTheHolderIsForgotten() throws {
    let place = try Place()
    _ = try FileLock(place.lock, of: "x")
    #expect(try FileLock(place.lock, of: "x").isHeld)
  }

  @Test(arguments: ["", "{\"host\":", "not JSON\n", "{\"host\":\"gone\",\"pid\":1,\"started\":\"then\"}\n"])
  func aFileLeftBehindLocksNothing(_ content: String) throws {
    let place = try Place()
    try content.write(toFile: place.lock, atomically: false, encoding: .utf8)
    let lock = try FileLock(place.lock, of: "x", owner: .init(host: "h", pid: 2, started: "now"))
    let text = try String(contentsOfFile: place.lock, encoding: .utf8)
    #expect(text == "{\"host\":\"h\",\"pid\":2,\"started\":\"now\"}\n")
    lock.release()
  }

  @Test func forceTakesTheLockAway() throws {
    let place = try Place()
    let first = try FileLock(place.lock, of: "x")
    let second = try FileLock(
      place.lock, of: "x", owner: .init(host: "thief", pid: 9, started: "now"), force: true)
    #expect(!first.isHeld)
    #expect(second.isHeld)
    first.release()
    // Giving up what was lost must not free the new holder's lock.
    let failure = #expect(throws: Failure.self) { try FileLock(place.lock, of: "x") }
    #expect(failure?.what.contains("process 9 on thief") == true)
  }

  @Test func whoTakesItAwayWaitsForWhatIsUnderWay() throws {
    let place = try Place()
    let path = place.lock
    let first = try FileLock(path, of: "x")
    let isDone = Monitor(false)
    let thief = try first.whileHeld { () throws(Failure) in
      let thief = DedicatedThread(name: "thief") {
        do throws(Failure) {
          let second = try FileLock(path, of: "x", force: true)
          #expect(isDone.read { $0 }, "waited for what the first was doing")
          #expect(second.isHeld)
        } catch { Issue.record("\(error)") }
      }
      usleep(200_000)
      #expect(first.isHeld, "what is under way is the holder's")
      isDone.update { $0 = true }
      return thief
    }
    thief.join()
    #expect(!first.isHeld)
    let refused = #expect(throws: Failure.self) {
      try first.whileHeld { () throws(Failure) in Issue.record("begun without the lock") }
    }
    #expect(refused?.code == .cannotWrite)
    #expect(refused?.what == "another job took over the run directory")
  }

  @Test func whatDoesNotEndIsNamedAndKeepsTheLock() throws {
    let place = try Place()
    let first = try FileLock(place.lock, of: "x", owner: .init(host: "slow", pid: 7, started: "then"))
    try first.whileHeld { () throws(Failure) in
      for _ in 0..<2 {
        let failure = #expect(throws: Failure.self) {
          try FileLock(place.lock, of: "x", force: true, patience: 0.05)
        }
        #expect(failure?.code == .cannotWrite)
        #expect(failure?.what == "process 7 on slow since then still writes in x")
      }
      #expect(first.isHeld)
    }
    #expect(throws: Failure.self) { try FileLock(place.lock, of: "x") }
    #expect(try FileLock(place.lock, of: "x", force: true).isHeld)
  }

  @Test func aLockFileThatIsGoneIsNamed() throws {
    let place = try Place()
    let lock = try FileLock(place.lock, of: "x")
    try FileManager.default.removeItem(atPath: place.lock)
    let failure = #expect(throws: Failure.self) { try lock.checkHeld() }
    #expect(failure?.description == "the lock file is gone (\(place.lock))")
  }

  @Test func whatCannotBeFoundOutIsNoTakeover() throws {
    let place = try Place()
    let lock = try FileLock(place.lock, of: "x")
    try FileManager.default.createDirectory(atPath: "\(place.lock).use", withIntermediateDirectories: true)
    let failure = #expect(throws: Failure.self) { try lock.whileHeld { () throws(Failure) in } }
    #expect(failure?.code == .inputOutput)
    #expect(lock.isHeld)
  }

  @Test func oneOfManyThreadsWins() throws {
    let place = try Place()
    let path = place.lock
    let winners = Monitor([FileLock]())
    let losers = Monitor([Failure]())
    let threads = (0..<8).map { index in
      DedicatedThread(name: "job \(index)") {
        do throws(Failure) {
          let lock = try FileLock(path, of: "x")
          winners.update { $0.append(lock) }
        } catch {
          losers.update { $0.append(error) }
        }
      }
    }
    for thread in threads { thread.join() }
    #expect(winners.read { $0.count } == 1)
    #expect(losers.read { $0.count } == 7)
    #expect(losers.read { $0.allSatisfy { $0.what.contains("process \(getpid()) on ") } })
  }

  @Test func refusesWhatIsNoPlaceForAFile() throws {
    let place = try Place()
    let missing = #expect(throws: Failure.self) { try FileLock("\(place.directory)/none/.lock", of: "x") }
    #expect(missing?.code == .cannotWrite)
    try FileManager.default.createSymbolicLink(atPath: place.lock, withDestinationPath: "precious")
    let link = #expect(throws: Failure.self) { try FileLock(place.lock, of: "x") }
    #expect(link?.code == .cannotWrite)
  }

  @Test func anotherProcessIsRefused() async throws {
    let place = try Place()
    let path = place.lock
    let lock = try FileLock(path, of: "x")
    let parent = getpid()
    await #expect(processExitsWith: .exitCode(73)) { [path = path as String, parent = parent as pid_t] in
      do throws(Failure) {
        _ = try FileLock(path, of: "x")
      } catch {
        guard error.what.contains("process \(parent) on ") else { exit(1) }
        exit(error.code.rawValue)
      }
    }
    #expect(lock.isHeld)
  }

  @Test func killingTheHolderFreesTheLock() async throws {
    let place = try Place()
    let path = place.lock
    async let child: ExitTest.Result? = #expect(processExitsWith: .signal(SIGKILL)) {
      [path = path as String] in
      // It is killed long before; beside all other tests the look for its lock has taken minutes.
      let lock = try FileLock(path, of: "x")
      for _ in 0..<6000 where lock.isHeld { usleep(100_000) }
    }
    // The child has the lock as soon as the file names it.
    var holder: FileLock.Owner?
    for _ in 0..<3000 where holder == nil {
      try await Task.sleep(for: .milliseconds(10))
      let data = try? Data(contentsOf: URL(fileURLWithPath: path))
      holder = data.flatMap { try? JSONDecoder().decode(FileLock.Owner.self, from: $0) }
    }
    let pid = try #require(holder?.pid)
    #expect(pid != getpid())
    let failure = #expect(throws: Failure.self) { try FileLock(path, of: "x") }
    #expect(failure?.what.contains("process \(pid) on ") == true)
    kill(pid, SIGKILL)
    _ = await child
    #expect(try FileLock(path, of: "x").isHeld)
  }

  @Test func childProcessesDoNotInheritIt() throws {
    let place = try Place()
    let lock = try FileLock(place.lock, of: "x")
    let child = try #require(popen("readlink /proc/self/fd/* | grep -q '\(place.directory)'", "w"))
    #expect(pclose(child) == 1 << 8, "grep finds nothing")
    lock.release()
  }
}

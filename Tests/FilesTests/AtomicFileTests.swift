import Failures
import Files
import Glibc
import Testing

@Suite struct AtomicFileTests {
  let directory = TemporaryDirectory()

  @Test func replacesAWholeFile() throws {
    let path = directory.file("status.json")
    try AtomicFile.write("a long first text", to: path)
    try AtomicFile.write("second", to: path)
    #expect(try text(path) == "second")
    #expect(try Directory.names(directory.path, code: .inputOutput) == ["status.json"])
  }

  @Test func aFailureInTheMiddleLeavesTheOldFile() throws {
    let path = directory.file("status.json")
    try AtomicFile.write("old", to: path)
    let expected = Failure(.internalError, "on purpose")
    let thrown = failure { () throws(Failure) in
      try AtomicFile.write(to: path) { (file) throws(Failure) in
        try file.write(Array("half".utf8))
        throw expected
      }
    }
    #expect(thrown == expected)
    #expect(try text(path) == "old")
    #expect(try Directory.names(directory.path, code: .inputOutput) == ["status.json"])
  }

  @Test func saysWhatCannotBeWritten() {
    let path = directory.file("missing/status.json")
    let thrown = failure { () throws(Failure) in try AtomicFile.write("text", to: path) }
    #expect(thrown?.code == .cannotWrite)
    #expect(thrown?.what == "open: No such file or directory")
    #expect(thrown?.location.hasPrefix(directory.file("missing/")) == true)
  }

  @Test func publishesADirectoryStepByStep() throws {
    let temporary = AtomicFile.temporaryName(for: directory.file("final"))
    try Directory.create(temporary, code: .cannotWrite)
    try AtomicFile.write("content", to: temporary + "/file")
    var steps: [AtomicFile.PublishingStep] = []
    try AtomicFile.publish(directory: temporary, as: directory.file("final"), code: .cannotWrite) {
      steps.append($0)
    }
    #expect(steps == [.synchronize, .rename, .synchronizeParent])
    #expect(try text(directory.file("final/file")) == "content")
    #expect(Directory.kind(temporary) == nil)
  }

  @Test func switchesALink() throws {
    let link = directory.file("last")
    for target in ["step-1", "step-2"] {
      try AtomicFile.link(link, to: target)
      #expect(Directory.destination(ofLink: link) == target)
    }
    #expect(try Directory.names(directory.path, code: .inputOutput) == ["last"])
  }

  @Test(arguments: [
    ("a/b", "a/.tmp-b-\(getpid())"), ("b", ".tmp-b-\(getpid())"), ("/b", "/.tmp-b-\(getpid())"),
  ]) func temporaryNamesAreBesideTheFinalOne(path: String, expected: String) {
    #expect(AtomicFile.temporaryName(for: path) == expected)
  }
}

import Failures
import Files
import Glibc
import Testing

@Suite struct OpenFileTests {
  let directory = TemporaryDirectory()

  @Test func writesAndReadsAtPositions() throws {
    let path = directory.file("file")
    let file = try OpenFile.creating(path, code: .cannotWrite)
    try file.write(Array("0123456789".utf8))
    try file.write(Array("ab".utf8), at: 4)
    try file.synchronize()
    let read = try OpenFile.reading(path)
    #expect(try read.size() == 10)
    #expect(try read.bytes(4, at: 3) == Array("3ab6".utf8))
    #expect(try read.bytes(4, at: 8) == Array("89".utf8))
    #expect(try read.bytes(4, at: 100) == [])
  }

  @Test func aMissingFileHasItsOwnCode() {
    let path = directory.file("nothing")
    let thrown = failure { () throws(Failure) in _ = try OpenFile.reading(path) }
    #expect(thrown == Failure(.missingInput, "open: No such file or directory", at: path))
  }

  @Test(.timeLimit(.minutes(5))) func whatIsNoFileIsRefused() throws {
    let pipe = directory.file("pipe")
    #expect(mkfifo(pipe, 0o600) == 0)
    for path in [pipe, directory.path, "/dev/null"] {
      let thrown = failure { () throws(Failure) in _ = try OpenFile.reading(path, code: .badData) }
      #expect(thrown == Failure(.badData, "not a file", at: path))
    }
  }
}

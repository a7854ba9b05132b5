import Failures
import Files
import Glibc
import Testing

@Suite struct DirectoryTests {
  let directory = TemporaryDirectory()

  @Test(arguments: [
    ("a/b", "a"), ("a", "."), ("/a", "/"), ("/", "/"), ("a/b/", "a"), ("/a/b//", "/a"),
  ]) func parents(path: String, expected: String) {
    #expect(Directory.parent(path) == expected)
  }

  @Test func createsThoseAbove() throws {
    let path = directory.file("a/b/c")
    try Directory.create(path, code: .cannotWrite)
    try Directory.create(path, code: .cannotWrite)
    #expect(Directory.kind(path) == .directory)
  }

  @Test func aFileInTheWayIsAFailure() throws {
    try AtomicFile.write("", to: directory.file("a"))
    let thrown = failure { () throws(Failure) in try Directory.create(directory.file("a"), code: .cannotWrite)
    }
    #expect(thrown?.code == .cannotWrite)
    let below = failure { () throws(Failure) in
      try Directory.create(directory.file("a/b"), code: .cannotWrite)
    }
    #expect(below?.code == .cannotWrite)
  }

  @Test func removesTreesButNotWhatLinksPointTo() throws {
    try Directory.create(directory.file("tree/deep"), code: .cannotWrite)
    try AtomicFile.write("kept", to: directory.file("outside"))
    try AtomicFile.write("gone", to: directory.file("tree/deep/file"))
    try AtomicFile.link(directory.file("tree/link"), to: directory.file("outside"))
    try Directory.remove(directory.file("tree"), code: .cannotWrite)
    try Directory.remove(directory.file("tree"), code: .cannotWrite)
    #expect(try Directory.names(directory.path, code: .inputOutput) == ["outside"])
  }

  @Test func followsLinks() throws {
    try AtomicFile.link(directory.file("relative"), to: "step-1")
    try AtomicFile.link(directory.file("absolute"), to: "/elsewhere")
    #expect(Directory.followed(directory.file("relative")) == directory.file("step-1"))
    #expect(Directory.followed(directory.file("relative//")) == directory.file("step-1"))
    #expect(Directory.followed(directory.file("absolute")) == "/elsewhere")
    #expect(Directory.followed(directory.file("nothing/")) == directory.file("nothing"))
  }

  @Test func kinds() throws {
    try AtomicFile.write("", to: directory.file("file"))
    try AtomicFile.link(directory.file("dangling"), to: "nowhere")
    #expect(Directory.kind(directory.file("file")) == .file)
    #expect(Directory.kind(directory.file("dangling")) == nil)
    #expect(Directory.kind("/dev/null") == .other)
    #expect(Directory.destination(ofLink: directory.file("file")) == nil)
  }
}

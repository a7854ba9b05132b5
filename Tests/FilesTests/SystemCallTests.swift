import Failures
import Files
import Glibc
import Testing

@Suite struct SystemCallTests {
  @Test func goesOnAfterASignal() throws {
    var calls = 0
    let result = try SystemCall.check("read", "file", .inputOutput) {
      calls += 1
      errno = EINTR
      return calls == 3 ? 7 : -1
    }
    #expect(result == 7)
    #expect(calls == 3)
  }

  /// A device that the kernel keeps full.
  @Test func aFullDiskSaysWhatToDo() throws {
    let file = try OpenFile.creating("/dev/full", code: .inputOutput)
    let thrown = failure { () throws(Failure) in try file.write([1]) }
    #expect(
      thrown
        == Failure(
          .inputOutput, "write: No space left on device", at: "/dev/full",
          advice: "free some space on that file system"))
  }

  @Test(arguments: [ENOSPC, EDQUOT, EROFS, EACCES]) func everyRefusalOfAWriteHasAdvice(error: Int32) {
    let failure = SystemCall.failure("open", "path", .cannotWrite, error)
    #expect(failure.code == .cannotWrite)
    #expect(!failure.advice.isEmpty)
  }
}

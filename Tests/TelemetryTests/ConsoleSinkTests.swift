import Foundation
import Telemetry
import Testing
import Threads

@Suite struct ConsoleSinkTests {
  @Test func writesTheBytes() throws {
    let pipe = Pipe()
    let sink = DescriptorSink(pipe.fileHandleForWriting.fileDescriptor)
    #expect(sink.columns == nil)
    sink.write("epoch 1 ━\n")
    #expect(pipe.fileHandleForReading.availableData == Data("epoch 1 ━\n".utf8))
  }

  /// In a process of its own, where SIGPIPE would kill as it does in a user's shell.
  @Test func aReaderThatGoesAwayIsNoCrash() async {
    await #expect(processExitsWith: .exitCode(7)) {
      signal(SIGPIPE, SIG_DFL)
      var ends: [Int32] = [0, 0]
      guard pipe(&ends) == 0 else { exit(1) }
      let console = Console(
        style: ConsoleStyle(environment: [:]), output: DescriptorSink(ends[1]),
        errors: DescriptorSink(ends[1]))
      console.line("read")
      close(ends[0])
      console.begin(RunPlan(stepsPerEpoch: 1, steps: 1))
      for _ in 0..<3 {
        console.line("not read")
        console.warning("not read either")
        console.epoch(ConsoleTests.first)
      }
      exit(7)
    }
  }

  /// `program | head -1`, in a shell.
  @Test func trainingOutlivesHead() async {
    await #expect(processExitsWith: .exitCode(7)) {
      signal(SIGPIPE, SIG_DFL)
      guard let reader = popen("head -1 > /dev/null", "w") else { exit(1) }
      let sink = DescriptorSink(fileno(reader))
      for _ in 0..<20_000 { sink.write("step 120/2350, epoch 1, 5230 images/s, loss 0.9607, acc 0.622\n") }
      exit(7)
    }
  }

  @Test func aClosedDescriptorIsNoCrash() {
    let sink = DescriptorSink(-1)
    sink.write("x")
    sink.write("x")
    #expect(sink.columns == nil)
  }

  @Test func aSlowReaderGetsEverything() throws {
    let pipe = Pipe()
    let descriptor = pipe.fileHandleForWriting.fileDescriptor
    _ = fcntl(descriptor, F_SETFL, O_NONBLOCK)
    let text = String(repeating: "0123456789abcde\n", count: 20_000)
    let bytes = Monitor(Data())
    let source = pipe.fileHandleForReading.fileDescriptor
    let reader = DedicatedThread(name: "reader") {
      var part = [UInt8](repeating: 0, count: 5000)
      while case let count = read(source, &part, part.count), count > 0 {
        bytes.update { $0 += part[..<count] }
        usleep(1000)
      }
    }
    DescriptorSink(descriptor).write(text)
    try pipe.fileHandleForWriting.close()
    reader.join()
    #expect(bytes.read { $0 } == Data(text.utf8))
  }

  @Test func aTerminalHasItsWidthAndOneWithoutSizeHasNone() throws {
    var controller: Int32 = -1
    var terminal: Int32 = -1
    var size = winsize(ws_row: 24, ws_col: 97, ws_xpixel: 0, ws_ypixel: 0)
    try #require(openpty(&controller, &terminal, nil, nil, &size) == 0)
    #expect(DescriptorSink(terminal).columns == 97)
    size.ws_col = 0
    _ = ioctl(terminal, UInt(TIOCSWINSZ), &size)
    #expect(DescriptorSink(terminal).columns == nil)
    close(controller)
    // The terminal is gone, as when a connection breaks.
    let sink = DescriptorSink(terminal)
    sink.write("x")
    sink.write("x")
    close(terminal)
  }
}

import Foundation
import Telemetry
import Testing

@Suite struct MachineFactsTests {
  @Test func knowsThisMachine() {
    let facts = MachineFacts.current
    #expect(!facts.host.isEmpty)
    #expect(!facts.system.isEmpty)
    #expect(facts.kernel.hasPrefix("Linux "))
    #expect(facts.processors == ProcessInfo.processInfo.activeProcessorCount || facts.processors > 0)
    #expect((1...facts.processors).contains(facts.usableProcessors))
    #expect(facts.memoryBytes > 100 << 20)
  }

  @Test func readsWhatTheKernelWrites() {
    #expect(
      MachineFacts.processorModel(
        in: "processor\t: 0\nmodel\t\t: 143\nmodel name\t: Intel(R)  Xeon(R) @ 2.0GHz\n")
        == "Intel(R) Xeon(R) @ 2.0GHz")
    #expect(MachineFacts.processorModel(in: "processor\t: 0\nBogoMIPS\t: 243.75\n").isEmpty)
    #expect(MachineFacts.memory(in: "MemTotal:       49304120 kB\nMemFree: 1 kB\n") == 49_304_120 * 1024)
    #expect(MachineFacts.memory(in: "") == 0)
    #expect(
      MachineFacts.systemName(in: "NAME=\"Debian\"\nPRETTY_NAME=\"Debian GNU/Linux 12 (bookworm)\"\n")
        == "Debian GNU/Linux 12 (bookworm)")
  }

  @Test(arguments: [("0-3,8", 5), ("0", 1), ("0-1", 2), ("", 0), ("7-3", 0)])
  func countsUsableProcessors(_ list: String, _ count: Int) {
    #expect(MachineFacts.usableProcessors(in: "Cpus_allowed:\tff\nCpus_allowed_list:\t\(list)\n") == count)
  }
}

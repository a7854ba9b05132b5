import Failures
import Testing

import Planning

@Suite struct QuantityTests {
  @Test(arguments: [
    ("10Gbit", 1.25e9), ("1Gbit/s", 1.25e8), ("100 Mbit", 1.25e7), ("1.2GB", 1.2e9), ("512kB/s", 5.12e5),
    ("8bit", 1), ("3B", 3),
  ]) func ratesAreBytesASecond(text: String, bytes: Double) throws {
    #expect(abs(try Quantity.bandwidth(text, option: "--bandwidth") / bytes - 1) < 1e-12)
  }

  @Test(arguments: [("20us", 2e-5), ("20µs", 2e-5), ("0.5 ms", 5e-4), ("900ns", 9e-7), ("1s", 1)])
  func timesAreSeconds(text: String, seconds: Double) throws {
    #expect(abs(try Quantity.duration(text, option: "--latency") / seconds - 1) < 1e-12)
  }

  @Test(arguments: ["", "10", "Gbit", "-1Gbit", "0Gbit", "1e3Gbit", "10gbit", "1.2.3GB", "nanGB", "20us"])
  func whatIsNoRateIsNamed(text: String) {
    let failure = #expect(throws: Failure.self) { try Quantity.bandwidth(text, option: "--bandwidth") }
    #expect(failure?.code == .usage && failure?.location == "--bandwidth")
    #expect(failure?.what.contains("\"\(text)\"") == true)
  }
}

import Testing
import Timelines

@Suite struct EventRingTests {
  @Test(arguments: [0, 1, 3, 4, 5, 11]) func keepsTheNewest(count: Int) {
    let ring = EventRing(capacity: 4)
    let events = (0..<count).map { TimelineEvent(.bucket, from: Double($0), to: Double($0) + 1, step: $0) }
    for event in events { ring.record(event) }
    #expect(ring.all == Array(events.suffix(4)))
    #expect(ring.recorded == count && ring.overwritten == max(0, count - 4))
  }

  @Test func anEventIsWhatWasRecorded() {
    let event = TimelineEvent(.bucket, from: 1, to: 2, step: 7, number: 3, bytes: 1 << 40)
    #expect(event.activity == .bucket && event.step == 7 && event.number == 3 && event.bytes == 1 << 40)
    for activity in Activity.allCases {
      #expect(TimelineEvent(activity, from: 0, to: 0, step: 0).activity == activity)
    }
  }

  @Test func marksAreSeamless() {
    let recorder = TimelineRecorder(capacity: 8)
    recorder.begin(step: 5)
    for activity in [Activity.data, .forward, .backward] { recorder.mark(activity) }
    let events = recorder.computation.all
    #expect(events.map(\.activity) == [.data, .forward, .backward] && events.allSatisfy { $0.step == 5 })
    #expect(events[0].end == events[1].start && events[1].end == events[2].start)
    recorder.communicated(.bucket, from: events[1].start, number: 1, bytes: 40)
    #expect(recorder.communication.all.map(\.step) == [5])
  }
}

import Tensors
import Testing

@Suite struct MemoryPlanTests {
  @Test func buffersThatLiveTogetherNeverOverlap() {
    let random = RandomStream(seed: 3, .synthetic)
    var plan = MemoryPlan()
    var buffers: [(handle: MemoryPlan.Handle, count: Int, life: ClosedRange<Int>)] = []
    for index in 0..<200 {
      let start = random.integer(3 * index, below: 50)
      let life = start...(start + random.integer(3 * index + 1, below: 10))
      let count = 1 + random.integer(3 * index + 2, below: 1000)
      buffers.append((plan.reserve(count, over: life), count, life))
    }
    plan.place()
    for (index, one) in buffers.enumerated() {
      let first = plan.offset(of: one.handle)
      #expect(first % FloatBuffer.alignment == 0)
      #expect(first + one.count <= plan.count)
      for other in buffers[(index + 1)...] where other.life.overlaps(one.life) {
        let second = plan.offset(of: other.handle)
        #expect(first + one.count <= second || second + other.count <= first)
      }
    }
  }

  @Test func buffersThatFollowEachOtherShareMemory() {
    var plan = MemoryPlan()
    let first = plan.reserve(1000, over: 0...1)
    let second = plan.reserve(900, over: 2...3)
    plan.place()
    #expect(plan.offset(of: first) == plan.offset(of: second))
    #expect(plan.count == FloatBuffer.aligned(1000))
  }

  @Test func extendingALifeKeepsItsMemory() {
    var plan = MemoryPlan()
    let first = plan.reserve(100, over: 0...1)
    let second = plan.reserve(100, over: 2...3)
    plan.extend(first, over: 2...2)
    plan.place()
    #expect(plan.offset(of: first) != plan.offset(of: second))
  }
}

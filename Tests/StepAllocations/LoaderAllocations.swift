import AllocationCount
import Datasets
import Tensors

/// Heap allocations while a loader with every augmentation and mixup prepares 100 batches, after the first few.
func loaderAllocations() -> Int {
  let set = SyntheticGarments(trainCount: 400).load(.train)
  let loader = Loader(
    set: set, sample: Shape(height: 32, width: 32, channels: 1), capacity: 8, augmentation: .usual,
    mixup: 0.2, seed: 1)
  let order = (0..<110 * 8).map { Int32($0 % set.count) }
  loader.begin(Pass(order: order, globalBatch: 8, epoch: 1))
  for _ in 0..<5 { _ = loader.next() }
  let before = AllocationCount.now
  for _ in 0..<100 { _ = loader.next() }
  return AllocationCount.now - before
}

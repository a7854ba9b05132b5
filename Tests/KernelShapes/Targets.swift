import Kernels

extension [UInt8] {
  /// Calls `body` with targets whose labels these are.
  public func withTargets<Result>(
    _ others: [UInt8]? = nil, _ shares: [Float]? = nil, smoothing: Float = 0, _ body: (LossTargets) -> Result
  ) -> Result {
    // An empty array may have no address: only the given ones are asked for theirs.
    withUnsafeBufferPointer { labels in
      (others ?? []).withUnsafeBufferPointer { second in
        (shares ?? []).withUnsafeBufferPointer { parts in
          body(
            LossTargets(
              labels: labels.baseAddress!, others: others == nil ? nil : second.baseAddress!,
              shares: shares == nil ? nil : parts.baseAddress!, smoothing: smoothing))
        }
      }
    }
  }
}

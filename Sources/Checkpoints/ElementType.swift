/// What a safetensors file holds, as its header names it.
public enum ElementType: String, CaseIterable, Sendable {
  case float32 = "F32"
  case float16 = "F16"
  case bfloat16 = "BF16"
  case int64 = "I64"

  /// Bytes of one element.
  public var size: Int {
    switch self {
    case .float16, .bfloat16: 2
    case .float32: 4
    case .int64: 8
    }
  }

  public var isFloat: Bool { self != .int64 }
}

#if !_endian(little)
  #error("safetensors is little-endian, and its elements are read and written as they lie in memory")
#endif

extension ElementType {
  /// The elements in `bytes` as float32, in place where they are that already, else in the front of `buffer`.
  func widen(
    _ bytes: UnsafeRawBufferPointer, into buffer: UnsafeMutableBufferPointer<Float>
  ) -> UnsafeBufferPointer<Float> {
    switch self {
    case .float32:
      return bytes.assumingMemoryBound(to: Float.self)
    case .float16:
      for (index, element) in bytes.assumingMemoryBound(to: UInt16.self).enumerated() {
        buffer[index] = Float(Float16(bitPattern: element))
      }
    case .bfloat16:
      for (index, element) in bytes.assumingMemoryBound(to: UInt16.self).enumerated() {
        buffer[index] = Float(bitPattern: UInt32(element) << 16)
      }
    case .int64:
      preconditionFailure("integers are not loaded as floats")
    }
    return UnsafeBufferPointer(rebasing: buffer[..<(bytes.count / size)])
  }
}

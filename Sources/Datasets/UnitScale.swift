/// output = pixels / 255. A division, since a product with 1/255 rounds otherwise.
func scaleToUnit(_ pixels: UnsafePointer<UInt8>, count: Int, into output: UnsafeMutablePointer<Float>) {
  let whole = count & ~7
  for x in stride(from: 0, to: whole, by: 8) {
    let bytes = UnsafeRawPointer(pixels + x).loadUnaligned(as: SIMD8<UInt8>.self)
    UnsafeMutableRawPointer(output + x).storeBytes(of: SIMD8<Float>(bytes) / 255, as: SIMD8<Float>.self)
  }
  for x in whole..<count { output[x] = Float(pixels[x]) / 255 }
}

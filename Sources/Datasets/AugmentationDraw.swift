import Tensors

#if canImport(Glibc)
  import Glibc
#else
  import Darwin
#endif

extension Augmentation {
  /// What happens to one picture in one epoch.
  package struct Draw: Equatable, Sendable {
    /// A rectangle of pixels.
    package struct Rectangle: Equatable, Sendable {
      package var x: Int
      package var y: Int
      package var width: Int
      package var height: Int

      package init(x: Int, y: Int, width: Int, height: Int) {
        self.x = x
        self.y = y
        self.width = width
        self.height = height
      }
    }

    package var flips = false
    /// Counter-clockwise.
    package var degrees: Float = 0
    /// The crop's corner: the result at (x, y) is the picture at (x + shift.x, y + shift.y).
    package var shift = SIMD2(0, 0)
    package var brightness: Float = 1
    package var contrast: Float = 1
    package var erased: Rectangle?

    package init() {}

    var changesGeometry: Bool { flips || degrees != 0 || shift != SIMD2(0, 0) }
  }

  /// The choices for one sample, which depend on nothing but the arguments. Each method has a stream of its own, so that
  /// switching one on leaves the others' choices alone.
  package func draw(seed: UInt64, epoch: Int, sample: Int, shape: Shape) -> Draw {
    func stream(_ method: Method) -> RandomStream {
      RandomStream(seed: seed, .augmentation, layer: method.rawValue, time: epoch, sample: sample)
    }
    func around(_ centre: Float, _ method: Method) -> Float {
      centre + self[method] * (2 * stream(method).uniform(0) - 1)
    }
    var draw = Draw()
    if self[.flip] > 0 { draw.flips = stream(.flip).uniform(0) < self[.flip] }
    if self[.rotate] > 0 { draw.degrees = around(0, .rotate) }
    if self[.crop] > 0 {
      let padding = Int(self[.crop])
      draw.shift.x = stream(.crop).integer(0, below: 2 * padding + 1) - padding
      draw.shift.y = stream(.crop).integer(1, below: 2 * padding + 1) - padding
    }
    if self[.brightness] > 0 { draw.brightness = around(1, .brightness) }
    if self[.contrast] > 0 { draw.contrast = around(1, .contrast) }
    if self[.erase] > 0, stream(.erase).uniform(0) < self[.erase] {
      draw.erased = Self.rectangle(stream(.erase), shape)
    }
    return draw
  }

  /// torchvision's RandomErasing: an area of 2 to 33 %, an aspect ratio of 0.3 to 3.3 (uniform in its logarithm); a
  /// rectangle that does not fit is drawn again, ten times at most.
  private static func rectangle(_ stream: RandomStream, _ shape: Shape) -> Draw.Rectangle? {
    for attempt in 1...10 {
      let words = stream.block(attempt)
      let (first, second) = (Float(words.x >> 8) * 0x1p-24, Float(words.y >> 8) * 0x1p-24)
      let area = Float(shape.height * shape.width) * (0.02 + first * (0.33 - 0.02))
      let ratio = expf(logf(0.3) + second * (logf(3.3) - logf(0.3)))
      let height = Int((area * ratio).squareRoot().rounded(.toNearestOrEven))
      let width = Int((area / ratio).squareRoot().rounded(.toNearestOrEven))
      guard height < shape.height && width < shape.width else { continue }
      return Draw.Rectangle(
        x: stream.integer(4 * attempt + 2, below: shape.width - width + 1),
        y: stream.integer(4 * attempt + 3, below: shape.height - height + 1), width: width, height: height)
    }
    return nil
  }
}

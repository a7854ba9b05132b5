/// A row of pixels of few channels, to and from rows of one channel: 16 pixels of eight channels in 24 shuffles.
struct PixelRow {
  /// Channels that are turned together.
  private static let group = 8

  let channels: Int
  let width: Int

  /// Floats of a row of pixels, and what vectors read and write behind it.
  var count: Int { padded(padded(width) * channels + lanes) }

  /// row[p x channels + c] = planes[c x stride + p].
  @inline(never)
  func interleave(_ planes: Source, stride: Int, into row: Target) {
    // The later channels first, then the earlier ones pixel by pixel: what runs over into the next pixel is overwritten.
    for first in Swift.stride(from: (channels - 1) / Self.group * Self.group, through: 0, by: -Self.group) {
      for pixel in Swift.stride(from: 0, to: width, by: lanes) {
        let columns = Octet { channel in
          first + channel < channels ? load(planes + (first + channel) * stride + pixel) : Vector()
        }
        let row = row + pixel * channels + first
        columns.zipped.zipped.zipped.forEach { pair, vector in
          storeEight(vector.lowHalf, row + 2 * pair * channels)
          storeEight(vector.highHalf, row + (2 * pair + 1) * channels)
        }
      }
    }
  }

  /// planes[c x stride + p] = row[p x channels + c], for whole vectors of pixels.
  @inline(never)
  func separate(_ row: Source, into planes: Target, stride: Int) {
    for first in Swift.stride(from: 0, to: channels, by: Self.group) {
      for pixel in Swift.stride(from: 0, to: width, by: lanes) {
        let row = row + pixel * channels + first
        let pixels = Octet { pair in
          Vector(
            lowHalf: loadEight(row + 2 * pair * channels),
            highHalf: loadEight(row + (2 * pair + 1) * channels))
        }
        pixels.unzipped.unzipped.unzipped.forEach { channel, vector in
          guard first + channel < channels else { return }
          store(vector, planes + (first + channel) * stride + pixel)
        }
      }
    }
  }
}

/// Eight vectors as one long one.
private struct Octet {
  private let v0: Vector
  private let v1: Vector
  private let v2: Vector
  private let v3: Vector
  private let v4: Vector
  private let v5: Vector
  private let v6: Vector
  private let v7: Vector

  @inline(__always)
  init(_ vector: (Int) -> Vector) {
    (v0, v1, v2, v3) = (vector(0), vector(1), vector(2), vector(3))
    (v4, v5, v6, v7) = (vector(4), vector(5), vector(6), vector(7))
  }

  @inline(__always)
  private init(
    _ a: (Vector, Vector), _ b: (Vector, Vector), _ c: (Vector, Vector), _ d: (Vector, Vector)
  ) {
    (v0, v1) = a
    (v2, v3) = b
    (v4, v5) = c
    (v6, v7) = d
  }

  /// The elements of both halves in turn.
  var zipped: Octet {
    @inline(__always) get {
      Octet(zip(v0, v4), zip(v1, v5), zip(v2, v6), zip(v3, v7))
    }
  }

  /// The elements with even numbers, then those with odd ones.
  var unzipped: Octet {
    @inline(__always) get {
      let (a, b, c, d) = (unzip(v0, v1), unzip(v2, v3), unzip(v4, v5), unzip(v6, v7))
      return Octet((a.even, b.even), (c.even, d.even), (a.odd, b.odd), (c.odd, d.odd))
    }
  }

  @inline(__always)
  func forEach(_ body: (Int, Vector) -> Void) {
    body(0, v0)
    body(1, v1)
    body(2, v2)
    body(3, v3)
    body(4, v4)
    body(5, v5)
    body(6, v6)
    body(7, v7)
  }
}

@inline(__always)
private func loadEight(_ source: Source) -> SIMD8<Float> {
  UnsafeRawPointer(source).loadUnaligned(as: SIMD8<Float>.self)
}

@inline(__always)
private func storeEight(_ vector: SIMD8<Float>, _ target: Target) {
  UnsafeMutableRawPointer(target).storeBytes(of: vector, as: SIMD8<Float>.self)
}

import CPrefetch

/// Tiles of images, into points and back.
extension WinogradTiles {
  /// matrices[p] = the points of the convolution's inputs under the tiles.
  func readInputs(_ pixels: Pixels<Source>, padding: Int, _ tiles: Range<Int>) {
    read(
      Scheme.Data.self, pixels, 0..<pixels.channels, step: Scheme.step, padding: padding, tiles,
      into: input(0).base, inputStride, sums: nil)
  }

  /// - Parameters:
  ///   - step: rows and columns from one tile to the next.
  ///   - padding: rows and columns of zeros in front of the image.
  ///   - sums: where the values of each channel are added up.
  @inline(__always)
  fileprivate func read<T: PointTransform>(
    _: T.Type, _ pixels: Pixels<Source>, _ channels: Range<Int>, step: Int, padding: Int, _ tiles: Range<Int>,
    into matrices: Target, _ distance: Int, sums: Target?
  ) {
    let size = T.sources
    let between = square
    withUnsafeTemporaryAllocation(of: Source.self, capacity: 2 * size * size) { places in
      guard var here = places.baseAddress else { return }
      var next = here + size * size
      var cursor = Cursor(self, at: tiles.lowerBound)
      locate(cursor, pixels, size: size, step: step, padding: padding, into: here)
      for tile in 0..<tiles.count {
        cursor.advance()
        locate(cursor, pixels, size: size, step: step, padding: padding, into: next)
        var channel = channels.lowerBound
        while channel < channels.upperBound {
          let remaining = channels.upperBound - channel
          let target = matrices + (channel - channels.lowerBound) * together + tile * lanes
          // The pixels that the next tile does not share with this one: too many streams for the processor to see.
          for row in 0..<size {
            for column in size - step..<size {
              prefetchForReading(next[row * size + column] + channel)
            }
          }
          var sum = Vector()
          T.applyToSquare(between) { row, column in
            let vector = load(here[row * size + column] + channel, left: remaining)
            if sums != nil { sum += vector }
            return vector
          } _: { row, column, vector in
            store(vector, target + (row * Scheme.points + column) * distance)
          }
          if let sums {
            let sums = sums + channel
            store(sum + load(sums, left: remaining), sums, left: remaining)
          }
          channel += lanes
        }
        swap(&here, &next)
      }
    }
  }

  /// Writes where the pixels under a tile lie, or zeros.
  @inline(__always)
  private func locate(
    _ tile: Cursor, _ pixels: Pixels<Source>, size: Int, step: Int, padding: Int,
    into places: UnsafeMutablePointer<Source>
  ) {
    let zeros = Source(zeros)
    let (top, left) = (tile.row * step - padding, tile.column * step - padding)
    let image = pixels.base + tile.image * pixels.height * pixels.width * pixels.stride
    for row in 0..<size {
      for column in 0..<size {
        let (y, x) = (top + row, left + column)
        let isInside = y >= 0 && y < pixels.height && x >= 0 && x < pixels.width
        places[row * size + column] = isInside ? image + (y * pixels.width + x) * pixels.stride : zeros
      }
    }
  }

  /// Writes the tiles' outputs: activation(result + bias), or what is there + result.
  /// - Parameter beside: pixels of the same places that the epilogue reads.
  @inline(__always)
  func writeOutputs(
    _ pixels: Pixels<Target>, beside: Source? = nil, _ channels: Range<Int>, _ tiles: Range<Int>,
    _ epilogue: (_ sum: Vector, _ target: Target, _ channel: Int, _ left: Int) -> Void
  ) {
    @inline(__always) func request(_ target: Target) {
      prefetchForWriting(target)
      if let beside { prefetchForReading(beside + (target - pixels.base)) }
    }
    let between = square
    let matrices = Source(output(0).base)
    var cursor = Cursor(self, at: tiles.lowerBound)
    func corner() -> Target {
      let (top, left) = (cursor.row * Scheme.outputs, cursor.column * Scheme.outputs)
      return pixels.base + ((cursor.image * pixels.height + top) * pixels.width + left) * pixels.stride
    }
    for tile in 0..<tiles.count {
      let rows = pixels.height - cursor.row * Scheme.outputs
      let columns = pixels.width - cursor.column * Scheme.outputs
      let here = corner()
      cursor.advance()
      let next = corner()
      var channel = channels.lowerBound
      while channel < channels.upperBound {
        let source = matrices + (channel - channels.lowerBound) * together + tile * lanes
        for row in 0..<Scheme.outputs {
          for column in 0..<Scheme.outputs {
            request(next + (row * pixels.width + column) * pixels.stride + channel)
          }
        }
        Scheme.Result.applyToSquare(between) { row, column in
          load(source + (row * Scheme.points + column) * outputStride)
        } _: { row, column, vector in
          guard row < rows, column < columns else { return }
          let target = here + (row * pixels.width + column) * pixels.stride + channel
          epilogue(vector, target, channel, channels.upperBound - channel)
        }
        channel += lanes
      }
    }
  }

  /// Walks over the tiles, image by image and row by row.
  private struct Cursor {
    private let down: Int
    private let across: Int
    private(set) var image: Int
    private(set) var row: Int
    private(set) var column: Int

    init(_ tiles: WinogradTiles, at tile: Int) {
      (down, across) = (tiles.down, tiles.across)
      image = tile / (down * across)
      row = tile / across % down
      column = tile % across
    }

    @inline(__always)
    mutating func advance() {
      column += 1
      guard column == across else { return }
      column = 0
      row += 1
      guard row == down else { return }
      row = 0
      image += 1
    }
  }
}

extension WinogradTiles where Scheme: WinogradScheme {
  /// matrices[p] = the points of the gradients of the tiles' outputs, each of which lies in one tile.
  /// - Parameters:
  ///   - target: of the first tile in the first matrix.
  ///   - sums: where the gradients of each channel are added up.
  func readOutputGradients(
    _ pixels: Pixels<Source>, _ channels: Range<Int>, _ tiles: Range<Int>, into target: Target? = nil,
    sums: Target?
  ) {
    read(
      Scheme.ResultGradient.self, pixels, channels, step: Scheme.outputs, padding: 0, tiles,
      into: target ?? output(0).base, outputStride, sums: sums)
  }
}

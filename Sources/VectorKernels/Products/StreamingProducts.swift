import Kernels

/// Products of samples with a large weight matrix, which read every weight once for a group of samples, in the order of
/// memory.
///
/// A general product would copy such a matrix into panels first, and so spend most of its time on memory traffic.
enum StreamingProducts {
  /// Weights that are in flight together: rows of the matrix, side by side.
  private static let depth = 8
  /// Samples whose results the second-level cache holds.
  private static let group = 32

  /// Calls `body` with the first sample of every group and its samples.
  @inline(__always)
  private static func forEachGroup(_ batch: Int, _ body: (_ first: Int, _ count: Int) -> Void) {
    for first in stride(from: 0, to: batch, by: group) { body(first, min(group, batch - first)) }
  }

  /// y[b, o] += sum over i of x[b, i] * w[i, o].
  static func multiply(batch: Int, inputs: Int, outputs: Int, x: Source, weight: Source, into y: Target) {
    forEachGroup(batch) { first, count in
      multiplyGroup(
        batch: count, inputs: inputs, outputs: outputs, x: x + first * inputs, weight: weight,
        into: y + first * outputs)
    }
  }

  private static func multiplyGroup(
    batch: Int, inputs: Int, outputs: Int, x: Source, weight: Source, into y: Target
  ) {
    var input = 0
    while input + depth <= inputs {
      let weight = weight + input * outputs
      forEachVector(outputs) { output, left in
        let w0 = load(weight + output, left: left)
        let w1 = load(weight + outputs + output, left: left)
        let w2 = load(weight + 2 * outputs + output, left: left)
        let w3 = load(weight + 3 * outputs + output, left: left)
        let w4 = load(weight + 4 * outputs + output, left: left)
        let w5 = load(weight + 5 * outputs + output, left: left)
        let w6 = load(weight + 6 * outputs + output, left: left)
        let w7 = load(weight + 7 * outputs + output, left: left)
        for sample in 0..<batch {
          let x = x + sample * inputs + input
          let y = y + sample * outputs + output
          var sum = load(y, left: left)
          sum.addProduct(Vector(repeating: x[0]), w0)
          sum.addProduct(Vector(repeating: x[1]), w1)
          sum.addProduct(Vector(repeating: x[2]), w2)
          sum.addProduct(Vector(repeating: x[3]), w3)
          sum.addProduct(Vector(repeating: x[4]), w4)
          sum.addProduct(Vector(repeating: x[5]), w5)
          sum.addProduct(Vector(repeating: x[6]), w6)
          sum.addProduct(Vector(repeating: x[7]), w7)
          store(sum, y, left: left)
        }
      }
      input += depth
    }
    while input < inputs {
      forEachVector(outputs) { output, left in
        let w = load(weight + input * outputs + output, left: left)
        for sample in 0..<batch {
          let y = y + sample * outputs + output
          var sum = load(y, left: left)
          sum.addProduct(Vector(repeating: x[sample * inputs + input]), w)
          store(sum, y, left: left)
        }
      }
      input += 1
    }
  }

  /// dx[b, i] = sum over o of dy[b, o] * w[i, o].
  static func multiplyTransposed(
    batch: Int, inputs: Int, outputs: Int, dy: Source, weight: Source, into dx: Target
  ) {
    forEachGroup(batch) { first, count in
      multiplyGroupTransposed(
        batch: count, inputs: inputs, outputs: outputs, dy: dy + first * outputs, weight: weight,
        into: dx + first * inputs)
    }
  }

  private static func multiplyGroupTransposed(
    batch: Int, inputs: Int, outputs: Int, dy: Source, weight: Source, into dx: Target
  ) {
    var input = 0
    while input < inputs {
      // Behind the last row or sample, the last again: the same result is written twice.
      let last = inputs - 1
      let (r0, r1, r2, r3) = (input, min(input + 1, last), min(input + 2, last), min(input + 3, last))
      var sample = 0
      while sample < batch {
        let (a, b) = (sample, min(sample + 1, batch - 1))
        var (a0, a1, a2, a3) = (Vector(), Vector(), Vector(), Vector())
        var (b0, b1, b2, b3) = (Vector(), Vector(), Vector(), Vector())
        forEachVector(outputs) { output, left in
          let da = load(dy + a * outputs + output, left: left)
          let db = load(dy + b * outputs + output, left: left)
          let w0 = load(weight + r0 * outputs + output, left: left)
          let w1 = load(weight + r1 * outputs + output, left: left)
          let w2 = load(weight + r2 * outputs + output, left: left)
          let w3 = load(weight + r3 * outputs + output, left: left)
          a0.addProduct(da, w0)
          a1.addProduct(da, w1)
          a2.addProduct(da, w2)
          a3.addProduct(da, w3)
          b0.addProduct(db, w0)
          b1.addProduct(db, w1)
          b2.addProduct(db, w2)
          b3.addProduct(db, w3)
        }
        let (dxa, dxb) = (dx + a * inputs, dx + b * inputs)
        dxa[r0] = total(a0)
        dxa[r1] = total(a1)
        dxa[r2] = total(a2)
        dxa[r3] = total(a3)
        dxb[r0] = total(b0)
        dxb[r1] = total(b1)
        dxb[r2] = total(b2)
        dxb[r3] = total(b3)
        sample += 2
      }
      input += 4
    }
  }

  /// dw[i, o] += sum over b of x[b, i] * dy[b, o], shard by shard: a register tile is summed for each, and dw is read and written
  /// once for all of them.
  static func addOuterProducts(
    _ shards: Shards, inputs: Int, outputs: Int, x: Source, dy: Source, into dw: Target
  ) {
    typealias Tall = FlatTile<WideLine>
    let width = WideLine.vectors * lanes
    let size = Tall.rows * width
    withUnsafeTemporaryAllocation(of: Float.self, capacity: ShardTree.places(shards.count) * size) { places in
      guard let sums = places.baseAddress else { return }
      for input in stride(from: 0, to: inputs, by: Tall.rows) {
        for output in stride(from: 0, to: outputs, by: width) {
          let (rows, columns) = (min(Tall.rows, inputs - input), min(width, outputs - output))
          ShardTree.forEach(shards.count) { shard, place in
            let samples = shards[shard].samples
            let (x, dy) = (
              x + samples.lowerBound * inputs + input, dy + samples.lowerBound * outputs + output
            )
            let sum = sums + place * size
            if rows == Tall.rows, columns == width {
              var tile = Tall()
              var (left, right) = (x, dy)
              for _ in 0..<samples.count {
                tile.add(left, stride: 1, WideLine(right, second: lanes))
                left += inputs
                right += outputs
              }
              tile.write(sum, stride: width, second: lanes)
            } else {
              edge(
                samples.count, rows: rows, columns: columns, x, inputs, dy, outputs, into: sum, width: width)
            }
          } merge: { place in
            VectorKernels.accumulate(sums + (place + 1) * size, into: sums + place * size, count: size)
          }
          for row in 0..<rows {
            VectorKernels.accumulate(
              sums + row * width, into: dw + (input + row) * outputs + output, count: columns)
          }
        }
      }
    }
  }

  /// The sums of a tile that reaches over the edge of the matrix, in the order of a whole tile's; zeros behind the edge.
  private static func edge(
    _ batch: Int, rows: Int, columns: Int, _ x: Source, _ inputs: Int, _ dy: Source, _ outputs: Int,
    into sums: Target, width: Int
  ) {
    clear(sums, count: FlatTile<WideLine>.rows * width)
    for row in 0..<rows {
      forEachVector(columns) { column, left in
        var sum = Vector()
        for sample in 0..<batch {
          sum.addProduct(
            Vector(repeating: x[sample * inputs + row]), load(dy + sample * outputs + column, left: left))
        }
        store(sum, sums + row * width + column, left: left)
      }
    }
  }

  /// dw[i, o] = sum over b of x[b, i] * dy[b, o] for the inputs in `rows`, of which `dw` has these alone.
  static func outerProducts(
    batch: Int, inputs: Int, outputs: Int, rows: Range<Int>, x: Source, dy: Source, into dw: Target
  ) {
    typealias Tall = FlatTile<WideLine>
    var dw = dw
    var input = rows.lowerBound
    while input < rows.upperBound {
      let isTall = input + Tall.rows <= rows.upperBound
      let width = WideLine.vectors * lanes
      var output = 0
      if isTall {
        while output + width <= outputs {
          var tile = Tall()
          var (left, right) = (x + input, dy + output)
          for _ in 0..<batch {
            tile.add(left, stride: 1, WideLine(right, second: lanes))
            left += inputs
            right += outputs
          }
          tile.write(dw + output, stride: outputs, second: lanes)
          output += width
        }
      }
      let count = isTall ? Tall.rows : 1
      while output < outputs {
        for row in input..<input + count {
          var sum = Vector()
          for sample in 0..<batch {
            sum.addProduct(
              Vector(repeating: x[sample * inputs + row]),
              load(dy + sample * outputs + output, left: outputs - output))
          }
          store(sum, dw + (row - input) * outputs + output, left: outputs - output)
        }
        output += lanes
      }
      dw += count * outputs
      input += count
    }
  }
}

import Kernels

extension VectorKernelSet {
  public static func adaptiveAveragePool(
    _ cells: AdaptiveCells, batch: Int, x: Floats, into y: MutableFloats
  ) {
    let (width, channels) = (cells.input.width, cells.input.channels)
    for image in 0..<batch {
      let x = x + image * cells.input.count
      let y = y + image * cells.output.count
      cells.forEach { cell, rows, columns in
        let share = Vector(repeating: 1 / Float(rows.count * columns.count))
        forEachVector(channels) { channel, left in
          var sum = Vector()
          for row in rows {
            for column in columns {
              sum += load(x + (row * width + column) * channels + channel, left: left)
            }
          }
          store(sum * share, y + cell * channels + channel, left: left)
        }
      }
    }
  }

  public static func adaptiveAveragePoolGradient(
    _ cells: AdaptiveCells, batch: Int, dy: Floats, into dx: MutableFloats, adding: Bool
  ) {
    let (width, channels) = (cells.input.width, cells.input.channels)
    if !adding { clear(dx, count: batch * cells.input.count) }
    for image in 0..<batch {
      let dx = dx + image * cells.input.count
      let dy = dy + image * cells.output.count
      cells.forEach { cell, rows, columns in
        let share = Vector(repeating: 1 / Float(rows.count * columns.count))
        forEachVector(channels) { channel, left in
          let part = load(dy + cell * channels + channel, left: left) * share
          for row in rows {
            for column in columns {
              let target = dx + (row * width + column) * channels + channel
              store(load(target, left: left) + part, target, left: left)
            }
          }
        }
      }
    }
  }
}

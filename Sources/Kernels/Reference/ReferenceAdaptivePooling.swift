import Tensors

extension ReferenceKernels {
  public static func adaptiveAveragePool(
    _ cells: AdaptiveCells, batch: Int, x: Floats, into y: MutableFloats
  ) {
    let (width, channels) = (cells.input.width, cells.input.channels)
    for image in 0..<batch {
      let x = x + image * cells.input.count
      let y = y + image * cells.output.count
      cells.forEach { cell, rows, columns in
        for channel in 0..<channels {
          var sum = 0.0
          for row in rows {
            for column in columns { sum += Double(x[(row * width + column) * channels + channel]) }
          }
          y[cell * channels + channel] = Float(sum / Double(rows.count * columns.count))
        }
      }
    }
  }

  public static func adaptiveAveragePoolGradient(
    _ cells: AdaptiveCells, batch: Int, dy: Floats, into dx: MutableFloats, adding: Bool
  ) {
    let (width, channels) = (cells.input.width, cells.input.channels)
    if !adding { fill(dx, count: batch * cells.input.count, value: 0) }
    for image in 0..<batch {
      let dx = dx + image * cells.input.count
      let dy = dy + image * cells.output.count
      cells.forEach { cell, rows, columns in
        for channel in 0..<channels {
          let share = Float(Double(dy[cell * channels + channel]) / Double(rows.count * columns.count))
          for row in rows {
            for column in columns { dx[(row * width + column) * channels + channel] += share }
          }
        }
      }
    }
  }
}

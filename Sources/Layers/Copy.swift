import Kernels
import Tensors

/// Copies an image into a slice of another, or out of one.
struct CopyOperator: Operator {
  var keeps: Kept { [] }
  var addsInputGradient: Bool { true }
  var readsSlices: Bool { true }
  var writesSlices: Bool { true }

  func forward(_ x: TensorView, into y: TensorView, _ workspace: Workspace) {
    workspace.kernels.copyRows(
      x.base, ChannelRows(x.pixels, channels: x.shape.channels, stride: x.stride), into: y.base,
      stride: y.stride, adding: false)
  }

  func backward(
    _ dy: TensorView, into dx: TensorView?, x: TensorView, y: TensorView, _ workspace: Workspace
  ) {
    guard let dx else { return }
    workspace.kernels.copyRows(
      dy.base, ChannelRows(dy.pixels, channels: dy.shape.channels, stride: dy.stride), into: dx.base,
      stride: dx.stride, adding: workspace.addsInputGradient)
  }
}

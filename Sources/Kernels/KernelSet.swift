import Tensors

#if canImport(Glibc)
  import Glibc
#else
  import Darwin
#endif

/// The arithmetic of a training step on raw buffers: one conformance per instruction set, and a naive one to check them.
///
/// Conventions that every kernel keeps:
/// - Batches are NHWC float32; filters are (rows, columns, in, out); the weight of a linear layer is (in, out).
/// - Backward kernels *add* to parameter gradients and *overwrite* input gradients.
/// - A kernel neither allocates nor keeps a pointer. Scratch is handed in; its size comes from the matching function.
/// - Sizes are proven by the caller's geometry; no kernel checks them again. A batch may be empty.
/// - Results depend on the arguments alone: not on the thread, the time, or the instruction set's vector width.
public protocol KernelSet: Sendable {
  typealias Floats = UnsafePointer<Float>
  typealias MutableFloats = UnsafeMutablePointer<Float>

  /// How logs and `doctor` name this set, for example `x86-64-v4`.
  static var name: String { get }

  // MARK: Convolution (N,H,W,C) * (k,k,C,D) -> (N,H',W',D)

  /// Floats of scratch that the three convolution kernels need for a batch.
  static func convolutionScratch(_ geometry: WindowGeometry, batch: Int) -> Int

  /// y = activation(x * w + b): cross-correlation with zero padding, as PyTorch's `Conv2d`.
  /// - Parameter bias: D floats, or nil for none.
  static func convolve(
    _ geometry: WindowGeometry, batch: Int, x: Floats, weight: Floats, bias: Floats?, activation: Activation,
    into y: MutableFloats, scratch: MutableFloats)

  /// dx = dy * w transposed. Overwrites `dx`.
  static func convolutionInputGradient(
    _ geometry: WindowGeometry, batch: Int, dy: Floats, weight: Floats, into dx: MutableFloats,
    scratch: MutableFloats)

  /// dw += x transposed * dy and, where there is a bias, db += sum of dy over images and positions.
  static func convolutionParameterGradients(
    _ geometry: WindowGeometry, batch: Int, x: Floats, dy: Floats, weight dw: MutableFloats,
    bias db: MutableFloats?, scratch: MutableFloats)

  // MARK: Linear (N,I) x (I,O) -> (N,O)

  /// y = activation(x w + b).
  static func linear(
    batch: Int, inputs: Int, outputs: Int, x: Floats, weight: Floats, bias: Floats?, activation: Activation,
    into y: MutableFloats)

  /// dx = dy w transposed. Overwrites `dx`.
  static func linearInputGradient(
    batch: Int, inputs: Int, outputs: Int, dy: Floats, weight: Floats, into dx: MutableFloats)

  /// dw += x transposed dy and, where there is a bias, db += sum of dy over the batch.
  static func linearParameterGradients(
    batch: Int, inputs: Int, outputs: Int, x: Floats, dy: Floats, weight dw: MutableFloats,
    bias db: MutableFloats?)

  // MARK: Pooling (N,H,W,C) -> (N,H',W',C)

  /// y = the largest element under each window; padding counts as minus infinity.
  /// - Parameter argmax: one entry per output element: which of the window's kernel x kernel places (row by row) won,
  ///   the first of equals. A NaN wins, as in PyTorch. nil when no backward pass follows.
  static func maxPool(
    _ geometry: WindowGeometry, batch: Int, x: Floats, into y: MutableFloats,
    argmax: UnsafeMutablePointer<UInt8>?)

  /// dx = each dy at the place that won, added up where windows overlap. Overwrites `dx`.
  static func maxPoolGradient(
    _ geometry: WindowGeometry, batch: Int, dy: Floats, argmax: UnsafePointer<UInt8>, into dx: MutableFloats)

  /// y = the mean under each window; padding counts as zeros (PyTorch's `count_include_pad`).
  static func averagePool(_ geometry: WindowGeometry, batch: Int, x: Floats, into y: MutableFloats)

  /// dx = dy / (kernel x kernel) spread over each window. Overwrites `dx`.
  static func averagePoolGradient(_ geometry: WindowGeometry, batch: Int, dy: Floats, into dx: MutableFloats)

  // MARK: Activations, element by element; `y` may be `x`, `dx` may be `dy`

  /// y = max(x, 0).
  static func relu(_ x: Floats, into y: MutableFloats, count: Int)
  /// dx = dy where y > 0, else 0.
  static func reluGradient(_ dy: Floats, y: Floats, into dx: MutableFloats, count: Int)
  /// y = 1 / (1 + exp(-x)).
  static func sigmoid(_ x: Floats, into y: MutableFloats, count: Int)
  /// dx = dy y (1 - y).
  static func sigmoidGradient(_ dy: Floats, y: Floats, into dx: MutableFloats, count: Int)
  /// y = tanh(x).
  static func tanh(_ x: Floats, into y: MutableFloats, count: Int)
  /// dx = dy (1 - y^2).
  static func tanhGradient(_ dy: Floats, y: Floats, into dx: MutableFloats, count: Int)

  // MARK: Dropout

  /// y = x / (1 - p) where the element survives, else 0, for one sample (Srivastava et al., 2014).
  ///
  /// Element e survives when `random.word(e)` >= `threshold`; both passes ask the same stream, so no mask is kept.
  /// - Parameters:
  ///   - threshold: p x 2^32, rounded.
  ///   - scale: 1 / (1 - p).
  static func dropout(
    _ x: Floats, into y: MutableFloats, count: Int, random: RandomStream, threshold: UInt32, scale: Float)

  // MARK: Loss

  /// Softmax and cross-entropy in one pass over (N, classes) logits.
  ///
  /// loss_i = logsumexp(z_i) - z_i[label_i]; dz_i = (softmax(z_i) - onehot(label_i)) x `scale`.
  /// - Parameters:
  ///   - scale: 1 / the global batch, so that gradients of all ranks sum to that of the mean loss.
  ///   - gradient: overwritten; nil for evaluation.
  /// - Returns: the sum of the losses, and how many samples have their label's logit strictly largest (of equals, the
  ///   first class counts, as argmax does).
  static func softmaxCrossEntropy(
    batch: Int, classes: Int, logits: Floats, labels: UnsafePointer<UInt8>, scale: Float,
    gradient: MutableFloats?
  ) -> (loss: Double, correct: Int)

  // MARK: Flat buffers

  /// The sum of squares, in double precision per block of elements; not finite where any element is not.
  static func sumOfSquares(_ x: Floats, count: Int) -> Double

  /// x = value everywhere.
  static func fill(_ x: MutableFloats, count: Int, value: Float)

  /// into += x.
  static func accumulate(_ x: Floats, into y: MutableFloats, count: Int)

  /// Stochastic gradient descent with momentum, as `torch.optim.SGD` (dampening 0):
  /// g += weightDecay w; v = momentum v + g (v = g in the first step); w -= rate v.
  /// - Parameter velocity: nil when momentum is 0; then w -= rate g.
  static func sgd(
    parameters: MutableFloats, gradients: Floats, velocity: MutableFloats?, count: Int, rate: Float,
    momentum: Float, weightDecay: Float, isFirstStep: Bool)

  /// Adam (Kingma and Ba, 2015, arXiv:1412.6980), as `torch.optim.Adam`:
  /// g += weightDecay w; m = b1 m + (1 - b1) g; v = b2 v + (1 - b2) g^2;
  /// w -= rate / (1 - b1^t) m / (sqrt(v / (1 - b2^t)) + epsilon).
  /// - Parameter hyper: the numbers of this step.
  static func adam(
    parameters: MutableFloats, gradients: Floats, first: MutableFloats, second: MutableFloats, count: Int,
    hyper: AdamStep)
}

/// The numbers of one Adam step, worked out in double precision as PyTorch does.
@frozen
public struct AdamStep: Hashable, Sendable {
  public let rate: Float
  public let beta1: Float
  public let beta2: Float
  /// 1 - beta1 and 1 - beta2: in single precision the latter would be off by 1.3e-5 of itself.
  public let rest1: Float
  public let rest2: Float
  public let epsilon: Float
  public let weightDecay: Float
  /// 1 - beta1^t.
  public let correction1: Float
  /// sqrt(1 - beta2^t).
  public let correction2Root: Float

  /// - Parameter step: t, from 1.
  public init(rate: Float, beta1: Double, beta2: Double, epsilon: Float, weightDecay: Float, step: Int) {
    precondition(step > 0, "steps are counted from 1")
    self.rate = rate
    self.beta1 = Float(beta1)
    self.beta2 = Float(beta2)
    rest1 = Float(1 - beta1)
    rest2 = Float(1 - beta2)
    self.epsilon = epsilon
    self.weightDecay = weightDecay
    correction1 = Float(1 - pow(beta1, Double(step)))
    correction2Root = Float((1 - pow(beta2, Double(step))).squareRoot())
  }
}

import Tensors

/// The arithmetic of a training step on raw buffers: one conformance per instruction set, and a naive one to check them.
///
/// Conventions that every kernel keeps:
/// - Batches are NHWC float32; filters are (rows, columns, in, out); the weight of a linear layer is (in, out).
/// - Backward kernels *add* to parameter gradients and *overwrite* input gradients.
/// - A kernel neither allocates nor keeps a pointer. Scratch is handed in; its size comes from the matching function.
/// - Sizes are proven by the caller's geometry; no kernel checks them again. A batch may be empty.
/// - Gradients of parameters are sums over ``Shards``, added up as ``ShardTree`` says; nothing else depends on what is computed beside a
///   sample.
/// - Results depend on the arguments alone: not on the thread, the time, or the instruction set's vector width.
public protocol KernelSet: Sendable {
  typealias Floats = UnsafePointer<Float>
  typealias MutableFloats = UnsafeMutablePointer<Float>

  /// How logs and `doctor` name this set, for example `x86-64-v4`.
  static var name: String { get }

  /// These kernels with every product computed by OpenBLAS; nil where there are none.
  static var onOpenBLAS: (any KernelSet.Type)? { get }

  /// Fused multiply-adds on registers alone, as fast as the processor can: what every kernel is measured against.
  /// - Returns: how many there were, and a result that depends on all of them.
  static func fusedMultiplyAdds(rounds: Int) -> (count: Int, result: Float)

  /// Floats of scratch of ``tileProducts(inner:rounds:scratch:)``.
  static func tileScratch(inner: Int) -> Int

  /// Products of a few register tiles again and again, from panels in the nearest caches: what a product of matrices can reach.
  /// - Parameter inner: the inner dimension, a multiple of 16.
  /// - Returns: how many multiply-adds there were.
  static func tileProducts(inner: Int, rounds: Int, scratch: MutableFloats) -> Int

  // MARK: Convolution (N,H,W,C) * (k,k,C,D) -> (N,H',W',D)

  /// What the convolution kernels do for a shape, for reports.
  static func convolutionAlgorithm(_ geometry: WindowGeometry) -> String

  /// Floats of scratch that the three convolution kernels need for these samples, or fewer in each shard.
  static func convolutionScratch(_ geometry: WindowGeometry, _ shards: Shards) -> Int

  /// y = activation(x * w + b): cross-correlation with zero padding, as PyTorch's `Conv2d`.
  /// - Parameter bias: D floats, or nil for none.
  static func convolve(
    _ geometry: WindowGeometry, batch: Int, x: Floats, weight: Floats, bias: Floats?, activation: Activation,
    into y: MutableFloats, scratch: MutableFloats)

  /// dx = dy * w transposed.
  /// - Parameters:
  ///   - adding: adds to `dx` instead of overwriting it.
  ///   - gate: x, if a ReLU computed it: dx, including what is added to, becomes 0 wherever x is 0, which is that ReLU's
  ///     backward. nil for none.
  static func convolutionInputGradient(
    _ geometry: WindowGeometry, batch: Int, dy: Floats, weight: Floats, into dx: MutableFloats, adding: Bool,
    gate: Floats?, scratch: MutableFloats)

  /// dw += x transposed * dy and, where there is a bias, db += sum of dy over images and positions, shard by shard.
  static func convolutionParameterGradients(
    _ geometry: WindowGeometry, _ shards: Shards, x: Floats, dy: Floats, weight dw: MutableFloats,
    bias db: MutableFloats?, scratch: MutableFloats)

  // MARK: Convolution, function and 2x2 pooling of one channel (N,H,W,1) -> (N,P,Q,D)

  /// How the two kernels below work, for reports.
  static var pooledConvolutionAlgorithm: String { get }

  /// Floats of scratch that both need, for any samples in as many shards.
  static func pooledConvolutionScratch(_ stage: PooledConvolution, _ shards: Shards) -> Int

  /// y = the mean of f(x * w + b) under each 2x2 window, or f of the largest x * w + b under it, which is the largest f: no f
  /// falls. Of equals the first place wins, row by row; a NaN wins, as in PyTorch.
  /// - Parameters:
  ///   - bias: D floats.
  ///   - saved: gets ``PooledConvolution/saved(batch:)`` floats for the gradients; nil when no backward pass follows.
  static func pooledConvolution(
    _ stage: PooledConvolution, batch: Int, x: Floats, weight: Floats, bias: Floats, into y: MutableFloats,
    saved: MutableFloats?, scratch: MutableFloats)

  /// dw += x transposed * dz and db += sum of dz over images and positions, where dz = f' times what the pooling sends back: a
  /// quarter of dy to each place of a window, or dy to the place that won. Shard by shard.
  /// - Parameters:
  ///   - y: what forward wrote; read where the pooling is a maximum.
  ///   - saved: what forward left.
  static func pooledConvolutionGradients(
    _ stage: PooledConvolution, _ shards: Shards, x: Floats, y: Floats, dy: Floats, saved: Floats,
    weight dw: MutableFloats, bias db: MutableFloats, scratch: MutableFloats)

  // MARK: Linear (N,I) x (I,O) -> (N,O)

  /// Floats of scratch that the three linear kernels need for these samples, or fewer in each shard.
  static func linearScratch(_ shards: Shards, inputs: Int, outputs: Int) -> Int

  /// What the linear kernels do for a shape, for reports.
  static func linearAlgorithm(inputs: Int, outputs: Int) -> String

  /// y = activation(x w + b).
  static func linear(
    batch: Int, inputs: Int, outputs: Int, x: Floats, weight: Floats, bias: Floats?, activation: Activation,
    into y: MutableFloats, scratch: MutableFloats)

  /// dx = dy w transposed. Overwrites `dx`.
  static func linearInputGradient(
    batch: Int, inputs: Int, outputs: Int, dy: Floats, weight: Floats, into dx: MutableFloats,
    scratch: MutableFloats)

  /// dw += x transposed dy and, where there is a bias, db += sum of dy over the batch, shard by shard.
  static func linearParameterGradients(
    _ shards: Shards, inputs: Int, outputs: Int, x: Floats, dy: Floats, weight dw: MutableFloats,
    bias db: MutableFloats?, scratch: MutableFloats)

  /// dw = x transposed dy for some of the weight's rows, and db = sum of dy over the batch. Overwrites both.
  /// - Parameters:
  ///   - rows: of the inputs; `dw` has these alone.
  ///   - db: nil for none.
  static func outerProducts(
    batch: Int, inputs: Int, outputs: Int, rows: Range<Int>, x: Floats, dy: Floats, weight dw: MutableFloats,
    bias db: MutableFloats?)

  // MARK: Pooling (N,H,W,C) -> (N,H',W',C)

  /// y = activation(the largest element under each window); padding counts as minus infinity.
  /// - Parameters:
  ///   - activation: ReLU only for windows of fewer than 256 places.
  ///   - argmax: one entry per output element: which of the window's kernel x kernel places (row by row) won, the first of
  ///     equals; 255 where ReLU lets none pass. A NaN wins, as in PyTorch. nil when no backward pass follows.
  static func maxPool(
    _ geometry: WindowGeometry, batch: Int, x: Floats, activation: Activation, into y: MutableFloats,
    argmax: UnsafeMutablePointer<UInt8>?)

  /// dx = each dy at the place that won, added up where windows overlap.
  /// - Parameter adding: adds to `dx` instead of overwriting it.
  static func maxPoolGradient(
    _ geometry: WindowGeometry, batch: Int, dy: Floats, argmax: UnsafePointer<UInt8>, into dx: MutableFloats,
    adding: Bool)

  /// y = the mean under each window; padding counts as zeros (PyTorch's `count_include_pad`).
  static func averagePool(_ geometry: WindowGeometry, batch: Int, x: Floats, into y: MutableFloats)

  /// dx = dy / (kernel x kernel) spread over each window.
  /// - Parameter adding: adds to `dx` instead of overwriting it.
  static func averagePoolGradient(
    _ geometry: WindowGeometry, batch: Int, dy: Floats, into dx: MutableFloats, adding: Bool)

  /// y = the mean of each of the output's cells, as PyTorch's `AdaptiveAvgPool2d`: cell i of n covers the rows
  /// floor(i H / n) to ceil((i + 1) H / n), and columns likewise.
  static func adaptiveAveragePool(_ cells: AdaptiveCells, batch: Int, x: Floats, into y: MutableFloats)

  /// dx = dy / (pixels of the cell), added up where cells overlap.
  /// - Parameter adding: adds to `dx` instead of overwriting it.
  static func adaptiveAveragePoolGradient(
    _ cells: AdaptiveCells, batch: Int, dy: Floats, into dx: MutableFloats, adding: Bool)

  // MARK: Channels: rows of pixels, with numbers for each channel

  /// Mean and biased variance of each channel over all rows; both 0 where there are none.
  static func channelMoments(
    _ x: Floats, _ rows: ChannelRows, mean: MutableFloats, variance: MutableFloats)

  /// y = activation(x scale + shift), channel by channel. `y` has nothing between its rows.
  static func scaleAndShift(
    _ x: Floats, _ rows: ChannelRows, scale: Floats, shift: Floats, activation: Activation,
    into y: MutableFloats)

  /// The sums behind ``scaleAndShift(_:_:scale:shift:activation:into:)``: with g = dy where the activation passes, else 0,
  /// sums = sum of g and products = sum of g (x - centre) over all rows. Overwrites both.
  static func scaleAndShiftSums(
    _ dy: Floats, x: Floats, _ rows: ChannelRows, scale: Floats, shift: Floats, activation: Activation,
    centre: Floats, sums: MutableFloats, products: MutableFloats)

  /// dx = a g + b x + c, channel by channel, with g as above; `dx` has the rows of `x`.
  /// - Parameter adding: adds to `dx` instead of overwriting it.
  static func scaleAndShiftGradient(
    _ dy: Floats, x: Floats, _ rows: ChannelRows, scale: Floats, shift: Floats, activation: Activation,
    a: Floats, b: Floats, c: Floats, into dx: MutableFloats, adding: Bool)

  /// Copies rows of channels to rows `stride` floats apart.
  /// - Parameter adding: adds instead.
  static func copyRows(
    _ x: Floats, _ rows: ChannelRows, into y: MutableFloats, stride: Int, adding: Bool)

  /// y = activation(y + x).
  static func addAndActivate(_ x: Floats, into y: MutableFloats, count: Int, activation: Activation)

  // MARK: Outputs (N,I) -> (N,classes)

  /// y[n,k] = -sum over i of (x[n,i] - w[k,i])^2, minus the radial basis functions of LeNet-5 (LeCun et al., 1998).
  /// - Parameter weight: (classes, inputs).
  static func radialBasis(
    batch: Int, inputs: Int, classes: Int, x: Floats, weight: Floats, into y: MutableFloats)

  /// dx = sum over k of dy[n,k] 2 (w[k,i] - x[n,i]). Overwrites `dx`.
  static func radialBasisInputGradient(
    batch: Int, inputs: Int, classes: Int, x: Floats, weight: Floats, dy: Floats, into dx: MutableFloats)

  /// dw += sum over n of dy[n,k] 2 (x[n,i] - w[k,i]).
  static func radialBasisParameterGradients(
    batch: Int, inputs: Int, classes: Int, x: Floats, weight: Floats, dy: Floats, weight dw: MutableFloats)

  /// y = exp(x) / sum of exp(x) over each row of `classes`; `y` may be `x`.
  static func softmax(batch: Int, classes: Int, x: Floats, into y: MutableFloats)

  /// dx = y (dy - sum of dy y over the row); `dx` may be `dy`.
  static func softmaxGradient(batch: Int, classes: Int, dy: Floats, y: Floats, into dx: MutableFloats)

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
  /// With the target distribution q of ``LossTargets``: loss_i = sum over k of q_i[k] (logsumexp(z_i) - z_i[k]);
  /// dz_i = (softmax(z_i) - q_i) x `scale`.
  /// - Parameters:
  ///   - scale: 1 / the global batch, so that gradients of all ranks sum to that of the mean loss.
  ///   - gradient: overwritten; nil for evaluation.
  /// - Returns: the sum of the losses, each as ``LossTargets/summable(_:)`` rounds it, and how many samples have their label's logit strictly largest (of equals, the
  ///   first class counts, as argmax does).
  static func softmaxCrossEntropy(
    batch: Int, classes: Int, logits: Floats, targets: LossTargets, scale: Float, gradient: MutableFloats?
  ) -> (loss: Double, correct: Int)

  // MARK: Flat buffers

  /// The sum of squares, in double precision per block of elements; not finite where any element is not.
  static func sumOfSquares(_ x: Floats, count: Int) -> Double

  /// The sum of x y, in double precision.
  static func dot(_ x: Floats, _ y: Floats, count: Int) -> Double

  /// x = value everywhere.
  static func fill(_ x: MutableFloats, count: Int, value: Float)

  /// into += x.
  static func accumulate(_ x: Floats, into y: MutableFloats, count: Int)

  /// into = the nearest number of 16 bits to it + the nearest to x; see `BFloat16`.
  static func accumulateRounded(_ x: Floats, into y: MutableFloats, count: Int)

  /// y += share (x - y): a step of an exponential moving average, whose decay is 1 - share.
  static func average(_ x: Floats, into y: MutableFloats, count: Int, share: Float)

  /// Every x becomes y, and every y becomes x.
  static func exchange(_ x: MutableFloats, with y: MutableFloats, count: Int)

  // MARK: Optimizers

  /// Stochastic gradient descent with momentum, as `torch.optim.SGD` (dampening 0):
  /// g = scale g + weightDecay w; v = momentum v + g (v = g in the first step); w -= rate v, or with Nesterov's
  /// momentum w -= rate (g + momentum v).
  /// - Parameter velocity: nil when momentum is 0; then w -= rate g.
  static func sgd(
    parameters: MutableFloats, gradients: Floats, velocity: MutableFloats?, count: Int, hyper: SGDStep)

  /// The update of LARS (You, Gitman and Ginsburg, 2017, arXiv:1708.03888), momentum on whole steps:
  /// v = momentum v + rate (scale g + weightDecay w), where momentum v is 0 in the first step; w -= v.
  /// - Parameters:
  ///   - velocity: nil when momentum is 0.
  ///   - hyper: its rate is the local one; Nesterov's momentum does not apply.
  static func lars(
    parameters: MutableFloats, gradients: Floats, velocity: MutableFloats?, count: Int, hyper: SGDStep)

  /// Adam (Kingma and Ba, 2015, arXiv:1412.6980), as `torch.optim.Adam`, and AdamW (Loshchilov and Hutter, 2019,
  /// arXiv:1711.05101), as `torch.optim.AdamW`:
  /// g = scale g + weightDecay w; m = b1 m + (1 - b1) g; v = b2 v + (1 - b2) g^2;
  /// w = shrinkage w - rate / (1 - b1^t) m / (sqrt(v / (1 - b2^t)) + epsilon).
  /// - Parameter hyper: the numbers of this step.
  static func adam(
    parameters: MutableFloats, gradients: Floats, first: MutableFloats, second: MutableFloats, count: Int,
    hyper: AdamStep)
}

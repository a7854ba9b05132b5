"""PyTorch in double precision judges cnn-dist, network by network. See scripts/parity."""
import argparse
import dataclasses
import os
import pathlib
import tempfile
import time

import torch

import exports
import fashion_mnist
import networks
import optimizers
import program
import truth

TEST_IMAGES = 100

# Of every parameter's gradient, relative to the tensor's own largest: float32 sums over a whole batch and image differ by 1e-7
# to 2e-5 from double precision, deepest networks most. A wrong factor or a lost term shows as 1e-2 or more.
GRADIENT_TOLERANCE = 1e-4
# At full size one of millions of ReLUs and pooling windows lies within rounding of a tie, goes the other way and moves a
# whole small tensor: between PyTorch's own two memory formats by up to 2e-2. A wrong kernel moves it by about 1.
GRADIENT_TOLERANCE_FULL_SIZE = 0.1
# A tie is chance, a fault is not: a case that fails is drawn again, this often in all.
DRAWS = 3
# Logits in evaluation mode, relative to the largest one; the loss relative to itself; running statistics to their largest.
LOGITS_TOLERANCE = 1e-4
LOSS_TOLERANCE = 1e-5
STATISTICS_TOLERANCE = 1e-5


@dataclasses.dataclass
class Case:
    """A network at an image size. `awake` draws weights clear of ties, layer by layer, which needs a plain sequence."""
    name: str
    size: int
    batch: int
    awake: bool = True
    full_size: bool = False

    def __str__(self):
        return f"{self.name}@{self.size}"


CASES = [
    Case("lenet", 28, 32),
    Case("lenet-max", 28, 8),
    Case("lenet5", 32, 32),
    Case("lenet5-1998", 32, 32, awake=False),
    Case("alexnet", 128, 4),
    Case("alexnet-small", 128, 4),
    Case("alexnet-imagenet", 128, 4),
    Case("alexnet-half", 128, 4),
    Case("vgg11", 32, 4),
    Case("vgg11", 96, 4),
    Case("vgg11-small", 32, 4),
    Case("vgg16", 32, 4),
    Case("nin", 67, 4),
    Case("googlenet", 32, 8, awake=False),
    Case("resnet18", 64, 8, awake=False),
    Case("densenet", 64, 8, awake=False),
    Case("alexnet", 224, 4, awake=False, full_size=True),
    Case("alexnet-small", 224, 4, awake=False, full_size=True),
    Case("alexnet-imagenet", 227, 4, awake=False, full_size=True),
    Case("alexnet-half", 224, 4, awake=False, full_size=True),
    Case("vgg11", 224, 4, awake=False, full_size=True),
    Case("vgg11-small", 224, 4, awake=False, full_size=True),
    Case("vgg16", 224, 4, awake=False, full_size=True),
    Case("nin", 224, 4, awake=False, full_size=True),
    Case("googlenet", 96, 4, awake=False, full_size=True),
    Case("resnet18", 96, 4, awake=False, full_size=True),
    Case("densenet", 96, 4, awake=False, full_size=True),
]


def judge(case, seed, cnn_dist, directory):
    """One row of the table; what does not hold."""
    start = time.monotonic()
    torch.manual_seed(seed)
    network, shape = networks.build(case.name, case.size, dropout=0.0)
    images, labels = fashion_mnist.load("train", case.batch, shape)
    if case.awake:
        networks.wide_awake(network, images)
    else:
        networks.lively(network)
    classes = truth.classes(network, shape)
    expected = truth.Step(network, images, labels, shards=2)
    found = cnn_dist.step(case.name, network.state_dict(), size=case.size, classes=classes, batch=case.batch,
                          directory=directory)
    # The names and shapes of everything, as PyTorch wants them.
    networks.build(case.name, case.size)[0].load_state_dict(found.state, strict=True)

    gradients = truth.worst_gradient(found.gradients, expected.gradients)
    itself = truth.worst_gradient(expected.float_gradients, expected.gradients)
    loss = abs(found.loss - expected.loss) / expected.loss
    statistics = truth.worst_statistic(found.state, expected.statistics)

    images, labels = fashion_mnist.load("t10k", TEST_IMAGES, shape)
    with torch.no_grad():
        wanted = network.eval()(images)
    logits = cnn_dist.logits(case.name, directory, labels, size=case.size, classes=classes)
    largest = float(wanted.abs().max())
    distance = float((logits - wanted).abs().max()) / largest
    spread = float(wanted.std(0).max()) / largest
    exported, wrong = exports.judge(case, cnn_dist, directory, images, classes)
    onnx = float((exported - wanted).abs().max()) / largest

    allowed = GRADIENT_TOLERANCE_FULL_SIZE if case.full_size else GRADIENT_TOLERANCE
    failed = [what for what, value, limit in (
        ("gradients", gradients, allowed), ("loss", loss, LOSS_TOLERANCE),
        ("statistics", statistics, STATISTICS_TOLERANCE), ("logits", distance, LOGITS_TOLERANCE),
        ("onnx", onnx, LOGITS_TOLERANCE))
        if not value <= limit] + wrong
    print(f"{str(case):20} {case.batch:5} {gradients:9.1e} {itself:9.1e} {loss:9.1e} {statistics:10.1e} {distance:9.1e} "
          f"{onnx:9.1e} {spread:9.1e} {time.monotonic() - start:5.0f} s  {'ok' if not failed else 'FAILED: ' + ', '.join(failed)}",
          flush=True)
    return failed


def selected(names, everything):
    if not names:
        return [case for case in CASES if everything or not case.full_size]
    unknown = [name for name in names if not any(name in (case.name, str(case)) for case in CASES)]
    if unknown:
        raise SystemExit(f"unknown: {', '.join(unknown)}; one of {', '.join(map(str, CASES))}")
    return [case for case in CASES if str(case) in names or (case.name in names and not case.full_size)]


def main():
    parser = argparse.ArgumentParser(prog="scripts/parity", description=__doc__)
    parser.add_argument("--models", default="", help="comma-separated, lenet or vgg11@224")
    parser.add_argument("--all", action="store_true", help="the large networks at full size too")
    parser.add_argument("--seed", type=int, default=1, help="of the first draw of weights")
    parser.add_argument("--program", required=True)
    parser.add_argument("--mpirun", required=True, help="the command that starts ranks")
    options = parser.parse_args()
    torch.set_num_threads(len(os.sched_getaffinity(0)))
    cnn_dist = program.Program(options.program, options.mpirun.split())
    names = [name for name in options.models.split(",") if name]
    cases = selected(names, options.all)
    print(f"PyTorch {torch.__version__} in double precision; one step on 2 ranks, and {TEST_IMAGES} test images; worst errors")
    print(f"{'network@size':20} {'batch':>5} {'gradients':>9} {'itself':>9} {'loss':>9} {'statistics':>10} {'logits':>9} "
          f"{'onnx':>9} {'spread':>9} {'took':>7}")
    failed = []
    for case in cases:
        for seed in range(options.seed, options.seed + DRAWS):
            with tempfile.TemporaryDirectory(prefix="cnn-dist-parity-") as directory:
                differs = judge(case, seed, cnn_dist, pathlib.Path(directory))
            # Ties, which only weights drawn by chance have, excuse gradients and nothing else.
            if differs != ["gradients"] or case.awake:
                break
        if differs:
            failed.append(str(case))
    print(f"gradients: of every parameter, relative to the largest of its tensor, at most {GRADIENT_TOLERANCE:.0e} "
          f"(full size {GRADIENT_TOLERANCE_FULL_SIZE});\nitself: the same of PyTorch's own float32; loss: at most "
          f"{LOSS_TOLERANCE:.0e} of itself; statistics: running mean and variance, at most {STATISTICS_TOLERANCE:.0e}\n"
          f"of the largest; logits: in evaluation mode, at most {LOGITS_TOLERANCE:.0e} of the largest; onnx: the same of the "
          f"exported network in onnxruntime;\nspread: how much they depend on the image")
    if not names:
        failed += optimizers.judge_all(cnn_dist)
    if failed:
        raise SystemExit(f"\nparity: not equal to PyTorch: {', '.join(failed)}")


if __name__ == "__main__":
    main()

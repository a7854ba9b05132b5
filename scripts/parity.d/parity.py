"""PyTorch judges cnn-dist: one SGD step and the logits of 100 test images, network by network. See scripts/parity."""
import argparse
import copy
import csv
import dataclasses
import os
import pathlib
import subprocess
import tempfile
import time

import torch
import torch.nn.functional as F
from safetensors.torch import load_file, save_file

import fashion_mnist
import networks

LEARNING_RATE = 0.1
TEST_IMAGES = 100

# New parameters, relative to the largest change of the step. float32 sums in another order differ by 1e-7 to 3e-6 here.
STEP_TOLERANCE = 1e-5
# The same per tensor, relative to the tensor's own largest change, after taking off one unit in the last place of the
# weight: that much comes from rounding the new weight, whatever the gradient. For small cases, which have no near ties.
TENSOR_TOLERANCE = 1e-5
# At 224x224 one of millions of ReLUs and pooling windows lies within rounding of a tie, goes the other way and moves a
# whole small tensor: between PyTorch's own two memory formats by up to 2e-2. A wrong kernel moves it by about 1.
TENSOR_TOLERANCE_FULL_SIZE = 0.1
# Such a flip is chance, a fault is not: a full-size case that fails is drawn again, this often in all.
FULL_SIZE_DRAWS = 3
# Logits, relative to the largest one.
LOGITS_TOLERANCE = 1e-4


@dataclasses.dataclass
class Case:
    """Small cases have weights that make every error visible, full-size ones PyTorch's default initialisation."""
    name: str
    size: int
    batch: int
    small: bool
    long: bool = False

    def __str__(self):
        return f"{self.name}@{self.size}"


CASES = [
    Case("lenet", 28, 32, small=True),
    Case("lenet-max", 28, 8, small=True),
    Case("lenet5", 32, 32, small=True),
    Case("alexnet", 128, 4, small=True),
    Case("alexnet-small", 128, 4, small=True),
    Case("vgg11", 32, 4, small=True),
    Case("vgg11-small", 32, 4, small=True),
    Case("vgg16", 32, 4, small=True),
    Case("alexnet", 224, 4, small=False),
    Case("vgg11", 224, 4, small=False),
    Case("alexnet-small", 224, 4, small=False, long=True),
    Case("vgg11-small", 224, 4, small=False, long=True),
    Case("vgg16", 224, 4, small=False, long=True),
]


def step(network, images, labels, memory_format=torch.contiguous_format):
    """PyTorch's parameters after one step of plain SGD."""
    network = copy.deepcopy(network).to(memory_format=memory_format)
    optimizer = torch.optim.SGD(network.parameters(), lr=LEARNING_RATE)
    F.cross_entropy(network(images.contiguous(memory_format=memory_format)), labels).backward()
    optimizer.step()
    return {name: tensor.contiguous() for name, tensor in network.state_dict().items()}


def distances(ours, theirs, before):
    """Worst difference relative to the largest change of all, and to that of its tensor less one ulp."""
    largest = max(float((theirs[name] - before[name]).abs().max()) for name in before)
    whole = tensor = 0.0
    for name, new in theirs.items():
        difference = (ours[name] - new).abs()
        whole = max(whole, float(difference.max()) / largest)
        ulp = torch.nextafter(new.abs(), torch.tensor(torch.inf)) - new.abs()
        change = float((new - before[name]).abs().max())
        tensor = max(tensor, float((difference - ulp).clamp(min=0).max()) / change)
    return whole, tensor


def run(*command):
    """Runs a command; its output is shown only when it fails."""
    result = subprocess.run([str(part) for part in command], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                            stderr=subprocess.STDOUT, text=True)
    if result.returncode != 0:
        raise SystemExit(f"{' '.join(map(str, command))}\n{result.stdout}exit {result.returncode}")


def read_logits(path, labels):
    """The rows of `evaluate --logits`, which must be the first test images in order."""
    with open(path, newline="") as file:
        rows = list(csv.DictReader(file))
    if [int(row["index"]) for row in rows] != list(range(len(labels))):
        raise SystemExit(f"{path}: {len(rows)} rows, or not in the order of the test set")
    if [int(row["label"]) for row in rows] != labels.tolist():
        raise SystemExit(f"{path}: labels are not those of the test set")
    classes = sum(key.startswith("logit") for key in rows[0])
    return torch.tensor([[float(row[f"logit{k}"]) for k in range(classes)] for row in rows])


def judge(case, seed, program, mpirun, directory):
    """One row of the table."""
    start = time.monotonic()
    torch.manual_seed(seed)
    network, shape = networks.build(case.name, case.size, dropout=0.0)
    images, labels = fashion_mnist.load("train", case.batch, shape)
    if case.small:
        networks.wide_awake(network, images)
    before = copy.deepcopy(network.state_dict())
    initial, trained = directory / "initial.safetensors", directory / "run"
    save_file(before, initial)
    run(*mpirun, "-n", 2, program, "train", case.name, "--recipe", "notebook", "--init", initial, "--no-shuffle", "--dropout", 0,
        "--optimizer", "sgd", "--lr", LEARNING_RATE, "--max-steps", 1, "--batch-size", case.batch,
        "--image-size", case.size, "--threads", 1, "--eval-every", 0, "--quiet", "--run", trained)
    theirs = step(network, images, labels)
    itself, _ = distances(step(network, images, labels, torch.channels_last), theirs, before)
    ours = load_file(trained / "checkpoints" / "last" / "model.safetensors")
    network.load_state_dict(ours, strict=True)
    whole, tensor = distances(ours, theirs, before)

    table = directory / "logits.csv"
    run(program, "evaluate", trained, "--logits", table, "--test-limit", TEST_IMAGES)
    images, labels = fashion_mnist.load("t10k", TEST_IMAGES, shape)
    with torch.no_grad():
        expected = network.eval()(images)
    largest = float(expected.abs().max())
    logits = float((read_logits(table, labels) - expected).abs().max()) / largest
    spread = float(expected.std(0).max()) / largest

    allowed_tensor = TENSOR_TOLERANCE if case.small else TENSOR_TOLERANCE_FULL_SIZE
    failed = [what for what, value, limit in (
        ("step", whole, STEP_TOLERANCE), ("tensor", tensor, allowed_tensor), ("logits", logits, LOGITS_TOLERANCE))
        if not value <= limit]
    print(f"{str(case):18} {case.batch:5} {whole:9.1e} {itself:9.1e} {tensor:9.1e} {logits:9.1e} {spread:9.1e} "
          f"{time.monotonic() - start:6.0f} s  {'ok' if not failed else 'FAILED: ' + ', '.join(failed)}", flush=True)
    return not failed


def selected(models, everything):
    if not models:
        return [case for case in CASES if everything or not case.long]
    chosen = [case for case in CASES if {case.name, str(case)} & set(models)]
    unknown = [name for name in models if not any(name in (case.name, str(case)) for case in CASES)]
    if unknown:
        raise SystemExit(f"unknown: {', '.join(unknown)}; one of {', '.join(map(str, CASES))}")
    return chosen


def main():
    parser = argparse.ArgumentParser(prog="scripts/parity", description=__doc__)
    parser.add_argument("--models", default="", help="comma-separated, lenet or vgg11@224")
    parser.add_argument("--all", action="store_true", help="every network at its full size too")
    parser.add_argument("--seed", type=int, default=1, help="of the initial weights")
    parser.add_argument("--program", required=True)
    parser.add_argument("--mpirun", required=True, help="the command that starts ranks")
    options = parser.parse_args()
    torch.set_num_threads(len(os.sched_getaffinity(0)))
    cases = selected([name for name in options.models.split(",") if name], options.all)
    print(f"PyTorch {torch.__version__}; one SGD step on 2 ranks and {TEST_IMAGES} test images; worst relative differences")
    print(f"{'network@size':18} {'batch':>5} {'step':>9} {'itself':>9} {'tensor':>9} {'logits':>9} {'spread':>9} {'took':>8}")
    failed = []
    for case in cases:
        for seed in range(options.seed, options.seed + (1 if case.small else FULL_SIZE_DRAWS)):
            with tempfile.TemporaryDirectory(prefix="cnn-dist-parity-") as directory:
                if judge(case, seed, options.program, options.mpirun.split(), pathlib.Path(directory)):
                    break
        else:
            failed.append(str(case))
    print(f"step: of the largest change, at most {STEP_TOLERANCE:.0e}; itself: the same between PyTorch's two memory "
          f"formats; tensor: of the\ntensor's own largest change, at most {TENSOR_TOLERANCE:.0e}, at full size "
          f"{TENSOR_TOLERANCE_FULL_SIZE}; logits: of the largest, at most {LOGITS_TOLERANCE:.0e}; spread: how much\n"
          f"logits depend on the image")
    if failed:
        raise SystemExit(f"parity: not equal to PyTorch: {', '.join(failed)}")


if __name__ == "__main__":
    main()

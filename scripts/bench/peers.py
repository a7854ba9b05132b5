"""cnn-dist and PyTorch in turn, medians and their ratio as a Markdown table. See scripts/bench/peers."""
import argparse
import datetime
import json
import pathlib
import platform
import statistics
import subprocess
import sys
import tempfile

import torch

RANKS = 2

# Network -> global batch, warm-up steps, measured steps: 20 to 40 s a round on 2 cores of a 2023 Xeon for the slower one.
WORK = {
    "lenet": (256, 100, 900),
    "lenet-max": (256, 100, 900),
    "lenet5": (256, 100, 900),
    "alexnet": (64, 2, 8),
    "alexnet-small": (64, 2, 8),
    "vgg11": (16, 1, 4),
    "vgg11-small": (64, 2, 30),
    "vgg16": (8, 1, 4),
    "nin": (64, 2, 12),
    "googlenet": (64, 2, 24),
    "resnet18": (64, 2, 20),
    "densenet": (64, 2, 40),
}


def output(*command):
    result = subprocess.run([str(part) for part in command], stdin=subprocess.DEVNULL, capture_output=True, text=True)
    if result.returncode != 0:
        raise SystemExit(f"{' '.join(map(str, command))}\n{result.stdout}{result.stderr}exit {result.returncode}")
    return result.stdout


def cnn_dist(options, model, batch, warm_up, steps):
    """Images a second between the end of the warm-up and the end of the last step, by the clock in metrics.jsonl."""
    with tempfile.TemporaryDirectory(prefix="cnn-dist-bench-") as directory:
        run = pathlib.Path(directory, "run")
        output(*options.mpirun.split(), "-n", RANKS, options.program, "train", model, "--recipe", "notebook",
               "--batch-size", batch, "--max-steps", warm_up + steps, "--threads", 1, "--log-every", 1,
               "--eval-every", 0, "--checkpoint-every", 1_000_000, "--quiet", "--run", run,
               *(["--image-size", options.image_size] if options.image_size else []))
        lines = [json.loads(line) for line in (run / "metrics.jsonl").read_text().splitlines()]
    times = {line["step"]: line["time"] for line in lines if line["split"] == "train"}
    return steps * batch / (times[warm_up + steps] - times[warm_up])


def pytorch(options, model, batch, warm_up, steps):
    """Images a second by DistributedDataParallel."""
    return json.loads(output(
        sys.executable, pathlib.Path(__file__).with_name("peer_ddp.py"), model, "--batch-size", batch,
        "--warm-up", warm_up, "--steps", steps, "--ranks", RANKS,
        *(["--image-size", options.image_size] if options.image_size else [])))["images_per_s"]


def processor():
    for line in pathlib.Path("/proc/cpuinfo").read_text().splitlines():
        if line.startswith("model name"):
            return line.split(":", 1)[1].strip()
    return platform.processor() or platform.machine()


def main():
    parser = argparse.ArgumentParser(prog="scripts/bench/peers", description=__doc__)
    parser.add_argument("models", nargs="+", choices=sorted(WORK), metavar="MODEL", help=", ".join(WORK))
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--batch-size", type=int, help="over both ranks")
    parser.add_argument("--image-size", type=int)
    parser.add_argument("--program", required=True)
    parser.add_argument("--mpirun", required=True)
    parser.add_argument("--versions", required=True)
    options = parser.parse_args()
    rows = []
    for model in options.models:
        batch, warm_up, steps = WORK[model]
        batch = options.batch_size or batch
        rates = {cnn_dist: [], pytorch: []}
        for number in range(options.rounds):
            for side in rates:
                rates[side].append(side(options, model, batch, warm_up, steps))
                print(f"{model} round {number + 1}: {side.__name__} {rates[side][-1]:.1f} images/s", file=sys.stderr)
        ours, theirs = (statistics.median(rates[side]) for side in rates)
        spread = max((max(values) - min(values)) / statistics.median(values) for values in rates.values())
        rows.append(f"| {model} | {batch} | {ours:,.1f} | {theirs:,.1f} | {ours / theirs:.2f} | {spread:.0%} |")
    print(f"{processor()}, {RANKS} ranks x 1 thread, {datetime.date.today()}, "
          f"{options.versions}, PyTorch {torch.__version__}")
    print(f"images/s over both ranks, medians of {options.rounds} rounds in turn\n")
    print("| network | batch | cnn-dist | PyTorch DDP | ratio | spread |\n|---|---:|---:|---:|---:|---:|")
    print("\n".join(rows))


if __name__ == "__main__":
    main()

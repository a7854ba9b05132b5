"""cnn-dist and PyTorch in turn, medians and their ratio as a Markdown table. See scripts/bench/peers."""
import argparse
import datetime
import json
import pathlib
import statistics
import sys

import torch

from steps import COMPARED, RANKS, WORK, cnn_dist, output, processor

RESULTS = pathlib.Path(__file__).parent.parent / "results/models.json"
ATTEMPTS = 3


def pytorch(model, *flags):
    """Images a second by DistributedDataParallel. Its ranks abort now and then, on short steps: such a run is done again."""
    size, batch, warm_up, steps = WORK[model]
    for left in reversed(range(ATTEMPTS)):
        try:
            text = output(
                sys.executable, pathlib.Path(__file__).with_name("peer_ddp.py"), model, "--image-size", size,
                "--batch-size", batch, "--warm-up", warm_up, "--steps", steps, "--ranks", RANKS, *flags)
            return json.loads(text.splitlines()[-1])["images_per_s"]
        except SystemExit as problem:
            if left == 0 or "SIGABRT" not in str(problem):
                raise
            print(f"{problem}\n{model}: PyTorch aborted; it runs once more", file=sys.stderr)


def compare(options, model):
    """Rates of cnn-dist, of PyTorch's best float32 and of its bfloat16, a list each, in turn."""
    plain, compiled = pytorch(model), pytorch(model, "--compile")
    best = ["--compile"] if compiled > plain else []
    print(f"{model}: PyTorch {plain:.1f}, with torch.compile {compiled:.1f} images/s", file=sys.stderr)
    sides = {
        "cnn-dist": lambda: cnn_dist(options, model),
        "PyTorch": lambda: pytorch(model, *best),
        "PyTorch bf16": lambda: pytorch(model, *best, "--bf16"),
    }
    rates = {side: [] for side in sides}
    for number in range(options.rounds):
        for side, measure in sides.items():
            rates[side].append(measure())
            print(f"{model} round {number + 1}: {side} {rates[side][-1]:.1f} images/s", file=sys.stderr)
    return list(rates.values())


def record(options, rates):
    """Puts the medians into results/models.json, where README's table takes them from."""
    results = json.loads(RESULTS.read_text())
    for model, sides in rates.items():
        size, batch, _, _ = WORK[model]
        ours, theirs, half = (statistics.median(side) for side in sides)
        results.setdefault(model, {})["speed"] = {
            "batch_size": batch, "cores": 2, "command": f"scripts/bench/peers {model}", "image_size": size,
            "images_per_s": round(ours, 2), "pytorch_images_per_s": round(theirs, 2),
            "pytorch_bf16_images_per_s": round(half, 2), "ranks": RANKS,
        }
    RESULTS.write_text(json.dumps(results, indent=2, sort_keys=True) + "\n")


def main():
    parser = argparse.ArgumentParser(prog="scripts/bench/peers", description=__doc__)
    parser.add_argument("models", nargs="*", choices=[[], *sorted(WORK)], metavar="MODEL", help=", ".join(WORK))
    parser.add_argument("--all", action="store_true", help=f"measure {', '.join(COMPARED)}")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--record", action="store_true", help="put the medians into scripts/results/models.json")
    parser.add_argument("--program", required=True)
    parser.add_argument("--mpirun", required=True)
    parser.add_argument("--versions", required=True)
    options = parser.parse_args()
    models = COMPARED if options.all else options.models
    if not models:
        parser.error("name a network, or --all")
    rates = {model: compare(options, model) for model in models}
    if options.record:
        record(options, rates)
    print(f"{processor()}, {RANKS} ranks x 1 thread, {datetime.date.today()}, "
          f"{options.versions}, PyTorch {torch.__version__}")
    print(f"images/s over both ranks, medians of {options.rounds} rounds in turn\n")
    print("| network, size, batch | cnn-dist | PyTorch DDP | ratio | bf16 autocast | ratio | spread |")
    print("|---|---:|---:|---:|---:|---:|---:|")
    for model, sides in rates.items():
        size, batch, _, _ = WORK[model]
        ours, theirs, half = (statistics.median(side) for side in sides)
        spread = max((max(values) - min(values)) / statistics.median(values) for values in sides[:2])
        print(f"| {model}, {size}, {batch} | {ours:,.1f} | {theirs:,.1f} | {ours / theirs:.2f} | {half:,.1f} | "
              f"{ours / half:.2f} | {spread:.0%} |")


if __name__ == "__main__":
    main()

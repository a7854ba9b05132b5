"""Trains networks with given commands and compares what they reach with what is expected. See scripts/accuracy."""
import argparse
import csv
import dataclasses
import json
import math
import os
import pathlib
import shlex
import shutil
import statistics
import subprocess
import sys
import time

RUNS = pathlib.Path("runs/accuracy")
RESULTS = pathlib.Path("scripts/results/models.json")


@dataclasses.dataclass
class Row:
    """One command, run once for each seed. A row passes when the median of its final test accuracies is at least
    `expected`, or, where `alive`, when every seed's last training loss is below 0.95 ln(10). Where it is `beside` other
    options, what these reach in the same run is expected, less MARGIN."""
    name: str
    model: str
    options: str
    expected: float = 0.0
    seeds: int = 1
    alive: bool = False
    long: bool = False
    beside: str | None = None

    @property
    def command(self):
        return f"cnn-dist train {self.model} {self.options}".strip()

    @property
    def expectation(self):
        if self.alive:
            return f"alive on {self.seeds} of {self.seeds}"
        if self.beside is not None:
            return f"as {self.beside or 'without'}, less {MARGIN}, median of {self.seeds}"
        return f">= {self.expected:.3f}" + (f", median of {self.seeds}" if self.seeds > 1 else "")


# By how much a way of computing may cost accuracy: 0.3 points.
MARGIN = 0.003

# A loss that has come this far down from ln(10), that of guessing, is learning.
ALIVE = 0.95 * math.log(10)

SHORT_RESNET = "--image-size 32 --batch-size 128 --train-limit 30000 --epochs 3 --schedule one-cycle"

ROWS = [
    # The executed notebooks of Dive into Deep Learning: median .808, best .828 over 130 runs.
    Row("lenet-book", "lenet", "--recipe book", expected=0.82, seeds=5),
    Row("lenet-default", "lenet", "", expected=0.85),
    Row("lenet-max-default", "lenet-max", "", expected=0.85),
    Row("lenet5-default", "lenet5", "", expected=0.86),
    Row("lenet5-best", "lenet5", "--recipe best", expected=0.910),
    Row("lenet5-1998", "lenet5-1998", "", expected=0.85),
    Row("nin-alive", "nin", "--image-size 67 --batch-size 64 --max-steps 150 --eval-every 0", seeds=5, alive=True),
    # The default recipe learns at once, whatever the seed; the LeNets are in the rows above.
    *(Row(f"{model}-default", model, f"--image-size {size} --batch-size 64 --max-steps 100 --eval-every 0", seeds=2,
          alive=True)
      for model, size in (("alexnet", 80), ("alexnet-small", 80), ("alexnet-imagenet", 80), ("alexnet-half", 80),
                          ("vgg11", 32), ("vgg11-small", 32), ("vgg16", 32), ("googlenet", 32), ("resnet18", 32),
                          ("densenet", 32))),
    # At reduced size, what a few minutes give.
    Row("vgg11-quick", "vgg11", "--recipe quick", expected=0.80),
    Row("vgg11-small", "vgg11-small", "--image-size 32 --epochs 5 --augment flip", expected=0.88),
    Row("densenet", "densenet", "--image-size 32 --epochs 5 --augment flip", expected=0.88),
    Row("googlenet", "googlenet", "--image-size 32 --epochs 2 --augment flip", expected=0.85),
    # Gradients in 16 bits.
    Row("lenet-bf16", "lenet", "--wire bf16", beside="--wire f32", seeds=3),
    Row("resnet18-bf16", "resnet18", f"{SHORT_RESNET} --wire bf16", beside=f"{SHORT_RESNET} --wire f32", seeds=3, long=True),
    Row("resnet18-best", "resnet18", "--recipe best", expected=0.93, long=True),
]


class Failed(Exception):
    pass


def train(row, seed, ranks, program, mpirun):
    """Runs the row's command with one seed; returns its directory and its seconds."""
    directory = RUNS / f"{row.name}-{seed}"
    shutil.rmtree(directory, ignore_errors=True)
    command = [*mpirun, "-n", str(ranks), program, "train", row.model, *shlex.split(row.options),
               "--seed", str(seed), "--run", str(directory), "--quiet"]
    environment = {key: value for key, value in os.environ.items() if key != "OPENBLAS_CORETYPE"}
    started = time.monotonic()
    found = subprocess.run(command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    if found.returncode != 0:
        raise Failed(f"{shlex.join(command)}\nended with code {found.returncode}:\n{found.stdout}")
    return directory, time.monotonic() - started


def accuracy(directory):
    """The test accuracy of the run's last epoch: nothing is chosen by the test set."""
    with open(directory / "results.csv") as file:
        return float(list(csv.DictReader(file))[-1]["test_acc"])


def last_loss(directory):
    """The mean training loss over the last fifth of the recorded steps."""
    with open(directory / "metrics.jsonl") as file:
        losses = [line["loss"] for line in map(json.loads, file) if line["split"] == "train"]
    return statistics.mean(losses[-max(1, len(losses) // 5):])


def measure(row, ranks, program, mpirun):
    values, seconds = [], 0.0
    for seed in range(1, row.seeds + 1):
        directory, took = train(row, seed, ranks, program, mpirun)
        values.append(last_loss(directory) if row.alive else accuracy(directory))
        seconds += took
    expected = row.expected
    if row.beside is not None:
        other = dataclasses.replace(row, name=f"{row.name}-beside", options=row.beside, beside=None)
        _, _, took, result = measure(other, ranks, program, mpirun)
        expected, seconds = result["accuracy"] - MARGIN, seconds + took
    if row.alive:
        lively = sum(value < ALIVE for value in values)
        text, passes = f"{lively} of {row.seeds}, loss {min(values):.2f}...{max(values):.2f}", lively == row.seeds
    else:
        median = statistics.median(values)
        spread = f" ({min(values):.4f}...{max(values):.4f})" if row.seeds > 1 else ""
        beside = f" beside {expected + MARGIN:.4f}" if row.beside is not None else ""
        text, passes = f"{median:.4f}{spread}{beside}", median >= expected
    result = {"command": row.command, "ranks": ranks, "cores": len(os.sched_getaffinity(0)), "seeds": row.seeds,
              "seconds": round(seconds), "values": [round(value, 4) for value in values]}
    if not row.alive:
        result["accuracy"] = round(statistics.median(values), 4)
    return text, passes, seconds, result


def record(row, result):
    results = json.loads(RESULTS.read_text())
    results.setdefault(row.model, {}).setdefault("accuracy_runs", {})[row.name] = result
    RESULTS.write_text(json.dumps(results, indent=2, sort_keys=True) + "\n")


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--only")
    parser.add_argument("--all", action="store_true")
    parser.add_argument("--ranks", type=int, default=len(os.sched_getaffinity(0)))
    parser.add_argument("--record", action="store_true")
    parser.add_argument("--list", action="store_true")
    parser.add_argument("--program")
    parser.add_argument("--mpirun", type=shlex.split)
    options = parser.parse_args()

    names = options.only.split(",") if options.only else []
    unknown = [name for name in names if name not in [row.name for row in ROWS]]
    if unknown or options.ranks < 1:
        known = ", ".join(row.name for row in ROWS)
        parser.error(f"no row {', '.join(unknown)}; there are {known}" if unknown else "--ranks is at least 1")
    rows = [row for row in ROWS if (row.name in names if names else options.all or not row.long)]
    line = "{:18} {:26} {:34} {:>8}  {}"
    print(line.format("row", "expected", "reached", "time", "command"))
    if options.list:
        for row in rows if names else ROWS:
            print(line.format(row.name, row.expectation, "", "--all" if row.long else "", row.command))
        return
    failed = 0
    for row in rows:
        text, passes, seconds, result = measure(row, options.ranks, options.program, options.mpirun)
        print(line.format(row.name, row.expectation, text + ("" if passes else "  SHORT"), f"{seconds:.0f} s",
                          row.command), flush=True)
        if options.record and passes:
            record(row, result)
        failed += not passes
    print(f"{len(rows) - failed} of {len(rows)} rows hold; {options.ranks} ranks of one thread on "
          f"{len(os.sched_getaffinity(0))} cores")
    if failed:
        sys.exit(1)


if __name__ == "__main__":
    try:
        main()
    except Failed as failure:
        sys.exit(f"scripts/accuracy: {failure}")

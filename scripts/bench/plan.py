"""What `cnn-dist plan` predicts beside what trainings take. See scripts/bench/plan."""
import argparse
import json
import shlex
import statistics
import sys

from steps import output
from trainings import train

# Network, pixels a side, batch, rounds: one of small messages, one of large sums, one of factors, one of batch normalisation.
# Steps of some ms are turns of the scheduler where ranks share processors: a training of lenet differs from the next by a sixth.
WORK = [("lenet", 28, 256, 6), ("vgg11-small", 64, 64, 2), ("vgg11", 32, 64, 2), ("resnet18", 32, 64, 2)]


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--program", required=True)
    parser.add_argument("--launcher", required=True, help="mpirun and its options, without -n")
    parser.add_argument("--label", required=True, help="where, for the table")
    parser.add_argument("--ranks", default="1,2,4")
    parser.add_argument("--models", default=",".join(work[0] for work in WORK))
    parser.add_argument("--seconds", type=float, default=10, help="of each training and each probe, about")
    parser.add_argument(
        "--rounds", type=int, help="of probe and training in turn; medians count (default: 6 of lenet, 2 of others)")
    parser.add_argument("--time", type=float, default=0.15, help="how far off a time may be")
    parser.add_argument("--memory", type=float, default=0.10)
    options = parser.parse_args()
    launcher = shlex.split(options.launcher)
    failed = False
    print("| where | network, size, batch | ranks | step, predicted | measured | off | memory, predicted | measured | off |")
    print("|---|---|---:|---:|---:|---:|---:|---:|---:|")
    for model, size, batch, rounds in (work for work in WORK if work[0] in options.models.split(",")):
        settings = [model, "--image-size", size, "--batch-size", batch, "--threads", 1]
        settings = [str(word) for word in settings]
        for ranks in map(int, options.ranks.split(",")):
            start = [*launcher, "-n", str(ranks)]
            predicted, measured, bytes_predicted, bytes_measured = [], [], [], []
            for _ in range(rounds if options.rounds is None else options.rounds):
                plan = json.loads(output(
                    *start, options.program, "plan", *settings, "--json", "--seconds", int(options.seconds), "--most",
                    max(2, ranks)))
                row = next(row for row in plan["plan"]["rows"] if row["ranks"] == ranks)
                steps = max(12, min(600, int(options.seconds / row["step_seconds"])))
                seconds, used = train(start, options.program, settings, steps)
                predicted.append(row["step_seconds"])
                measured.append(seconds)
                bytes_predicted.append(row["bytes_per_rank"])
                bytes_measured.append(used)
            values = [statistics.median(side) for side in (predicted, measured, bytes_predicted, bytes_measured)]
            off, bytes_off = values[0] / values[1] - 1, values[2] / values[3] - 1
            bad = abs(off) > options.time or abs(bytes_off) > options.memory
            failed |= bad
            print(f"| {options.label} | {model}, {size}, {batch} | {ranks} | {1e3 * values[0]:.1f} ms | {1e3 * values[1]:.1f} ms | "
                  f"{off:+.0%} | {values[2] / 1e6:.0f} MB | {values[3] / 1e6:.0f} MB | {bytes_off:+.0%} |"
                  f"{' <- too far' if bad else ''}", flush=True)
    sys.exit(failed)


if __name__ == "__main__":
    main()

"""Training steps with and without shards in turn, and what the shards cost. See scripts/bench/shards."""
import argparse
import datetime
import statistics
import sys

from steps import COMPARED, RANKS, WORK, cnn_dist, processor


def price(options, model):
    """Rates without and with shards, a pair a round."""
    pairs = []
    for number in range(options.rounds):
        # Whoever is first in one round is second in the next.
        counts = (0, options.shards) if number % 2 == 0 else (options.shards, 0)
        rates = {count: cnn_dist(options, model, "--shards", count) for count in counts}
        pairs.append((rates[0], rates[options.shards]))
        print(f"{model} round {number + 1}: {rates[0]:.1f} and {rates[options.shards]:.1f} images/s", file=sys.stderr)
    return pairs


def main():
    parser = argparse.ArgumentParser(prog="scripts/bench/shards", description=__doc__)
    parser.add_argument("models", nargs="*", choices=[[], *sorted(WORK)], metavar="MODEL", help=", ".join(WORK))
    parser.add_argument("--all", action="store_true", help=f"measure {', '.join(COMPARED)}")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--shards", type=int, default=8)
    parser.add_argument("--program", required=True)
    parser.add_argument("--mpirun", required=True)
    parser.add_argument("--versions", required=True)
    options = parser.parse_args()
    models = COMPARED if options.all else options.models
    if not models:
        parser.error("name a network, or --all")
    prices = {model: price(options, model) for model in models}
    print(f"{processor()}, {RANKS} ranks x 1 thread, {datetime.date.today()}, {options.versions}")
    print(f"images/s over both ranks, medians of {options.rounds} rounds in turn; the price is the median of the rounds'\n")
    print(f"| network, size, batch | --shards 0 | --shards {options.shards} | price | least and most |")
    print("|---|---:|---:|---:|---:|")
    for model, pairs in prices.items():
        size, batch, _, _ = WORK[model]
        whole, cut = (statistics.median(side) for side in zip(*pairs))
        parts = sorted(1 - cut / whole for whole, cut in pairs)
        print(f"| {model}, {size}, {batch} | {whole:,.1f} | {cut:,.1f} | {statistics.median(parts):.1%} | "
              f"{parts[0]:.1%} to {parts[-1]:.1%} |")


if __name__ == "__main__":
    main()

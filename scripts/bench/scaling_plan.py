#!/usr/bin/env python3
"""Draws how far a training would scale on networks that are not at hand, and prints a table of it.

  scripts/bench/scaling_plan.py [--program PATH] [--probe FILE.json] [--rate N] [--svg FILE]

  --program PATH  default .build/release/cnn-dist
  --probe FILE    what `cnn-dist plan resnet18 --weak ... --json` printed; default: it is run, which takes a minute
  --rate N        images a second of one rank, by which the measured times are scaled; default 80, half of what the README's table has
                  for two ranks; 0 takes them as they are. So a plan made on a busy machine is the same
  --svg FILE      default deploy/scaling-plan.svg

ResNet-18 at 96x96 with 12 images a rank, so that 4,096 ranks share a batch of 49,152: `cnn-dist plan` with one number changed at a time,
on nodes of 32 ranks and as many processors. Computation is measured; the network is simulated.
"""
import argparse
import json
import pathlib
import subprocess
import tempfile

import chart

ROOT = pathlib.Path(__file__).resolve().parents[2]
TRAINING = ["resnet18", "--image-size", "96", "--batch-size", "12", "--weak", "--most", "4096"]
NODE = {"--ranks-per-node": "32", "--processors": "32", "--bandwidth": "100Gbit", "--latency": "5us", "--jitter": "2"}
SWEEPS = [("a node's bandwidth", "--bandwidth", ["1 Gbit", "10 Gbit", "25 Gbit", "100 Gbit"], "{}/s"),
          ("latency between nodes", "--latency", ["2 us", "20 us", "200 us", "2 ms"], "{}"),
          ("how much ranks differ", "--jitter", ["0", "2", "5", "10"], "{} % standard deviation")]


def scaled(record, rate):
    """The probe of a rank of this speed."""
    profiles = [point[kind] for point in record["measured"]["points"] for kind in ("alone", "together") if kind in point]
    for profile in profiles:
        times = ("data", "forward", "backward", "update", "deviation")
        factor = profile["images"] / rate / sum(profile[name] for name in times[:4])
        for name in times:
            profile[name] *= factor
        for moment in profile["moments"]:
            moment["seconds"] *= factor
    return record


def plan(program, probe, **changed):
    options = [word for pair in {**NODE, **changed}.items() for word in pair]
    result = subprocess.run([program, "plan", *TRAINING, "--probe", probe, *options, "--json"], capture_output=True, text=True)
    if result.returncode != 0:
        raise SystemExit(result.stderr)
    return json.loads(result.stdout)["plan"]


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--program", default=str(ROOT / ".build/release/cnn-dist"))
    parser.add_argument("--probe")
    parser.add_argument("--rate", type=float, default=80)
    parser.add_argument("--svg", type=pathlib.Path, default=ROOT / "deploy/scaling-plan.svg")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as scratch:
        probe = options.probe
        if not probe:
            probe = str(pathlib.Path(scratch, "probe.json"))
            result = subprocess.run([options.program, "plan", *TRAINING, "--seconds", "40", "--json"], capture_output=True, text=True)
            if result.returncode != 0:
                raise SystemExit(result.stderr)
            pathlib.Path(probe).write_text(result.stdout)
        if options.rate:
            record = scaled(json.loads(pathlib.Path(probe).read_text()), options.rate)
            probe = str(pathlib.Path(scratch, "scaled.json"))
            pathlib.Path(probe).write_text(json.dumps(record))
        panels, lines = [], ["| | images/s of 256 ranks | of 4,096 | efficiency of 4,096 | pays up to |", "|---|---:|---:|---:|---:|"]
        for title, option, values, words in SWEEPS:
            series = []
            for value in values:
                found = plan(options.program, probe, **{option: value})
                rows = {row["ranks"]: row for row in found["rows"]}
                series.append((words.format(value), [(ranks, row["efficiency"]) for ranks, row in sorted(rows.items())]))
                lines.append(f"| {title}: {words.format(value)} | {rows[256]['images_per_second']:,.0f} | "
                             f"{rows[4096]['images_per_second']:,.0f} | {rows[4096]['efficiency']:.0%} | {found['paying_ranks']:,} ranks |")
            panels.append(chart.Panel(title, "ranks", "efficiency", series, most=1, percent=True))
    chart.write(options.svg, panels, "predicted efficiency of ResNet-18 on up to 4,096 ranks, by bandwidth, latency and jitter")
    print("\n".join(lines))


if __name__ == "__main__":
    main()

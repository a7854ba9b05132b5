"""How fast more ranks are, measured: a Markdown table and a picture. See scripts/bench/scaling."""
import argparse
import datetime
import json
import os
import pathlib
import shlex
import statistics

import chart
from trainings import train

# Network -> pixels a side, images of each rank (weak) and of all (strong), steps: some 10 to 20 s each on one core of a 2023 Xeon.
WORK = {"vgg11": (224, 8, 16, 10), "resnet18": (96, 32, 64, 24)}
THREADS = "threads of a process"
MACHINE = "MPI, one machine"
SHARDED = MACHINE + ", --shard-optimizer"
HOSTS = "MPI, hosts at 1 Gbit/s"
WHERE = [THREADS, MACHINE, SHARDED, HOSTS]


def measure(options, results):
    """Adds images a second of every case to the file of results, in turn, so that a change of the machine's mood hits all."""
    places = [HOSTS] if options.hosts else [THREADS, MACHINE, SHARDED]
    launcher = shlex.split(options.hosts or options.launcher or "")
    for _ in range(options.rounds):
        for model in options.models.split(","):
            size, each, together, steps = WORK[model]
            for kind in ("weak", "strong"):
                for ranks in (1, 2, 4):
                    batch = each * ranks if kind == "weak" else together
                    for where in places:
                        if where == SHARDED and ranks == 1:
                            continue  # the same job as without
                        arguments = [model, "--image-size", size, "--batch-size", batch, "--threads", 1]
                        arguments += ["--ranks", ranks] if where == THREADS else []
                        arguments += ["--shard-optimizer"] if where == SHARDED else []
                        command = [] if where == THREADS else [*launcher, "-n", str(ranks)]
                        seconds, _ = train(command, options.program, map(str, arguments), steps)
                        key = "/".join([model, kind, where, str(ranks)])
                        results.setdefault(key, []).append(batch / seconds)
                        options.results.write_text(json.dumps(results, indent=1) + "\n")
                        print(f"{key}: {batch / seconds:.1f} images/s", flush=True)


def speeds(results, model, kind, where):
    def place(ranks):
        return MACHINE if where == SHARDED and ranks == 1 else where
    found = {ranks: results.get("/".join([model, kind, place(ranks), str(ranks)])) for ranks in (1, 2, 4)}
    return {ranks: statistics.median(values) for ranks, values in found.items() if values}


def table(results, processors):
    lines = [f"Images/s, and beside it the part of what as many ranks as there are processors ({processors}) could do at best.\n",
             "| network | scaling | ranks are | 1 rank | 2 ranks | | 4 ranks | |", "|---|---|---|---:|---:|---:|---:|---:|"]
    for model, (size, each, together, _) in WORK.items():
        for kind in ("weak", "strong"):
            for where in WHERE:
                found = speeds(results, model, kind, where)
                if len(found) < 3:
                    continue
                cells = [f"{found[1]:.1f}"]
                for ranks in (2, 4):
                    cells += [f"{found[ranks]:.1f}", f"{found[ranks] / found[1] / min(ranks, processors):.0%}"]
                said = f"weak, {each} images a rank" if kind == "weak" else f"strong, batch {together}"
                lines.append(f"| {model}, {size} | {said} | {where} | {' | '.join(cells)} |")
    return "\n".join(lines)


def draw(results, path, processors):
    panels = []
    for model, (size, each, together, _) in WORK.items():
        for kind in ("weak", "strong"):
            series = [(where, sorted(speeds(results, model, kind, where).items())) for where in WHERE]
            series = [(where, points) for where, points in series if points]
            if not series:
                continue
            alone = statistics.median(points[0][1] for _, points in series)
            said = f"{each} images a rank" if kind == "weak" else f"batch {together}"
            panels.append(chart.Panel(f"{model}, {size}x{size}, {said}", "ranks", "images/s", series,
                                      ideal=[(ranks, alone * min(ranks, processors)) for ranks in (1, 2, 4)]))
    chart.write(path, panels, "images a second by number of ranks; dashed: as many times one rank as there are processors for")


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--program")
    parser.add_argument("--launcher", help="mpirun and its options, without -n")
    parser.add_argument("--hosts", help="the same, over hosts with slow links")
    parser.add_argument("--models", default=",".join(WORK))
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--results", type=pathlib.Path, required=True, help="JSON file that measurements are added to")
    parser.add_argument("--svg", type=pathlib.Path, help="draw what is in the results, print the table, and measure nothing")
    options = parser.parse_args()
    results = json.loads(options.results.read_text()) if options.results.exists() else {}
    processors = len(os.sched_getaffinity(0))
    if not options.svg:
        if not options.launcher and not options.hosts:
            parser.error("--launcher or --hosts says how to start ranks")
        measure(options, results)
        return
    draw(results, options.svg, processors)
    print(f"Measured on {datetime.date.today()} on {processors} processors; medians.\n\n{table(results, processors)}")


if __name__ == "__main__":
    main()

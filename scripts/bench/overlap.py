"""Steps with communication beside backward and behind it, in 32 and in 16 bits. See scripts/bench/overlap."""
import argparse
import pathlib
import shlex
import statistics
import tempfile

from steps import output
from trainings import records

HOSTS = 4
# Network -> pixels a side, batch, steps.
WORK = {"vgg11-small": (224, 64, 24), "alexnet-small": (224, 64, 24)}
WAYS = [("f32", True), ("f32", False), ("bf16", True), ("bf16", False)]


def sent(launcher):
    """Bytes that the hosts' interfaces have sent up to now, together."""
    lines = output(*launcher, "-n", HOSTS, "cat", "/proc/net/dev").splitlines()
    interfaces = [line.split() for line in lines if line.strip().startswith("eth0:")]
    if len(interfaces) != HOSTS:
        raise SystemExit(f"{HOSTS} hosts have {len(interfaces)} interfaces eth0")
    return sum(int(words[9]) for words in interfaces)


def train(options, launcher, model, wire, overlaps, steps):
    """The steps' records, and the bytes that were sent."""
    size, batch, _ = WORK[model]
    with tempfile.TemporaryDirectory(prefix="cnn-dist-bench-", dir="/var/tmp") as directory:
        run = str(pathlib.Path(directory, "run"))
        before = sent(launcher)
        output(*launcher, "-n", HOSTS, options.program, "train", model, "--image-size", size, "--batch-size", batch, "--threads", 1,
               "--wire", wire, *([] if overlaps else ["--no-overlap"]), "--max-steps", steps, "--log-every", 1, "--eval-every", 0,
               "--checkpoint-every", 1_000_000, "--no-tensorboard", "--quiet", "--run", run)
        return records(run), sent(launcher) - before


def measure(options, launcher, model, wire, overlaps):
    """Seconds of a step, seconds of it that wait for communication."""
    found, _ = train(options, launcher, model, wire, overlaps, WORK[model][2])
    # Two steps warm up; a record has the waiting of the step before.
    times = [record["time"] for record in found][2:]
    exposed = [record["exposed_comm"] for record in found][3:]
    return (times[-1] - times[0]) / (len(times) - 1), statistics.median(exposed)


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--program", required=True)
    parser.add_argument("--launcher", required=True, help="mpirun and its options over the hosts, without -n")
    parser.add_argument("--models", default=",".join(WORK))
    parser.add_argument("--rounds", type=int, default=3)
    options = parser.parse_args()
    launcher = shlex.split(options.launcher)
    unknown = set(options.models.split(",")) - set(WORK)
    if unknown:
        parser.error(f"no such network here: {', '.join(sorted(unknown))}; there are {', '.join(WORK)}")
    print("| network, size, batch | wire | sent a step and host | without overlap | waits | with overlap | waits | hidden |")
    print("|---|---|---:|---:|---:|---:|---:|---:|")
    for model in options.models.split(","):
        traffic = {}
        for wire in ("f32", "bf16"):
            # What a start sends is in both.
            few, many = 2, 6
            short, long = (train(options, launcher, model, wire, True, steps)[1] for steps in (few, many))
            traffic[wire] = (long - short) / (many - few) / HOSTS
        found = {way: [] for way in WAYS}
        for _ in range(options.rounds):
            for way in WAYS:
                found[way].append(measure(options, launcher, model, *way))
        for wire in ("f32", "bf16"):
            beside, behind = ([statistics.median(values) for values in zip(*found[wire, overlaps])] for overlaps in (True, False))
            size, batch, _ = WORK[model]
            print(f"| {model}, {size}, {batch} | {wire} | {traffic[wire] / 1e6:.1f} MB | {1e3 * behind[0]:.0f} ms | "
                  f"{1e3 * behind[1]:.0f} ms | {1e3 * beside[0]:.0f} ms | {1e3 * beside[1]:.0f} ms | "
                  f"{1 - beside[1] / behind[1]:.0%} |", flush=True)


if __name__ == "__main__":
    main()

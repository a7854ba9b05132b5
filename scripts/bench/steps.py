"""Images a second of whole training steps: what the benchmarks of this folder measure, and on which networks."""
import json
import pathlib
import platform
import subprocess
import tempfile

RANKS = 2

# Network -> pixels a side, global batch, warm-up steps, measured steps: 10 to 30 s a round on 2 cores of a 2023 Xeon for the
# slower one. Sizes and batches are those that are compared everywhere; warm-up covers what torch.compile does first.
WORK = {
    "vgg11": (224, 16, 1, 4),
    "vgg11-small": (224, 64, 2, 24),
    "alexnet": (224, 64, 2, 10),
    "nin": (224, 64, 2, 12),
    "googlenet": (96, 64, 2, 20),
    "resnet18": (96, 64, 2, 20),
    "densenet": (96, 64, 2, 24),
    "lenet": (28, 256, 100, 900),
    "lenet-max": (28, 256, 100, 900),
    "lenet5": (32, 256, 100, 900),
    "alexnet-small": (224, 64, 2, 10),
    "vgg16": (224, 8, 1, 4),
}
# What --all measures.
COMPARED = list(WORK)[:9]


def output(*command):
    result = subprocess.run([str(part) for part in command], stdin=subprocess.DEVNULL, capture_output=True, text=True)
    if result.returncode != 0:
        raise SystemExit(f"{' '.join(map(str, command))}\n{result.stdout}{result.stderr}exit {result.returncode}")
    return result.stdout


def cnn_dist(options, model, *flags):
    """Images a second between the end of the warm-up and the end of the last step, by the clock in metrics.jsonl."""
    size, batch, warm_up, steps = WORK[model]
    with tempfile.TemporaryDirectory(prefix="cnn-dist-bench-") as directory:
        run = pathlib.Path(directory, "run")
        output(*options.mpirun.split(), "-n", RANKS, options.program, "train", model, "--recipe", "notebook",
               "--image-size", size, "--batch-size", batch, "--max-steps", warm_up + steps, "--threads", 1,
               "--log-every", 1, "--eval-every", 0, "--checkpoint-every", 1_000_000, "--quiet", "--run", run,
               *flags)
        lines = [json.loads(line) for line in (run / "metrics.jsonl").read_text().splitlines()]
    times = {line["step"]: line["time"] for line in lines if line["split"] == "train"}
    return steps * batch / (times[warm_up + steps] - times[warm_up])


def processor():
    for line in pathlib.Path("/proc/cpuinfo").read_text().splitlines():
        if line.startswith("model name"):
            return line.split(":", 1)[1].strip()
    return platform.processor() or platform.machine()

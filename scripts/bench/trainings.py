"""Trainings that are timed, for the scripts of this folder: seconds of a step and memory of a rank, while they run."""
import json
import math
import os
import pathlib
import statistics
import tempfile
import threading

from steps import output


def ranks_of(run):
    """Process -> rank, of the processes that train into a run directory, on whatever host of this machine they are."""
    found = {}
    for process in pathlib.Path("/proc").iterdir():
        if not process.name.isdigit():
            continue
        try:
            words = (process / "cmdline").read_bytes().split(b"\0")
            if os.fsencode(run) not in words or os.path.basename(words[0]) != b"cnn-dist":
                continue
            variables = dict(part.split(b"=", 1) for part in (process / "environ").read_bytes().split(b"\0") if b"=" in part)
            found[process] = int(variables.get(b"OMPI_COMM_WORLD_RANK", b"0"))
        except (OSError, ValueError):
            continue
    return found


def proportional(process):
    """Bytes of a process's own pages and its part of shared ones."""
    try:
        for line in (process / "smaps_rollup").read_text().splitlines():
            if line.startswith("Pss:"):
                return 1024 * int(line.split()[1])
    except OSError:
        pass
    return 0


class Memory(threading.Thread):
    """Looks every quarter of a second at the ranks' memory while they take steps: not the coordinator's, which saves, unless it is alone."""

    def __init__(self, run, last_step):
        super().__init__(daemon=True)
        self.run_directory, self.last_step, self.most, self.ended = run, last_step, {}, threading.Event()

    def run(self):
        while not self.ended.wait(0.25):
            done = steps(self.run_directory)
            if not done or done[-1] >= self.last_step:
                continue
            for process, rank in ranks_of(self.run_directory).items():
                self.most[rank] = max(self.most.get(rank, 0), proportional(process))

    def bytes(self):
        self.ended.set()
        self.join()
        others = [most for rank, most in self.most.items() if rank > 0] or list(self.most.values())
        return statistics.median(others) if others else 0


def records(run):
    try:
        lines = pathlib.Path(run, "metrics.jsonl").read_text().splitlines()
        return [record for record in map(json.loads, lines) if record["split"] == "train"]
    except (OSError, json.JSONDecodeError):
        return []


def steps(run):
    return [record["step"] for record in records(run)]


def train(launcher, program, arguments, number, scratch="/var/tmp"):
    """Trains for some steps; returns a step's seconds and a rank's bytes.

    The first steps, a fifth and at least two, warm up. Of the others, blocks of at least 0.2 s, since times are whole milliseconds;
    their median.
    """
    with tempfile.TemporaryDirectory(prefix="cnn-dist-bench-", dir=scratch) as directory:
        run = str(pathlib.Path(directory, "run"))
        memory = Memory(run, number)
        memory.start()
        output(*launcher, program, "train", *arguments, "--max-steps", number, "--log-every", 1, "--eval-every", 0,
               "--checkpoint-every", 1_000_000, "--no-tensorboard", "--quiet", "--run", run)
        used = memory.bytes()
        times = [record["time"] for record in records(run)]
    warm = max(2, number // 5)
    times = times[warm - 1:]
    block = min(len(times) - 1, math.ceil(0.2 * (len(times) - 1) / (times[-1] - times[0])))
    ends = times[::block]
    return statistics.median((after - before) / block for before, after in zip(ends, ends[1:])), used

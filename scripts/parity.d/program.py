"""cnn-dist as a user starts it: weights from a file, a step or a few, and what is left in the run directory."""
import csv
import dataclasses
import json
import subprocess

import torch
from safetensors.torch import load_file, save_file

# A step of plain SGD at this rate moves a weight by 16 times its gradient: far enough that rounding the new weight takes
# nothing from the gradient that is read off it, and a power of two, so that the division is exact.
READING_RATE = 16.0


@dataclasses.dataclass
class Result:
    """What a step left: the state_dict, the gradients read off it, and the loss."""
    state: dict
    gradients: dict
    loss: float


class Program:
    def __init__(self, path, mpirun):
        self.path, self.mpirun = path, mpirun

    def run(self, *command):
        """Runs a command; its output is shown only when it fails."""
        result = subprocess.run([str(part) for part in command], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                                stderr=subprocess.STDOUT, text=True)
        if result.returncode != 0:
            raise SystemExit(f"{' '.join(map(str, command))}\n{result.stdout}exit {result.returncode}")

    def train(self, name, state, *, size, classes, batch, steps, directory, options):
        """The state_dict after some steps of `options` over the first batches, in order, on 2 ranks of a shard each."""
        initial, trained = directory / "initial.safetensors", directory / "run"
        save_file({key: tensor.contiguous() for key, tensor in state.items()}, initial)
        self.run(*self.mpirun, "-n", 2, self.path, "train", name, "--recipe", "notebook", "--shards", 2, "--init", initial,
                 "--no-shuffle", "--dropout", 0, "--max-steps", steps, "--batch-size", batch, "--image-size", size,
                 "--classes", classes, "--threads", 1, "--eval-every", 0, "--log-every", 1, "--quiet", "--run", trained,
                 *options)
        return load_file(trained / "checkpoints" / "last" / "model.safetensors")

    def step(self, name, state, *, size, classes, batch, directory):
        """One step, from which gradients are read."""
        before = {key: tensor.clone() for key, tensor in state.items()}
        after = self.train(name, before, size=size, classes=classes, batch=batch, steps=1, directory=directory,
                           options=["--optimizer", "sgd", "--lr", READING_RATE])
        gradients = {key: (before[key].double() - after[key].double()) / READING_RATE for key in before
                     if "running_" not in key and "num_batches" not in key}
        with open(directory / "run" / "metrics.jsonl") as file:
            loss = json.loads(file.readline())["loss"]
        return Result(after, gradients, loss)

    def logits(self, name, directory, labels, *, size, classes):
        """What the initial weights make of the first test images, in order, in evaluation mode."""
        table = directory / "logits.csv"
        self.run(self.path, "evaluate", directory / "initial.safetensors", "--model", name, "--image-size", size,
                 "--classes", classes, "--logits", table, "--test-limit", len(labels), "--batch-size", len(labels))
        with open(table, newline="") as file:
            rows = list(csv.DictReader(file))
        if [int(row["index"]) for row in rows] != list(range(len(labels))):
            raise SystemExit(f"{table}: {len(rows)} rows, or not in the order of the test set")
        if [int(row["label"]) for row in rows] != labels.tolist():
            raise SystemExit(f"{table}: labels are not those of the test set")
        return torch.tensor([[float(row[f"logit{k}"]) for k in range(classes)] for row in rows])

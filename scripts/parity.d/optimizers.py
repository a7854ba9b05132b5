"""Five steps of each optimizer beside torch.optim in double precision."""
import copy
import pathlib
import tempfile

import torch
import torch.nn.functional as F

import fashion_mnist
import networks

STEPS = 5
BATCH = 32

# Of the parameters after five steps, relative to the largest change of their tensor, after taking off what rounding each new
# parameter to float32 costs. Adam divides by the gradient's own
# size, so that where a gradient is close to zero its relative error, 1e-3 and more in float32, is that of the update.
# Adam's weight decay is part of the gradient and keeps most of them away from zero, AdamW's is not.
TOLERANCE = 1e-4
TOLERANCE_ADAM = 1e-3
TOLERANCE_ADAMW = 5e-3

SGD, ADAM, ADAMW = torch.optim.SGD, torch.optim.Adam, torch.optim.AdamW
CASES = [  # options of cnn-dist, the same for torch.optim, tolerance
    ("sgd", ["--optimizer", "sgd", "--lr", 0.5], SGD, {"lr": 0.5}, TOLERANCE),
    ("momentum", ["--optimizer", "sgd", "--lr", 0.1, "--momentum", 0.9, "--weight-decay", 0.01],
     SGD, {"lr": 0.1, "momentum": 0.9, "weight_decay": 0.01}, TOLERANCE),
    ("nesterov", ["--optimizer", "sgd", "--lr", 0.1, "--momentum", 0.9, "--nesterov", "--weight-decay", 0.01],
     SGD, {"lr": 0.1, "momentum": 0.9, "nesterov": True, "weight_decay": 0.01}, TOLERANCE),
    ("adam", ["--optimizer", "adam", "--lr", 0.001, "--weight-decay", 0.01],
     ADAM, {"lr": 0.001, "weight_decay": 0.01}, TOLERANCE_ADAM),
    ("adamw", ["--optimizer", "adamw", "--lr", 0.001, "--weight-decay", 0.1],
     ADAMW, {"lr": 0.001, "weight_decay": 0.1}, TOLERANCE_ADAMW),
    # Biases do not decay, as by default.
    ("adamw, weights", ["--optimizer", "adamw", "--lr", 0.001, "--weight-decay", 0.1, "--decay", "weights"],
     ADAMW, {"lr": 0.001, "weight_decay": 0.1}, TOLERANCE_ADAMW),
]


def judge(label, options, optimizer, settings, tolerance, cnn_dist, directory):
    """One row of the table; whether it holds. lenet is smooth, so that nothing hangs on a tie."""
    torch.manual_seed(1)
    network, shape = networks.build("lenet", 28)
    images, labels = fashion_mnist.load("train", STEPS * BATCH, shape)
    found = cnn_dist.train("lenet", network.state_dict(), size=28, classes=10, batch=BATCH, steps=STEPS,
                           directory=directory, options=["--decay", "all", *options])
    replica = copy.deepcopy(network).double()
    groups = [{"params": list(replica.parameters())}]
    if "weights" in options:
        groups = [{"params": [p for p in replica.parameters() if p.dim() > 1]},
                  {"params": [p for p in replica.parameters() if p.dim() == 1], "weight_decay": 0.0}]
    updates = optimizer(groups, **settings)
    for step in range(STEPS):
        part = slice(step * BATCH, (step + 1) * BATCH)
        updates.zero_grad()
        F.cross_entropy(replica(images[part].double()), labels[part]).backward()
        updates.step()
    before = network.state_dict()
    worst = 0.0
    for name, new in replica.state_dict().items():
        change = float((new - before[name]).abs().max())
        single = new.float().abs()
        rounding = STEPS / 2 * (torch.nextafter(single, torch.tensor(torch.inf)) - single)
        worst = max(worst, float(((found[name] - new).abs() - rounding).clamp(min=0).max()) / change)
    holds = worst <= tolerance
    print(f"{label:20} {worst:9.1e}  {'ok' if holds else 'FAILED'}", flush=True)
    return holds


def judge_all(cnn_dist):
    """The names of the optimizers that differ."""
    print(f"\n{STEPS} steps of lenet with batch {BATCH}; parameters, worst error relative to the largest change of the tensor "
          f"(at most {TOLERANCE:.0e}, Adam {TOLERANCE_ADAM:.0e}, AdamW {TOLERANCE_ADAMW:.0e})")
    failed = []
    for case in CASES:
        with tempfile.TemporaryDirectory(prefix="cnn-dist-parity-") as directory:
            if not judge(*case, cnn_dist, pathlib.Path(directory)):
                failed.append(case[0])
    return [f"optimizer {name}" for name in failed]

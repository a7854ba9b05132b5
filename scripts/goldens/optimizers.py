#!/usr/bin/env python3
"""Makes Tests/OptimizersTests/Fixtures/optimizers.json: five steps of each optimizer on three small parameters.

SGD, Adam and AdamW are torch.optim's in double precision; LARS, which PyTorch does not have, is the paper's formula (You,
Gitman and Ginsburg, 2017, algorithm 1) in numpy. Weight decay leaves out the second parameter, as it does a bias. The rate changes
from step to step, and where a case clips, `torch.nn.utils.clip_grad_norm_` does it.
Needs torch and numpy (made with torch 2.13). Takes a second. Usage: python3 scripts/goldens/optimizers.py
"""
import json
import pathlib

import numpy
import torch

SIZES = [20, 3, 17]
DECAYS = [True, False, True]
RATES = [0.1, 0.1, 0.05, 0.02, 0.1]
CLIP = 2.0
TRUST = 0.001

CASES = {  # name: (kind, options, clips)
    "sgd": ("SGD", {}, False),
    "sgd-decay": ("SGD", {"weight_decay": 0.05}, False),
    "momentum": ("SGD", {"momentum": 0.9, "weight_decay": 0.05}, False),
    "momentum-clipped": ("SGD", {"momentum": 0.9, "weight_decay": 0.05}, True),
    "nesterov": ("SGD", {"momentum": 0.9, "weight_decay": 0.05, "nesterov": True}, False),
    "adam": ("Adam", {}, False),
    "adam-decay": ("Adam", {"weight_decay": 0.05}, False),
    "adam-clipped": ("Adam", {"weight_decay": 0.05}, True),
    "adamw": ("AdamW", {"weight_decay": 0.05}, False),
    "adamw-clipped": ("AdamW", {"weight_decay": 0.05}, True),
    "lars": ("LARS", {"momentum": 0.9, "weight_decay": 0.05}, False),
    "lars-clipped": ("LARS", {"momentum": 0.9, "weight_decay": 0.05}, True),
    "lars-plain": ("LARS", {"momentum": 0, "weight_decay": 0}, False),
}


def with_torch(kind, options, clips, start, gradients):
    parameters = [torch.tensor(values, dtype=torch.float64, requires_grad=True) for values in start]
    groups = [{"params": [p], **({} if decays else {"weight_decay": 0.0})} for p, decays in zip(parameters, DECAYS)]
    optimizer = getattr(torch.optim, kind)(groups, lr=RATES[0], **({"weight_decay": 0.0} | options))
    steps = []
    for rate, slopes in zip(RATES, gradients):
        for group, p, g in zip(optimizer.param_groups, parameters, slopes):
            group["lr"] = rate
            p.grad = torch.tensor(g, dtype=torch.float64)
        if clips:
            torch.nn.utils.clip_grad_norm_(parameters, CLIP)
        optimizer.step()
        steps.append([p.detach().numpy().copy() for p in parameters])
    moments = {}
    for name in ["momentum_buffer", "exp_avg", "exp_avg_sq"]:
        kept = [optimizer.state[p].get(name) for p in parameters]
        if kept[0] is not None:
            moments[name] = [m.numpy() for m in kept]
    return steps, moments


def with_numpy(options, clips, start, gradients):
    momentum, decay = options["momentum"], options["weight_decay"]
    weights = [numpy.array(values) for values in start]
    velocity = [numpy.zeros_like(w) for w in weights]
    steps = []
    for rate, slopes in zip(RATES, gradients):
        norm = numpy.sqrt(sum((g**2).sum() for g in slopes))
        scale = min(1, CLIP / (norm + 1e-6)) if clips else 1
        for i, (g, decays) in enumerate(zip(slopes, DECAYS)):
            g = scale * g
            if decays:
                size = numpy.linalg.norm(weights[i])
                local = TRUST * size / (numpy.linalg.norm(g) + decay * size)
                velocity[i] = momentum * velocity[i] + rate * local * (g + decay * weights[i])
            else:
                velocity[i] = momentum * velocity[i] + rate * g
            weights[i] = weights[i] - velocity[i]
        steps.append([w.copy() for w in weights])
    return steps, {"momentum_buffer": velocity} if momentum else {}


def flat(tensors):
    return [[float(f"{value:.9g}") for value in tensor] for tensor in tensors]


def main():
    random = numpy.random.default_rng(1)
    draw = lambda: [random.standard_normal(size).astype(numpy.float32).astype(float) for size in SIZES]
    start, gradients = draw(), [draw() for _ in RATES]
    cases = []
    for name, (kind, options, clips) in CASES.items():
        if kind == "LARS":
            steps, moments = with_numpy(options, clips, start, gradients)
        else:
            steps, moments = with_torch(kind, options, clips, start, gradients)
        cases.append({"name": name, "clips": clips, "steps": [flat(step) for step in steps],
                      "moments": {key: flat(value) for key, value in moments.items()}})
    golden = {"decays": DECAYS, "rates": RATES, "limit": CLIP, "start": flat(start),
              "gradients": [flat(g) for g in gradients], "cases": cases}
    path = pathlib.Path(__file__).parents[2] / "Tests/OptimizersTests/Fixtures/optimizers.json"
    path.write_text(json.dumps(golden, separators=(",", ":")).replace("},{", "},\n{") + "\n")


if __name__ == "__main__":
    main()

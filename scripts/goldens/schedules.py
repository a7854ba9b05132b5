#!/usr/bin/env python3
"""Makes Tests/OptimizersTests/Fixtures/schedules.json: the learning rates of PyTorch's schedulers, step by step.

The k-th number is the rate of update k, from 1: what the scheduler gives after k - 1 calls of `step()`. Warm-up is
`SequentialLR` of a `LinearLR` and the scheduler itself. Needs torch (made with 2.13). Takes a second.
Usage: python3 scripts/goldens/schedules.py
"""
import json
import pathlib
import warnings

import torch
from torch.optim import SGD
from torch.optim.lr_scheduler import (
    ConstantLR, CosineAnnealingLR, LinearLR, OneCycleLR, PolynomialLR, SequentialLR, StepLR)

BASE = 0.1


def one_cycle(optimizer, total):
    return OneCycleLR(optimizer, max_lr=BASE, total_steps=total, cycle_momentum=False)


def step(optimizer, total, every, factor, epoch):
    return StepLR(optimizer, step_size=every * epoch, gamma=factor)


SCHEDULES = [  # text, scheduler of (optimizer, steps that are left)
    ("constant", lambda o, n: ConstantLR(o, factor=1)),
    ("step:2:0.5", lambda o, n: step(o, n, 2, 0.5, 3)),
    ("cosine", lambda o, n: CosineAnnealingLR(o, T_max=n)),
    ("cosine:0.01", lambda o, n: CosineAnnealingLR(o, T_max=n, eta_min=0.01 * BASE)),
    ("polynomial:1", lambda o, n: PolynomialLR(o, total_iters=n, power=1)),
    ("polynomial:2", lambda o, n: PolynomialLR(o, total_iters=n, power=2)),
    ("polynomial:0.9", lambda o, n: PolynomialLR(o, total_iters=n, power=0.9)),
]
STEPS_PER_EPOCH = 3


def rates(make, total):
    optimizer = SGD([torch.zeros(1, requires_grad=True)], lr=BASE)
    scheduler = make(optimizer)
    found = []
    for _ in range(total):
        found.append(optimizer.param_groups[0]["lr"])
        optimizer.step()
        if len(found) < total:
            scheduler.step()
    return found


def main():
    warnings.simplefilter("ignore")
    cases = []
    for text, make in SCHEDULES:
        for total, warm_up in [(1, 0), (20, 0), (23, 5)]:
            def whole(optimizer):
                if warm_up == 0:
                    return make(optimizer, total)
                # `LinearLR` takes base x factor in its first step and base in its last, which is step `warm_up`.
                rise = LinearLR(optimizer, start_factor=1 / warm_up, total_iters=warm_up - 1)
                return SequentialLR(optimizer, [rise, make(optimizer, total - warm_up)], milestones=[warm_up])
            cases.append({"schedule": text, "total": total, "warmUp": warm_up, "rates": rates(whole, total)})
    for total in [2, 3, 4, 7, 10, 40]:
        cases.append({"schedule": "one-cycle", "total": total, "warmUp": 0,
                      "rates": rates(lambda o: one_cycle(o, total), total)})
    path = pathlib.Path(__file__).parents[2] / "Tests/OptimizersTests/Fixtures/schedules.json"
    path.write_text(json.dumps(cases, separators=(",", ":")).replace("},{", "},\n{") + "\n")


if __name__ == "__main__":
    main()

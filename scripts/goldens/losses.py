#!/usr/bin/env python3
"""Makes Tests/KernelsTests/Fixtures/losses.json: PyTorch's cross-entropy with label smoothing and blended labels.

Labels alone and smoothed labels go through `cross_entropy(label_smoothing=)` with class indices, blends of two classes
through the same with probabilities; both in double precision on float32 logits, summed over the batch.
Needs torch (made with 2.13). Takes a second. Usage: python3 scripts/goldens/losses.py
"""
import json
import pathlib

import numpy
import torch
from torch.nn.functional import cross_entropy, one_hot

BATCH = 4


def main():
    cases = []
    for classes in [2, 10, 17]:
        for blended, smoothing in [(False, 0), (False, 0.1), (True, 0), (True, 0.25)]:
            torch.manual_seed(len(cases))
            logits = (3 * torch.randn(BATCH, classes)).double().requires_grad_()
            labels, others = torch.randint(classes, (2, BATCH))
            # One sample is its label alone, and another one only its second class.
            shares = torch.cat([torch.tensor([1.0, 0.0]), torch.rand(BATCH - 2)])
            # What the tested code is given is in single precision.
            exact = float(numpy.float32(smoothing))
            target = labels
            if blended:
                first, second = one_hot(labels, classes).double(), one_hot(others, classes).double()
                part = shares.double().unsqueeze(1)
                target = part * first + (1 - part) * second
            loss = cross_entropy(logits, target, label_smoothing=exact, reduction="sum")
            loss.backward()
            case = {"name": f"{classes} classes{', blended' * blended}{f', smoothed by {smoothing}' * bool(smoothing)}",
                    "classes": classes, "labels": labels.tolist(), "smoothing": smoothing,
                    "logits": [float(f"{z:.9g}") for z in logits.flatten().tolist()], "loss": loss.item(),
                    "gradient": [float(f"{d:.12g}") for d in logits.grad.flatten().tolist()]}
            if blended:
                case |= {"others": others.tolist(), "shares": [float(f"{s:.9g}") for s in shares.tolist()]}
            cases.append(case)
    path = pathlib.Path(__file__).parents[2] / "Tests/KernelsTests/Fixtures/losses.json"
    path.write_text(json.dumps(cases, separators=(",", ":")).replace("},{", "},\n{") + "\n")


if __name__ == "__main__":
    main()

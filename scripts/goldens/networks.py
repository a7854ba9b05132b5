"""Makes Tests/ModelsTests/Fixtures/networks.json: what PyTorch computes for all fifteen networks, at small image sizes.

Weights, running statistics and images come from a hash of their place, which the test works out too, so that the fixture holds
results alone: the logits in training and evaluation mode, the loss, for every gradient its norm and three elements, and the
norm of all running statistics behind the step. In double precision; a network whose float32 differs because a ReLU or a pooling
window is within rounding of a tie takes another salt. Needs torch 2.13; takes a minute. Usage: python scripts/goldens/networks.py
"""
import copy
import json
import math
import pathlib
import sys

import numpy as np
import torch
import torch.nn.functional as F
from torch import nn

ROOT = pathlib.Path(__file__).parents[2]
sys.path[:0] = [str(ROOT / "scripts/parity.d"), str(ROOT / "scripts/reference")]
import networks  # noqa: E402

BATCH = 3
SIZES = {"lenet": 28, "lenet-max": 28, "lenet5": 32, "lenet5-1998": 32, "alexnet": 80, "alexnet-small": 80,
         "alexnet-imagenet": 80, "alexnet-half": 80, "vgg11": 32, "vgg11-small": 32, "vgg16": 32, "nin": 67, "googlenet": 32,
         "resnet18": 64, "densenet": 64}
# How far float32 may be from double precision before a tie is to blame.
CLEAR = 5e-5


def uniform(count, salt):
    """Numbers in [-1, 1), multiples of 2^-23: the 32-bit finaliser of MurmurHash3 of the place and the salt."""
    h = (np.arange(count, dtype=np.uint64) * 2654435761 + salt * 40503) & 0xFFFFFFFF
    for shift, factor in ((16, 0x85EBCA6B), (13, 0xC2B2AE35)):
        h = ((h ^ (h >> np.uint64(shift))) * np.uint64(factor)) & np.uint64(0xFFFFFFFF)
    h ^= h >> np.uint64(16)
    return ((h >> np.uint64(8)).astype(np.float32) * np.float32(2**-23) - np.float32(1))


@torch.no_grad()
def fill(network, salt):
    for index, (name, parameter) in enumerate(network.named_parameters()):
        values = torch.from_numpy(uniform(parameter.numel(), salt + 1 + index)).reshape(parameter.shape)
        if parameter.dim() > 1:
            # He's bound, in single precision as the test computes it.
            parameter.copy_(values * float(np.sqrt(np.float32(6) / np.float32(parameter[0].numel()))))
        else:
            parameter.copy_((1 if is_factor(name) else 0) + 0.25 * values)
    statistics = [b for name, b in network.named_buffers() if "running" in name]
    for index, buffer in enumerate(statistics):
        values = torch.from_numpy(uniform(buffer.numel(), salt + 1001 + index))
        buffer.copy_(0.25 * values if index % 2 == 0 else 1 + 0.5 * values)


def is_factor(name):
    """Whether a vector multiplies channels: a weight of one dimension."""
    return name.endswith("weight")


def step(network, images, labels):
    logits = network(images)
    loss = F.cross_entropy(logits, labels)
    loss.backward()
    return logits.detach(), loss.item(), {name: p.grad for name, p in network.named_parameters()}


def case(name, salt):
    network, shape = networks.build(name, SIZES[name], dropout=0.0)
    fill(network, salt)
    images = torch.from_numpy(uniform(BATCH * math.prod(shape), salt)).reshape(BATCH, *shape)
    labels = torch.arange(BATCH) * 3
    single = copy.deepcopy(network).train()
    network = network.double().train()
    evaluation = copy.deepcopy(network).eval()(images.double()).detach()
    logits, loss, gradients = step(network, images.double(), labels)
    _, _, rough = step(single, images, labels)
    largest = max(float(g.abs().max()) for g in gradients.values())
    # A bias in front of a normalisation has no gradient but what rounding leaves.
    scale = lambda g: float(g.abs().max()) if float(g.abs().max()) > 1e-6 * largest else largest
    clear = all(float((rough[key] - g).abs().max()) <= CLEAR * scale(g) for key, g in gradients.items())
    number = lambda value: float(f"{value:.7g}")
    numbers = lambda tensor: [number(value) for value in tensor.flatten().tolist()]
    places = lambda count: [0, count // 2, count - 1]
    return clear, {
        "name": name, "size": SIZES[name], "batch": BATCH, "salt": salt, "loss": number(loss),
        # Of a thousand classes the first ten and the last.
        "logits": [numbers(torch.cat((row[:10], row[-1:]))) for row in logits],
        "evaluation": [numbers(torch.cat((row[:10], row[-1:]))) for row in evaluation],
        "gradients": [{"name": key, "norm": number(g.norm()), "elements": numbers(g.flatten()[places(g.numel())])}
                      for key, g in gradients.items()],
        "statistics": number(math.sqrt(sum(float((b**2).sum()) for key, b in network.named_buffers() if "running" in key))),
    }


def main():
    cases = []
    for name in SIZES:
        for salt in range(10_000, 10_000 * 20, 10_000):
            clear, result = case(name, salt)
            if clear:
                break
        else:
            sys.exit(f"{name}: no salt is clear of ties")
        print(name, salt, result["loss"], flush=True)
        cases.append(result)
    path = ROOT / "Tests/ModelsTests/Fixtures/networks.json"
    path.write_text(json.dumps(cases, separators=(",", ":")).replace("},{", "},\n{") + "\n")


if __name__ == "__main__":
    main()

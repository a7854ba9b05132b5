"""Makes Tests/LayersTests/Fixtures/layers.json: what PyTorch computes for every layer, alone in a small network.

Each network is convolution 1x1, the layer, flatten, linear to three classes, with softmax cross-entropy over a batch of two.
Recorded: weights, input, logits, loss and every gradient, in PyTorch's order. The 1x1 convolution in front makes the
layer's input gradient visible. Needs torch 2.13; takes a second. Usage: python scripts/goldens/layers.py
"""
import json
import pathlib

import torch
from torch import nn

CASES = {  # name: (channels, height, width, layers)
    "conv-3x3-padded": (2, 5, 4, lambda: [nn.Conv2d(2, 3, 3, padding=1)]),
    "conv-3x3-relu": (2, 5, 4, lambda: [nn.Conv2d(2, 3, 3, padding=1), nn.ReLU()]),
    "conv-1x1": (3, 3, 3, lambda: [nn.Conv2d(3, 17, 1)]),
    "conv-2x2-stride-3": (2, 7, 8, lambda: [nn.Conv2d(2, 3, 2, stride=3)]),
    "conv-5x5-stride-2": (1, 9, 7, lambda: [nn.Conv2d(1, 2, 5, stride=2, padding=2)]),
    "maxpool-2": (3, 4, 6, lambda: [nn.MaxPool2d(2, 2)]),
    "maxpool-3-stride-2": (2, 7, 5, lambda: [nn.MaxPool2d(3, 2)]),
    "maxpool-3-stride-2-padded": (2, 6, 6, lambda: [nn.MaxPool2d(3, 2, 1)]),
    "avgpool-2": (3, 4, 6, lambda: [nn.AvgPool2d(2, 2)]),
    "avgpool-3-stride-2": (2, 7, 5, lambda: [nn.AvgPool2d(3, 2)]),
    "relu": (2, 3, 3, lambda: [nn.ReLU()]),
    "sigmoid": (2, 3, 3, lambda: [nn.Sigmoid()]),
    "tanh": (2, 3, 3, lambda: [nn.Tanh()]),
    "linear-relu": (2, 3, 2, lambda: [nn.Flatten(), nn.Linear(12, 5), nn.ReLU()]),
}


def main():
    cases = []
    for name, (channels, height, width, make) in CASES.items():
        torch.manual_seed(len(cases))
        front = [nn.Conv2d(channels, channels, 1), *make()]
        outputs = nn.Sequential(*front)(torch.zeros(1, channels, height, width)).flatten(1).shape[1]
        network = nn.Sequential(*front, nn.Flatten(), nn.Linear(outputs, 3))
        x = torch.randn(2, channels, height, width)
        labels = torch.tensor([2, 0])
        logits = network(x)
        loss = nn.functional.cross_entropy(logits, labels)
        loss.backward()
        flat = lambda tensor: [float(f"{value:.8g}") for value in tensor.detach().flatten().tolist()]
        cases.append({
            "name": name, "channels": channels, "height": height, "width": width, "input": flat(x),
            "labels": labels.tolist(), "logits": flat(logits), "loss": loss.item(),
            "weights": [flat(p) for p in network.parameters()],
            "gradients": [flat(p.grad) for p in network.parameters()],
        })
    path = pathlib.Path(__file__).parents[2] / "Tests/LayersTests/Fixtures/layers.json"
    path.write_text(json.dumps(cases, separators=(",", ":")).replace("},{", "},\n{") + "\n")


if __name__ == "__main__":
    main()

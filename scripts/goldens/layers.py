"""Makes Tests/LayersTests/Fixtures/layers.json: what PyTorch computes for every layer, alone in a small network.

Each network is convolution 1x1, the layer, flatten, linear to three classes, with softmax cross-entropy over a batch of two.
Recorded: weights, input, logits, loss and every gradient, in PyTorch's order; running statistics behind the step, and the logits
in evaluation mode with them. The 1x1 convolution in front makes the layer's input gradient visible. Needs torch 2.13; takes a second. Usage: python scripts/goldens/layers.py
"""
import json
import pathlib
import sys

import torch
from torch import nn

sys.path.insert(0, str(pathlib.Path(__file__).parents[1] / "reference"))
import models  # noqa: E402


class Sum(nn.Module):
    """main(x) + x."""

    def __init__(self, *main):
        super().__init__()
        self.main = nn.Sequential(*main)

    def forward(self, x):
        return self.main(x) + x


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
    "batchnorm": (3, 3, 4, lambda: [nn.BatchNorm2d(3)]),
    "batchnorm-relu": (17, 2, 3, lambda: [nn.BatchNorm2d(17), nn.ReLU()]),
    "adaptive-global": (3, 4, 5, lambda: [nn.AdaptiveAvgPool2d(1)]),
    "adaptive-2": (2, 5, 7, lambda: [nn.AdaptiveAvgPool2d(2)]),
    "inception": (3, 4, 4, lambda: [models.Inception(3, 2, (2, 3), (2, 4), 2)]),
    "inception-twice": (2, 4, 3, lambda: [models.Inception(2, 1, (1, 2), (1, 2), 1), models.Inception(6, 2, (1, 1), (1, 1), 1)]),
    "residual": (3, 4, 4, lambda: [models.Residual(3, 3)]),
    "residual-projected": (2, 5, 4, lambda: [models.Residual(2, 3, 2)]),
    "residual-chain": (2, 4, 4, lambda: [models.Residual(2, 2), models.Residual(2, 4, 2), models.Residual(4, 4)]),
    "dense-block": (3, 4, 3, lambda: [models.DenseBlock(3, 3, 2)]),
    "dense-transition": (2, 4, 4, lambda: [
        models.DenseBlock(2, 2, 3), nn.BatchNorm2d(8), nn.ReLU(), nn.Conv2d(8, 4, 1), nn.AvgPool2d(2, 2),
        models.DenseBlock(1, 4, 2)]),
    "subsampling": (3, 4, 6, lambda: [models.Subsampling(3)]),
    "partial-conv": (6, 5, 6, lambda: [models.PartialConv2d()]),
    "rbf": (2, 2, 2, lambda: [nn.Flatten(), nn.Linear(8, 6), models.RBF(6, 4)]),
    "softmax": (2, 2, 2, lambda: [nn.Flatten(), nn.Softmax(dim=1)]),
    "inception-pooled": (2, 5, 4, lambda: [
        models.Inception(2, 1, (1, 2), (1, 1), 2), nn.MaxPool2d(3, 2, 1), models.Inception(6, 1, (1, 1), (1, 1), 1)]),
    "stem": (1, 9, 8, lambda: [
        nn.Conv2d(1, 3, 7, stride=2, padding=3), nn.BatchNorm2d(3), nn.ReLU(), nn.MaxPool2d(3, 2, 1), models.Residual(3, 3),
        nn.AdaptiveAvgPool2d(1)]),
    "residual-gated": (2, 4, 4, lambda: [nn.Conv2d(2, 3, 1), nn.ReLU(), Sum(nn.Conv2d(3, 3, 3, padding=1))]),
    "residual-pooled": (3, 4, 4, lambda: [Sum(nn.BatchNorm2d(3), nn.ReLU()), nn.ReLU(), nn.MaxPool2d(2)]),
}


def main():
    cases = []
    for name, (channels, height, width, make) in CASES.items():
        torch.manual_seed(len(cases))
        front = [nn.Conv2d(channels, channels, 1), *make()]
        outputs = nn.Sequential(*front).eval()(torch.zeros(1, channels, height, width)).flatten(1).shape[1]
        network = nn.Sequential(*front, nn.Flatten(), nn.Linear(outputs, 3))
        network.train()
        for module in network.modules():
            if isinstance(module, nn.BatchNorm2d):
                nn.init.uniform_(module.weight, 0.5, 1.5)
                nn.init.uniform_(module.bias, -0.5, 0.5)
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
            "statistics": [flat(b) for name, b in network.named_buffers() if "running" in name],
            "evaluation": flat(network.eval()(x)),
        })
    path = pathlib.Path(__file__).parents[2] / "Tests/LayersTests/Fixtures/layers.json"
    path.write_text(json.dumps(cases, separators=(",", ":")).replace("},{", "},\n{") + "\n")


if __name__ == "__main__":
    main()

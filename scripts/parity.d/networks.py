"""The networks of reference/models.py at any input size."""
import pathlib
import sys

import torch
from torch import nn

sys.path.insert(0, str(pathlib.Path(__file__).parent.parent / "reference"))
import models  # noqa: E402


def build(name, size=None, dropout=None):
    """The network and its input shape, with its own dropout unless told. At another size than the reference's, only the
    first linear layer changes."""
    make, (channels, height, width) = models.MODELS[name]
    network = make()
    shape = (channels, size or height, size or width)
    for layer in network.modules():
        if isinstance(layer, nn.Dropout) and dropout is not None:
            layer.p = dropout
    kinds = [type(layer) for layer in network]
    if shape[1:] != (height, width) and nn.Flatten in kinds:
        flatten = kinds.index(nn.Flatten)
        with torch.no_grad():
            inputs = network[:flatten + 1](torch.zeros(1, *shape)).shape[1]
        after = flatten + 1
        if after < len(network) and network[after].in_features != inputs:
            network[after] = nn.Linear(inputs, network[after].out_features)
    return network, shape


def wide_awake(network):
    """Weights with which every layer matters: He's for ReLU, twice Xavier's for the rest, small random biases.
    PyTorch's default lets deep networks answer with their last bias, whatever the image: that would hide errors."""
    relu = any(isinstance(layer, nn.ReLU) for layer in network.modules())
    for layer in network.modules():
        if isinstance(layer, (nn.Conv2d, nn.Linear)):
            if relu:
                nn.init.kaiming_normal_(layer.weight)
            else:
                nn.init.xavier_uniform_(layer.weight, gain=2)
            nn.init.uniform_(layer.bias, -0.1, 0.1)

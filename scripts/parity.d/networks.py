"""The networks of reference/models.py at any input size."""
import copy
import math
import pathlib
import sys

import torch
import torch.nn.functional as F
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
    linear = next((index for index, kind in enumerate(kinds) if kind is nn.Linear), None)
    if shape[1:] != (height, width) and linear is not None:
        with torch.no_grad():
            inputs = network.eval()[:linear](torch.zeros(1, *shape)).shape[1]
        network.train()
        if network[linear].in_features != inputs:
            network[linear] = nn.Linear(inputs, network[linear].out_features)
    return network, shape


# How far ReLU's inputs and the two largest of a pooling window stay from a tie, relative to the layer's largest output.
# float32 sums differ by about 1e-6 of it. A tie closer than EXACT is one of equal inputs (the black
# around the garments): it stays a tie in any arithmetic, and whoever wins, the gradient is the same.
MARGIN, EXACT = 5e-6, 1e-12


@torch.no_grad()
def lively(network):
    """He's random weights, and running statistics that are not those of the start.

    For networks of blocks, and for those that are smooth. Ties within rounding are rare at small sizes; a draw
    that has one is drawn again by the caller."""
    for module in network.modules():
        if isinstance(module, (nn.Conv2d, nn.Linear)):
            nn.init.normal_(module.weight, std=math.sqrt(2 / module.weight[0].numel()))
            nn.init.uniform_(module.bias, -0.1, 0.1)
        if isinstance(module, nn.BatchNorm2d):
            nn.init.uniform_(module.weight, 0.5, 1.5)
            nn.init.uniform_(module.bias, -0.1, 0.1)
            module.running_mean.uniform_(-0.2, 0.2)
            module.running_var.uniform_(0.5, 1.5)
            module.num_batches_tracked.fill_(7)


@torch.no_grad()
def wide_awake(network, images):
    """Random weights with which every layer matters and a step on `images` is smooth.

    PyTorch's default lets deep networks answer with their last bias, whatever the image, which would hide errors. And
    where a value is within rounding of a tie, float32 decides by chance and the gradient jumps: such channels are drawn
    again until there are none."""
    gain = 2 ** 0.5 if any(isinstance(layer, nn.ReLU) for layer in network) else 2.0
    x = images.double()
    for index, layer in enumerate(network):
        exact = copy.deepcopy(layer).double()
        if isinstance(layer, (nn.Conv2d, nn.Linear)):
            after = list(network[index + 1:index + 3])
            channels = torch.arange(len(layer.weight))
            for _ in range(200):
                if not len(channels):
                    break
                shape = (len(channels), *layer.weight.shape[1:])
                weight = torch.randn(shape) * gain / math.sqrt(math.prod(shape[1:]))
                bias = torch.empty(len(channels)).uniform_(-0.1, 0.1)
                layer.weight.data[channels], layer.bias.data[channels] = weight, bias
                if isinstance(layer, nn.Conv2d):
                    z = F.conv2d(x, weight.double(), bias.double(), layer.stride, layer.padding)
                else:
                    z = F.linear(x, weight.double(), bias.double())
                channels = channels[near_a_tie(z, after)]
            else:
                raise SystemExit(f"layer {index}: no draw of 200 is clear of ties; take a smaller batch or image")
            exact.load_state_dict(layer.state_dict())
        x = exact(x)


def near_a_tie(z, after):
    """Which channels of `z`, the outputs of a layer, are near a tie in the layers after it."""
    limit, exact = MARGIN * z.abs().max(), EXACT * z.abs().max()
    near = torch.zeros(z.shape[1], dtype=torch.bool)
    if after and isinstance(after[0], nn.ReLU):
        near |= (z.abs() < limit).transpose(0, 1).flatten(1).any(1)
    if len(after) > 1 and isinstance(after[1], nn.MaxPool2d):
        pool, y = after[1], after[0](z)
        windows = F.unfold(y.flatten(0, 1)[:, None], pool.kernel_size, stride=pool.stride)
        first, second = windows.topk(2, dim=1).values.unbind(1)
        gap = (first - second).reshape(*z.shape[:2], -1)
        near |= ((gap < limit) & (gap > exact)).any(2).any(0)
    return near

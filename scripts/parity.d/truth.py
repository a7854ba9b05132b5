"""What a step should give: PyTorch in double precision, each shard by itself."""
import copy

import torch
import torch.nn.functional as F

# Some gradients are zero but for rounding: a bias in front of a batch normalisation is taken out again by it. A tensor whose
# largest element is below this part of the network's largest is compared with that one.
ZERO = 1e-6


def classes(network, shape):
    with torch.no_grad():
        outputs = network.eval()(torch.zeros(1, *shape)).shape[1]
    network.train()
    return outputs


class Step:
    """Loss, gradients and new running statistics of one batch over `shards` shards, with weights of float32.

    A batch normalisation sees the samples of one shard; the loss is the mean over all samples, and running statistics are
    averaged over the shards."""

    def __init__(self, network, images, labels, shards):
        self.loss, self.gradients, self.statistics = self._run(network, images, labels, shards, torch.double)
        _, self.float_gradients, _ = self._run(network, images, labels, shards, torch.float)

    @staticmethod
    def _run(network, images, labels, shards, dtype):
        count = len(labels)
        loss, gradients, statistics = 0.0, {}, {}
        for shard in range(shards):
            part = slice(count * shard // shards, count * (shard + 1) // shards)
            replica = copy.deepcopy(network).to(dtype).train()
            local = F.cross_entropy(replica(images[part].to(dtype)), labels[part], reduction="sum") / count
            local.backward()
            loss += local.item()
            for name, parameter in replica.named_parameters():
                gradients[name] = gradients.get(name, 0) + parameter.grad
            share = (part.stop - part.start) / count
            for name, buffer in replica.named_buffers():
                if name.endswith(("running_mean", "running_var")):
                    statistics[name] = statistics.get(name, 0) + share * buffer
                elif name.endswith("num_batches_tracked"):
                    statistics[name] = buffer
        return loss, gradients, statistics


def worst_gradient(found, expected):
    """The worst difference relative to the largest element of its tensor."""
    largest = max(float(tensor.abs().max()) for tensor in expected.values())
    worst = 0.0
    for name, tensor in expected.items():
        own = float(tensor.abs().max())
        scale = own if own > ZERO * largest else largest
        worst = max(worst, float((found[name] - tensor).abs().max()) / scale)
    return worst


def worst_statistic(found, expected):
    """The same of running statistics; infinite where a counter is wrong."""
    worst = 0.0
    for name, tensor in expected.items():
        if name.endswith("num_batches_tracked"):
            if int(found[name]) != int(tensor):
                return float("inf")
        else:
            worst = max(worst, float((found[name] - tensor).abs().max() / tensor.abs().max()))
    return worst

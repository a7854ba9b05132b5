"""Fashion-MNIST as PyTorch would read it, straight from the gzip files: nothing here is shared with cnn-dist."""
import gzip
import os
import pathlib

import numpy as np
import torch
import torch.nn.functional as F

PLACES = [os.environ.get("CNN_DIST_DATA"), "data/fashion-mnist", "/usr/share/datasets/fashion-mnist"]


def _bytes(name, header):
    for place in filter(None, PLACES):
        path = pathlib.Path(place, name)
        if path.exists():
            with gzip.open(path) as file:
                return np.frombuffer(file.read(), np.uint8, offset=header)
    raise SystemExit(f"no {name} in {', '.join(filter(None, PLACES))}; apt-get install dataset-fashion-mnist")


def load(split, count, shape):
    """The first `count` images of "train" or "t10k" as (count, channels, height, width) in 0...1, and their labels."""
    channels, height, width = shape
    pixels = _bytes(f"{split}-images-idx3-ubyte.gz", 16).reshape(-1, 1, 28, 28)[:count]
    images = torch.from_numpy(pixels.astype(np.float32)) / 255
    if (height, width) != (28, 28):
        images = F.interpolate(images, size=(height, width), mode="bilinear", align_corners=False)
    labels = torch.from_numpy(_bytes(f"{split}-labels-idx1-ubyte.gz", 8)[:count].astype(np.int64))
    return images.expand(-1, channels, -1, -1).contiguous(), labels

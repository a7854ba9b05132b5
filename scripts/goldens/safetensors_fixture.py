#!/usr/bin/env python3
"""Files by PyTorch and the safetensors package that Tests/CheckpointsTests reads, and the other way round.

    scripts/goldens/safetensors_fixture.py                 writes Tests/CheckpointsTests/Fixtures/pytorch.safetensors
    scripts/goldens/safetensors_fixture.py --read FILE     prints what the package reads from FILE

Needs torch and safetensors (made with torch 2.13, safetensors 0.8). Takes 2 s; the fixture has under 2 kB.
"""
import argparse
import pathlib
import zlib

import torch
from safetensors import safe_open
from safetensors.torch import save_file

FIXTURE = pathlib.Path(__file__).parents[2] / "Tests/CheckpointsTests/Fixtures/pytorch.safetensors"


def write():
    """Values that every type holds exactly, so that the test compares bits: k/4 - 3 for element k."""
    values = torch.arange(24, dtype=torch.float32) / 4 - 3
    # Zeros, infinities, float16's largest, smallest normal and smallest number.
    special = torch.tensor([0.0, -0.0, float("inf"), float("-inf"), 65504.0, 2.0**-14, 2.0**-24])
    tensors = {
        "float32": values.reshape(2, 3, 4),
        "float16": values.to(torch.float16).reshape(4, 6),
        "bfloat16": values.to(torch.bfloat16).reshape(24),
        "special.float16": special.to(torch.float16),
        "special.bfloat16": special.to(torch.bfloat16),
        "scalar": torch.tensor(0.1),
        "empty": torch.zeros(0, 3),
        "bn.num_batches_tracked": torch.tensor(1234567890123, dtype=torch.int64),
        "integers": torch.tensor([[-1, 0], [2**62, -(2**63)]], dtype=torch.int64),
        'a "quoted" näme\n': torch.ones(1),
    }
    FIXTURE.parent.mkdir(parents=True, exist_ok=True)
    save_file(tensors, FIXTURE, metadata={"format": "pt", "note": "made by scripts/goldens/safetensors_fixture.py"})


def read(path):
    with safe_open(path, framework="pt") as file:
        metadata = file.metadata()
        print("metadata", {key: value for key, value in metadata.items() if not key.startswith("crc32.")})
        for name in file.keys():
            tensor = file.get_tensor(name)
            checksum = f"{zlib.crc32(tensor.reshape(-1).view(torch.uint8).numpy().tobytes()):08x}"
            agrees = metadata.get(f"crc32.{name}") == checksum
            print(name, tensor.dtype, tuple(tensor.shape), tensor.flatten()[:4].tolist(), checksum, "agrees" if agrees else "-")


parser = argparse.ArgumentParser()
parser.add_argument("--read", metavar="FILE")
arguments = parser.parse_args()
read(arguments.read) if arguments.read else write()

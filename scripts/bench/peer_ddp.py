"""Whole training steps by PyTorch DistributedDataParallel on this machine: the other side of scripts/bench/peers.

    peer_ddp.py MODEL --batch-size 16 --warm-up 2 --steps 6      # prints {"images_per_s": ...}

gloo, two processes of one thread each, channels_last, fused Adam, dropout as the network has it; --compile adds
torch.compile, --bf16 autocast to bfloat16. The data costs it nothing: ready-made batches of resized Fashion-MNIST lie in
memory, a few for each rank, in turn.
"""
import argparse
import json
import os
import pathlib
import sys
import tempfile
import time

import torch
import torch.distributed as dist
import torch.multiprocessing as processes
import torch.nn.functional as F
from torch.nn.parallel import DistributedDataParallel

sys.path.insert(0, str(pathlib.Path(__file__).parent.parent / "parity.d"))
import fashion_mnist  # noqa: E402
import networks  # noqa: E402

READY_BATCHES = 4


def rank_main(rank, options, rendezvous):
    torch.set_num_threads(1)
    dist.init_process_group("gloo", init_method=f"file://{rendezvous}", rank=rank, world_size=options.ranks)
    torch.manual_seed(1)
    network, shape = networks.build(options.model, options.image_size)
    network = DistributedDataParallel(network.to(memory_format=torch.channels_last), gradient_as_bucket_view=True)
    optimizer = torch.optim.Adam(network.parameters(), lr=1e-3, fused=True)
    predict = torch.compile(network) if options.compile else network

    share = options.batch_size // options.ranks
    images, labels = fashion_mnist.load("train", share * READY_BATCHES * options.ranks, shape)
    mine = slice(rank, None, options.ranks)
    batches = list(zip(
        (batch.contiguous(memory_format=torch.channels_last) for batch in images[mine].split(share)),
        labels[mine].split(share)))

    for number in range(options.warm_up + options.steps):
        if number == options.warm_up:
            start = time.perf_counter()
        x, y = batches[number % len(batches)]
        with torch.autocast("cpu", dtype=torch.bfloat16, enabled=options.bf16):
            loss = F.cross_entropy(predict(x), y)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        loss.item()
    seconds = time.perf_counter() - start
    if rank == 0:
        print(json.dumps({"images_per_s": options.steps * options.batch_size / seconds}), flush=True)
    dist.destroy_process_group()


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("model")
    parser.add_argument("--batch-size", type=int, required=True, help="over all ranks")
    parser.add_argument("--image-size", type=int)
    parser.add_argument("--warm-up", type=int, required=True)
    parser.add_argument("--steps", type=int, required=True)
    parser.add_argument("--ranks", type=int, default=2)
    parser.add_argument("--compile", action="store_true")
    parser.add_argument("--bf16", action="store_true")
    options = parser.parse_args()
    os.environ["OMP_NUM_THREADS"] = "1"
    with tempfile.TemporaryDirectory() as directory:
        processes.spawn(rank_main, (options, f"{directory}/rendezvous"), nprocs=options.ranks)


if __name__ == "__main__":
    main()

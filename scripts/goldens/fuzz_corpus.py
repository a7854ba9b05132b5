#!/usr/bin/env python3
"""What the fuzzer of each reader begins with: writes Tests/Fuzz/corpus/{safetensors,idx,gzip,yaml}/seed-*.

    scripts/goldens/fuzz_corpus.py

Small valid files, each with something that no random change would find. Other files there are what the fuzzer found. Takes
a moment.
"""
import gzip
import json
import pathlib
import struct
import zlib

ROOT = pathlib.Path(__file__).resolve().parents[2]
CORPUS = ROOT / "Tests/Fuzz/corpus"
FIXTURE = ROOT / "Tests/CheckpointsTests/Fixtures/pytorch.safetensors"


def safetensors(tensors, checksums=True):
    """As cnn-dist writes it: the CRC-32 of each tensor, and of the header with its own value as zeros."""
    header, body = {"__metadata__": {"format": "pt"}}, b""
    metadata = header["__metadata__"]
    if checksums:
        metadata |= {"cnn-dist.format": "1", "cnn-dist.header_crc32": "0" * 8}
    for name, (dtype, shape, data) in tensors.items():
        if checksums:
            metadata[f"crc32.{name}"] = f"{zlib.crc32(data):08x}"
        header[name] = {"dtype": dtype, "shape": shape, "data_offsets": [len(body), len(body) + len(data)]}
        body += data
    text = json.dumps(header, separators=(",", ":")).encode()
    text += b" " * (-len(text) % 8)
    if checksums:
        own = f'"cnn-dist.header_crc32":"{zlib.crc32(text):08x}"'.encode()
        text = text.replace(b'"cnn-dist.header_crc32":"00000000"', own)
    return struct.pack("<Q", len(text)) + text + body


def idx(dimensions, items):
    return struct.pack(f">HBB{len(dimensions)}I", 0, 8, len(dimensions), *dimensions) + items


def seeds():
    content = bytes(i * i % 23 * 9 for i in range(300))
    floats = {"w": ("F32", [2, 3], struct.pack("<6f", *range(6))), 'b"\\\u00e4': ("F16", [2], bytes(4))}
    yield "safetensors", "ours", safetensors(floats | {"n": ("I64", [], struct.pack("<q", 3))})
    yield "safetensors", "plain", safetensors(floats | {"empty": ("BF16", [0, 3], b"")}, checksums=False)
    yield "safetensors", "pytorch", FIXTURE.read_bytes()
    yield "safetensors", "none", safetensors({})
    yield "idx", "images", idx([5, 3, 2], bytes(range(30)))
    yield "idx", "labels", idx([7], bytes([0, 9, 1, 8, 2, 7, 3]))
    yield "gzip", "deflated", gzip.compress(content, mtime=0)
    yield "gzip", "stored", gzip.compress(content, compresslevel=0, mtime=0)
    yield "gzip", "zeros", gzip.compress(bytes(300), mtime=0)
    # Name, comment, extra field and header checksum.
    head = b"\x1f\x8b\x08\x1e" + bytes(6) + b"\x04\x00abcd" + b"name\0" + b"comment\0"
    tail = gzip.compress(content, mtime=0)[10:]
    yield "gzip", "header", head + struct.pack("<H", zlib.crc32(head) & 0xFFFF) + tail
    yield "yaml", "settings", b"model: lenet\nepochs: 5\nlr: 0.001  # rate\n'seed': \"7\"\nshuffle: false\n"
    yield "yaml", "flow", b'{optimizer: sgd, momentum: 0.9, schedule: "step:30:0.1", augment: "flip,crop:2"}\n'
    yield "yaml", "styles", b"%YAML 1.1\n--- !!map\n? batch-size\n: 64\ndata: |\n  /a b\nrun: >-\n  folded\n  text\n...\n"
    yield "yaml", "aliases", b"a: &x [1, 2]\nb: [*x, *x]\n? *x\n: {<<: {lr: 1}}\n"


def main():
    for reader, name, content in seeds():
        path = CORPUS / reader / f"seed-{name}"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)


if __name__ == "__main__":
    main()

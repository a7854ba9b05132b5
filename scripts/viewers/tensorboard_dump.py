"""Prints what TensorBoard reads in the event files of a run, as a line of JSON.

  .venv-viewers/bin/python scripts/viewers/tensorboard_dump.py RUN/tensorboard [--again FILE]

  --again FILE   when FILE is there, reads on as a TensorBoard does that was open all the time, and prints a second line

For each of the runs `train` and `test`: scalars as tag -> [[step, value], ...], histograms as tag -> [[step, min, max, count,
sum of the buckets], ...], images as tag -> [[step, width, height], ...]. TensorBoard decodes the PNGs itself. Takes two seconds.
"""
import argparse
import json
import os
import pathlib
import struct
import time

from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

KEEP_ALL = {"scalars": 0, "histograms": 0, "images": 0}


def png_size(data):
    assert data[:8] == b"\x89PNG\r\n\x1a\n" and data[12:16] == b"IHDR", "not a PNG file"
    return struct.unpack(">II", data[16:24])


def image(event):
    size = png_size(event.encoded_image_string)
    assert size == (event.width, event.height), f"{size} in the file, {(event.width, event.height)} beside it"
    return [event.step, event.width, event.height]


def histogram(event):
    value = event.histogram_value
    assert value.bucket_limit == sorted(value.bucket_limit), "the ends of the buckets ascend"
    return [event.step, value.min, value.max, value.num, sum(value.bucket)]


def contents(accumulator):
    tags = accumulator.Tags()
    return {
        "scalars": {tag: [[s.step, s.value] for s in accumulator.Scalars(tag)] for tag in tags["scalars"]},
        "histograms": {tag: [histogram(h) for h in accumulator.Histograms(tag)] for tag in tags["histograms"]},
        "images": {tag: [image(i) for i in accumulator.Images(tag)] for tag in tags["images"]},
    }


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("directory", type=pathlib.Path)
    parser.add_argument("--again")
    options = parser.parse_args()
    runs = {run: EventAccumulator(str(options.directory / run), size_guidance=KEEP_ALL) for run in ("train", "test")}

    def show():
        print(json.dumps({run: contents(accumulator.Reload()) for run, accumulator in runs.items()}), flush=True)

    show()
    if options.again:
        while not os.path.exists(options.again):
            time.sleep(0.1)
        show()


main()

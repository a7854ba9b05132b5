#!/usr/bin/env python3
"""Makes the fixtures of `cnn-dist summary` from torchinfo and scripts/reference/models.py:

  Tests/ModelsTests/Fixtures/summaries.json   every module of every network at batch sizes 1 and 10, and the totals
  Tests/CommandTests/Fixtures/summary-*.txt   what torchinfo prints for some of them

A module is [kind, depth, number among those of its depth, shape, parameters with those within, mult-adds].
Newer Pythons print the unit of mult-adds as the name of torchinfo's enumeration; here it is the letter meant.
Needs torch (made with 2.13, Python 3.11) and torchinfo (made with 1.8.0). Takes half a minute and 1 GB.
Usage: python3 scripts/goldens/summaries.py
"""
import json
import pathlib
import sys

from torchinfo import summary

ROOT = pathlib.Path(__file__).parents[2]
sys.path.insert(0, str(ROOT / "scripts/reference"))
from models import MODELS  # noqa: E402

TEXTS = [  # model, batch size, depth
    ("lenet5", 10, 3), ("lenet5-1998", 10, 3), ("googlenet", 1, 3), ("resnet18", 1, 3), ("resnet18", 1, 1),
    ("densenet", 1, 3), ("densenet", 10, 4), ("densenet", 1, 2), ("densenet", 1, 0), ("vgg16", 10, 3),
    ("alexnet-imagenet", 1, 3), ("nin", 1, 3), ("alexnet-half", 1, 3),
]
UNITS = {"Units.MEGABYTES": "M", "Units.GIGABYTES": "G", "Units.TERABYTES": "T"}


def module(info):
    return [info.class_name, info.depth, info.depth_index, info.output_size or None, info.num_params,
            info.macs if info.is_leaf_layer else 0]


def text(found):
    result = str(found)
    for name, letter in UNITS.items():
        result = result.replace(name, letter)
    return result + "\n"


def golden(name, batch, found):
    megabytes = [line.split(": ")[1] for line in str(found).splitlines() if "(MB)" in line]
    return {"model": name, "batch": batch, "modules": [module(info) for info in found.summary_list],
            "parameters": found.total_params, "multAdds": found.total_mult_adds,
            "passBytes": found.total_output_bytes, "parameterBytes": found.total_param_bytes,
            "megabytes": megabytes}


def lines(case):
    """A line for each module."""
    rows = ",\n".join("  " + json.dumps(row, separators=(",", ":")) for row in case.pop("modules"))
    return json.dumps(case, separators=(",", ":"))[:-1] + ',"modules":[\n' + rows + "]}"


def main():
    cases = []
    for name, (make, shape) in MODELS.items():
        network = make()
        for batch in [1, 10]:
            found = summary(network, (batch, *shape), verbose=0)
            cases.append(lines(golden(name, batch, found)))
    path = ROOT / "Tests/ModelsTests/Fixtures/summaries.json"
    path.write_text("[\n" + ",\n".join(cases) + "\n]\n")
    for name, batch, depth in TEXTS:
        make, shape = MODELS[name]
        found = summary(make(), (batch, *shape), depth=depth, verbose=0)
        path = ROOT / f"Tests/CommandTests/Fixtures/summary-{name}-{batch}-{depth}.txt"
        path.write_text(text(found))


if __name__ == "__main__":
    main()

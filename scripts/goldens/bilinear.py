#!/usr/bin/env python3
"""Writes Tests/DatasetsTests/Fixtures/bilinear.json: what PyTorch's bilinear resize gives.

Needs torch (made with 2.13, on the CPU). Takes a second. Run from the repository's root:
    python3 scripts/goldens/bilinear.py
"""
import json

import torch
import torch.nn.functional as F

SIZES = [(1, 1), (2, 3), (7, 7), (14, 14), (17, 17), (27, 28), (28, 28), (28, 29), (32, 32), (56, 56), (96, 96), (64, 100),
         (224, 224)]
VALUES = 160

# A picture with every slope, that the test can make too.
image = torch.tensor([(i * i * 31 + 7 * i + 5 * (i // 28)) % 256 for i in range(784)], dtype=torch.uint8)
unit = image.float().div(255).view(1, 1, 28, 28)
cases = []
for height, width in SIZES:
    out = F.interpolate(unit, size=(height, width), mode="bilinear", align_corners=False).flatten()
    # A stride that is prime to the width visits all columns and rows.
    stride = max(1, out.numel() // VALUES) | 1
    cases.append({"height": height, "width": width, "stride": stride,
                  "values": [float(f"{v:.9g}") for v in out[::stride].tolist()]})
with open("Tests/DatasetsTests/Fixtures/bilinear.json", "w") as file:
    file.write('{"made with": "scripts/goldens/bilinear.py, torch %s", "cases": [\n' % torch.__version__)
    file.write(",\n".join(json.dumps(case) for case in cases))
    file.write("\n]}\n")

#!/usr/bin/env python3
"""Writes Tests/DatasetsTests/Fixtures/augmentation.json: what PyTorch makes of a picture by mirroring, turning and cropping it.

Turning is affine_grid and grid_sample (bilinear, zeros outside, no corner alignment) with the matrix of torchvision's
rotate; brightness and contrast are the formulas of torchvision's ColorJitter on tensors.
Needs torch (made with 2.13, on the CPU). Takes a second. Run from the repository's root:
    python3 scripts/goldens/augmentation.py
"""
import json
import math

import torch
import torch.nn.functional as F

# flips, degrees counter-clockwise, crop's corner (x, y), brightness, contrast
CASES = [(False, 10, (0, 0), 1, 1), (False, -7.3, (0, 0), 1, 1), (True, 25, (0, 0), 1, 1), (False, 90, (0, 0), 1, 1),
         (True, -63.5, (-3, 4), 1, 1), (True, 0, (4, -2), 1, 1), (False, 171, (2, -4), 1, 1), (False, 0, (0, 0), 1.3, 1),
         (False, 0, (0, 0), 1, 0.7), (False, 0, (0, 0), 1, 1.6), (True, 12, (1, 2), 0.8, 1.4)]
STRIDE = 5

# A picture with every slope, that the test can make too.
image = torch.tensor([(i * i * 31 + 7 * i + 5 * (i // 28)) % 256 for i in range(784)], dtype=torch.uint8)
unit = image.float().div(255).view(1, 1, 28, 28)
cases = []
for flips, degrees, (x, y), brightness, contrast in CASES:
    out = unit.flip(3) if flips else unit
    if degrees:
        c, s = math.cos(math.radians(degrees)), math.sin(math.radians(degrees))
        grid = F.affine_grid(torch.tensor([[[c, -s, 0], [s, c, 0]]]), (1, 1, 28, 28), align_corners=False)
        out = F.grid_sample(out, grid, mode="bilinear", padding_mode="zeros", align_corners=False)
    out = F.pad(out, (5, 5, 5, 5))[:, :, 5 + y:33 + y, 5 + x:33 + x]
    out = (out * brightness).clamp(0, 1)
    out = (contrast * out + (1 - contrast) * out.mean()).clamp(0, 1)
    cases.append({"flips": flips, "degrees": degrees, "x": x, "y": y, "brightness": brightness, "contrast": contrast,
                  "values": [float(f"{v:.9g}") for v in out.flatten()[::STRIDE].tolist()]})
with open("Tests/DatasetsTests/Fixtures/augmentation.json", "w") as file:
    file.write('{"made with": "scripts/goldens/augmentation.py, torch %s", "stride": %d, "cases": [\n' % (torch.__version__, STRIDE))
    file.write(",\n".join(json.dumps(case) for case in cases))
    file.write("\n]}\n")

"""What `cnn-dist export` writes, read by the programs that it is written for: onnxruntime, PyTorch, Graphviz, a reader of XML."""
import subprocess
import xml.etree.ElementTree

import onnx
import onnxruntime
import torch
from safetensors.torch import load_file

import networks

# Halves of float32 have 11 bits: a weight that is rounded to them moves by at most this much of itself, or by the smallest step.
HALF, HALF_STEP = 2.0 ** -11, 2.0 ** -25


def onnx_logits(path, images):
    """What onnxruntime makes of the images, once the checker has nothing to say."""
    onnx.checker.check_model(str(path), full_check=True)
    model = onnx.load(str(path), load_external_data=False)
    batch = model.graph.input[0].type.tensor_type.shape.dim[0]
    assert batch.dim_param == "batch" and not batch.HasField("dim_value"), "the batch is of any size"
    assert not any(node.op_type == "Dropout" for node in model.graph.node), "nothing drops"
    options = onnxruntime.SessionOptions()
    options.log_severity_level = 3
    session = onnxruntime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])
    logits = [session.run(["logits"], {"images": images[part].numpy()})[0]
              for part in (slice(0, 1), slice(1, None))]
    return torch.cat([torch.from_numpy(part) for part in logits])


def is_half(path, case, state):
    """Whether the file holds the weights, rounded, under names and shapes that PyTorch takes strictly."""
    found = load_file(path)
    networks.build(case.name, case.size)[0].half().load_state_dict(found, strict=True)
    for name, tensor in state.items():
        rounded = found[name]
        if not tensor.is_floating_point():
            if not torch.equal(rounded, tensor):
                return False
        elif rounded.dtype != torch.float16 or not torch.all(
                (rounded.double() - tensor.double()).abs() <= HALF * tensor.double().abs() + HALF_STEP):
            return False
    return True


def judge(case, cnn_dist, directory, images, classes):
    """The logits by onnxruntime, and which other exports of the case's weights are wrong."""
    weights = directory / "initial.safetensors"
    options = ["--model", case.name, "--image-size", case.size, "--classes", classes]
    files = {ending: directory / f"export.{ending}" for ending in ("onnx", "safetensors", "dot", "svg")}
    for path in files.values():
        cnn_dist.run(cnn_dist.path, "export", weights, *options, "--output", path,
                     *(["--half"] if path.suffix == ".safetensors" else []))
    wrong = []
    if not is_half(files["safetensors"], case, load_file(weights)):
        wrong.append("float16")
    drawn = subprocess.run(["dot", "-Tsvg", files["dot"]], capture_output=True)
    if drawn.returncode or drawn.stderr:
        wrong.append(f"dot {drawn.stderr.decode()}")
    for picture in (files["svg"].read_bytes(), drawn.stdout):
        if xml.etree.ElementTree.fromstring(picture).tag != "{http://www.w3.org/2000/svg}svg":
            wrong.append("svg")
    return onnx_logits(files["onnx"], images), wrong

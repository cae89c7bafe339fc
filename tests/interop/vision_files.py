#!/usr/bin/env python3
"""Weights to and from PyTorch, and ONNX in onnxruntime: the same numbers on both sides.

usage: vision_files.py HANOK-TRAIN     needs torch, torchvision, safetensors, onnx and onnxruntime
"""
import json
import subprocess
import sys
import tempfile

try:
    import numpy as np
    import onnx
    import onnxruntime
    import torch
    import torchvision
    from safetensors.torch import load_file
except ImportError as missing:
    print(f"{missing}: not run")
    sys.exit(77)

program = sys.argv[1]
torch.manual_seed(1)
folder = tempfile.mkdtemp()


def hanok(*arguments):
    out = subprocess.run([program, "vision", *arguments, "--json"], capture_output=True, text=True)
    assert out.returncode == 0, out.stdout + out.stderr
    return json.loads(out.stdout)


def lenet():
    nn = torch.nn
    return nn.Sequential(nn.Conv2d(1, 6, 5, padding=2), nn.Tanh(), nn.AvgPool2d(2), nn.Conv2d(6, 16, 5), nn.Tanh(), nn.AvgPool2d(2),
                         nn.Flatten(), nn.Linear(400, 120), nn.Tanh(), nn.Linear(120, 84), nn.Tanh(), nn.Linear(84, 10))


def stirred(net):
    """Running means and variances of a net that has learned."""
    for name, value in net.state_dict().items():
        if name.endswith("running_mean"):
            value.normal_(0, 0.1)
        if name.endswith("running_var"):
            value.uniform_(0.8, 1.2)
    return net.eval()


def check(name, net, channels, side, old):
    weights, run = f"{folder}/{name}.pth", f"{folder}/{name}"
    torch.save(net.state_dict(), weights, _use_new_zipfile_serialization=not old)
    hanok("import", "--model", name, "--weights", weights, "--size", str(side), "--out", run)
    x = torch.randn(3, channels, side, side)
    with torch.no_grad():
        y = net(x).numpy()
    hanok("export", "--run", run, "--format", "onnx", "--out", f"{run}/net.onnx")
    onnx.checker.check_model(f"{run}/net.onnx", full_check=True)
    session = onnxruntime.InferenceSession(f"{run}/net.onnx", providers=["CPUExecutionProvider"])
    z = session.run(None, {"input": x.numpy()})[0]
    assert np.abs(z - y).max() <= 1e-4 * y.std() + 1e-5, (name, np.abs(z - y).max())
    net.load_state_dict(load_file(f"{run}/model.safetensors"), strict=True)
    with torch.no_grad():
        assert np.array_equal(net(x).numpy(), y), name
    print(name, "onnx differs by", np.abs(z - y).max(), "of", y.std())


models = torchvision.models
check("lenet", lenet(), 1, 28, old=False)
check("resnet18", stirred(models.resnet18(num_classes=10)), 3, 64, old=True)
check("resnet50", stirred(models.resnet50(num_classes=5)), 3, 64, old=False)
check("alexnet", stirred(models.alexnet(num_classes=10)), 3, 64, old=False)
print("all equal")

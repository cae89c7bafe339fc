#!/usr/bin/env python3
"""The training step of fast_cnn in PyTorch: the same net, batch, precision and optimizer. peer.py eager|compile [STEPS]

Prints {"peer", "images_per_second"}. Pictures are random numbers: reading and changing them is left out, in PyTorch's favour.
"""
import json
import os
import sys
import time

import torch
import torch.nn.functional as F
from torch import nn

BATCH, CLASSES, WIDTHS = 2000, 10, (64, 256, 256)


class Group(nn.Module):
    def __init__(self, into, out):
        super().__init__()
        self.conv1, self.conv2 = nn.Conv2d(into, out, 3, padding=1, bias=False), nn.Conv2d(out, out, 3, padding=1, bias=False)
        self.norm1, self.norm2 = nn.BatchNorm2d(out, momentum=0.4), nn.BatchNorm2d(out, momentum=0.4)

    def forward(self, x):
        x = F.gelu(self.norm1(F.max_pool2d(self.conv1(x), 2)))
        return F.gelu(self.norm2(self.conv2(x)))


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.whiten = nn.Conv2d(3, 24, 2)
        self.whiten.weight.requires_grad = False
        self.groups = nn.Sequential(*(Group(a, b) for a, b in zip((24,) + WIDTHS, WIDTHS)))
        self.head = nn.Linear(WIDTHS[-1], CLASSES)

    def forward(self, x):
        x = self.groups(F.gelu(self.whiten(x)))
        return self.head(F.max_pool2d(x, 3).flatten(1))


def orthogonal(g, steps=3):
    x = g / (g.norm() + 1e-7)
    tall = x.size(0) > x.size(1)
    x = x.T if tall else x
    for _ in range(steps):
        s = x @ x.T
        x = 3.4445 * x + (-4.7750 * s + 2.0315 * s @ s) @ x
    return x.T if tall else x


def main():
    kind, steps = sys.argv[1], int(sys.argv[2]) if len(sys.argv) > 2 else 8
    torch.set_num_threads(os.cpu_count())
    torch.manual_seed(0)
    net = Net().to(memory_format=torch.channels_last)
    forward = torch.compile(net) if kind == "compile" else net
    filters = [p for p in net.parameters() if p.dim() == 4 and p.requires_grad]
    others = [p for p in net.parameters() if p.dim() < 4 and p.requires_grad]
    memory = [torch.zeros_like(p) for p in filters]
    sgd = torch.optim.SGD(others, lr=1e-5, momentum=0.85, nesterov=True)
    x = torch.randn(BATCH, 3, 32, 32).to(memory_format=torch.channels_last)
    y = torch.randint(0, CLASSES, (BATCH,))
    times = []
    for _ in range(steps + 2):
        begin = time.perf_counter()
        with torch.autocast("cpu", torch.bfloat16):
            logits = forward(x)
        F.cross_entropy(logits.float(), y, label_smoothing=0.2, reduction="sum").backward()
        with torch.no_grad():
            for p, m in zip(filters, memory):
                m.mul_(0.6).add_(p.grad)
                p.mul_(len(p) ** 0.5 / p.norm())
                p.add_(orthogonal((p.grad + 0.6 * m).flatten(1)).view_as(p), alpha=-0.24)
        sgd.step()
        net.zero_grad()
        times.append(time.perf_counter() - begin)
    print(json.dumps({"peer": "PyTorch " + torch.__version__ + " " + kind, "images_per_second": BATCH * steps / sum(times[2:])}))


if __name__ == "__main__":
    main()

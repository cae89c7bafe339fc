#!/usr/bin/env python3
"""Writes the files of tests/data/torch: what torch.save gives, in its two formats. Needs torch (any version since 1.6).

usage: make_torch_files.py FOLDER
"""
import collections
import sys

import torch

out = sys.argv[1]
torch.manual_seed(0)
state = collections.OrderedDict()
state["a.weight"] = torch.arange(6.0).reshape(2, 3)
state["a.bias"] = torch.tensor([1.5, -2.0])
state["bn.num_batches_tracked"] = torch.tensor(7)
state["h"] = torch.arange(4).half()
state["b"] = torch.arange(4).bfloat16()
state["view"] = torch.arange(10.0)[2:6]
state["cl"] = torch.arange(16.0).reshape(1, 2, 2, 4).contiguous(memory_format=torch.channels_last)
state["t"] = torch.arange(6.0).reshape(2, 3).t()
torch.save(state, f"{out}/new.pth")
torch.save(state, f"{out}/old.pth", _use_new_zipfile_serialization=False)

net = torch.nn.Sequential(torch.nn.Conv2d(1, 2, 3), torch.nn.BatchNorm2d(2))
torch.save({"model": net.state_dict(), "epoch": 3, "lr": 0.1, "args": {"x": [1, 2, "y"], "n": None, "t": True}}, f"{out}/ckpt.pth")
torch.save(dict(net.named_parameters()), f"{out}/params.pth")
torch.save(net, f"{out}/module.pth")

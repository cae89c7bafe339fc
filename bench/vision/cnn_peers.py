#!/usr/bin/env python3
"""hanok's nets beside PyTorch's, forward, float32, in turns: pictures a second of the best round.

    bench/vision/cnn_peers.py --hanok BUILD/bench/vision/bench_cnn [--threads 2] [resnet18@32 resnet50@224 ...]

Needs torch, torchvision and safetensors. Weights are random; both sides get the same file. NAME@SIDE is torchvision's net
for pictures of that side. PyTorch runs eager, in inference mode, in both memory layouts; the faster one counts.
"""
import argparse
import json
import os
import subprocess
import tempfile
import time

import torch
import torchvision
from safetensors.torch import save_file


def theirs(net, x, seconds):
    best, total, rounds = 1e30, 0.0, 0
    with torch.inference_mode():
        net(x)
        while rounds < 2 or total < seconds:
            begin = time.perf_counter()
            net(x)
            took = time.perf_counter() - begin
            best, total, rounds = min(best, took), total + took, rounds + 1
    return len(x) / best


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("nets", nargs="*", default=["resnet18@32", "alexnet@224", "resnet18@224", "resnet50@224", "vgg16@224"])
    parser.add_argument("--hanok", required=True)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--batch", type=int, default=16)
    parser.add_argument("--seconds", type=float, default=2.0)
    parser.add_argument("--rounds", type=int, default=2)
    args = parser.parse_args()
    torch.set_num_threads(args.threads)
    print(f"torch {torch.__version__}, {args.threads} threads, batches of {args.batch}")
    print(f"{'net':16}{'hanok/s':>10}{'GFLOP/s':>10}{'torch/s':>10}{'ratio':>8}")
    for name in args.nets:
        kind, side = name.split("@")
        torch.manual_seed(1)
        net = getattr(torchvision.models, kind)(weights=None, num_classes=10).eval()
        x = torch.randn(args.batch, 3, int(side), int(side))
        ours, peer = {"images_per_second": 0}, 0.0
        with tempfile.TemporaryDirectory() as folder:
            file = os.path.join(folder, "net.safetensors")
            save_file({k: v.contiguous() for k, v in net.state_dict().items()}, file)
            for _ in range(args.rounds):
                out = subprocess.run([args.hanok, file, side, str(args.batch), str(args.seconds)], check=True,
                                     capture_output=True, env={**os.environ, "HANOK_THREADS": str(args.threads)})
                ours = max(ours, json.loads(out.stdout), key=lambda o: o["images_per_second"])
                peer = max(peer, theirs(net.to(memory_format=torch.contiguous_format), x, args.seconds / 2))
                peer = max(peer, theirs(net.to(memory_format=torch.channels_last),
                                        x.contiguous(memory_format=torch.channels_last), args.seconds / 2))
        print(f"{name:16}{ours['images_per_second']:10.1f}{ours['gflops']:10.1f}{peer:10.1f}"
              f"{ours['images_per_second'] / peer:8.2f}", flush=True)


if __name__ == "__main__":
    main()

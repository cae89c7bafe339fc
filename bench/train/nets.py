#!/usr/bin/env python3
"""Images a second of each named net, forward and training, and memory: hanok beside PyTorch eager at equal precision, in turns.

usage: nets.py HANOK-TRAIN [--models a,b] [--precision bf16] [--threads 2] [--seconds 2] [--rounds 3] [--compile]

--compile: torch.compile beside eager, which needs a C++ compiler and takes half a minute or more a net.
Both: channels_last, random pictures, a step of SGD with momentum, autocast to bf16 where asked for. PyTorch is given what is usual:
eval() and inference_mode() for the forward pass. Each measurement is a process of its own; the best of the rounds counts. Needs
torch and torchvision.
"""
import argparse
import json
import resource
import subprocess
import sys
import time

# name, variant, side, channels, batch
CASES = [("lenet", "imagenet", 28, 1, 256), ("resnet20", "imagenet", 32, 3, 128), ("vgg16_bn", "cifar", 32, 3, 64),
         ("resnet18", "cifar", 32, 3, 64), ("resnet18", "imagenet", 32, 3, 256), ("alexnet", "imagenet", 224, 3, 16),
         ("resnet50", "imagenet", 224, 3, 8), ("vgg16", "imagenet", 224, 3, 8), ("resnet101", "imagenet", 224, 3, 4),
         ("resnet152", "imagenet", 224, 3, 4), ("vgg19", "imagenet", 224, 3, 4)]


def torch_net(name, variant, classes=10):
    import torch
    import torchvision
    nn = torch.nn
    if name == "lenet":
        return nn.Sequential(nn.Conv2d(1, 6, 5, padding=2), nn.Tanh(), nn.AvgPool2d(2), nn.Conv2d(6, 16, 5), nn.Tanh(), nn.AvgPool2d(2),
                             nn.Flatten(), nn.Linear(400, 120), nn.Tanh(), nn.Linear(120, 84), nn.Tanh(), nn.Linear(84, classes))
    if name == "resnet20":
        net = torchvision.models.ResNet(torchvision.models.resnet.BasicBlock, [3, 3, 3, 1], num_classes=classes)
        block = torchvision.models.resnet.BasicBlock

        def stage(width_in, width, stride):
            shortcut = None if stride == 1 else nn.Sequential(nn.Conv2d(width_in, width, 1, stride, bias=False), nn.BatchNorm2d(width))
            return nn.Sequential(block(width_in, width, stride, shortcut), block(width, width), block(width, width))
        net.conv1, net.bn1, net.maxpool = nn.Conv2d(3, 16, 3, 1, 1, bias=False), nn.BatchNorm2d(16), nn.Identity()
        net.layer1, net.layer2, net.layer3, net.layer4 = stage(16, 16, 1), stage(16, 32, 2), stage(32, 64, 2), nn.Identity()
        net.fc = nn.Linear(64, classes)
        return net
    net = getattr(torchvision.models, name)(weights=None, num_classes=classes)
    if variant == "cifar" and name.startswith("resnet"):
        net.conv1, net.maxpool = nn.Conv2d(3, 64, 3, 1, 1, bias=False), nn.Identity()
    if variant == "cifar" and name.startswith("vgg"):
        net.avgpool, net.classifier = nn.AdaptiveAvgPool2d(1), nn.Linear(512, classes)
    return net


def measure_torch(name, variant, side, channels, batch, precision, threads, seconds, compiled):
    import torch
    torch.set_num_threads(threads)
    torch.manual_seed(0)
    net = torch_net(name, variant).to(memory_format=torch.channels_last)
    x = torch.randn(batch, channels, side, side).contiguous(memory_format=torch.channels_last)
    y = torch.randint(10, (batch,))
    cast = lambda: torch.autocast("cpu", dtype=torch.bfloat16, enabled=precision == "bf16")  # noqa: E731
    optimizer = torch.optim.SGD(net.parameters(), 0.01, momentum=0.9)
    run = torch.compile(net) if compiled else net

    def train():
        optimizer.zero_grad()
        with cast():
            logits = run(x)
        torch.nn.functional.cross_entropy(logits.float(), y).backward()
        optimizer.step()

    def forward():
        with torch.inference_mode(), cast():
            run(x)

    def speed(step):
        step()
        step()
        begin, steps = time.monotonic(), 0
        while True:
            step()
            steps += 1
            took = time.monotonic() - begin
            if took >= seconds:
                return steps * batch / took
    out = {"train_images_per_second": speed(train)}
    net.eval()
    out["forward_images_per_second"] = speed(forward)
    out["peak_rss_bytes"] = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
    return out


def main():
    p = argparse.ArgumentParser()
    p.add_argument("program")
    p.add_argument("--models", default="")
    p.add_argument("--precision", default="bf16", choices=["bf16", "float32"])
    p.add_argument("--threads", type=int, default=2)
    p.add_argument("--seconds", type=float, default=2)
    p.add_argument("--rounds", type=int, default=3)
    p.add_argument("--compile", action="store_true")
    p.add_argument("--torch-case", help=argparse.SUPPRESS)
    a = p.parse_args()
    if a.torch_case:
        name, variant, side, channels, batch = json.loads(a.torch_case)
        print(json.dumps(measure_torch(name, variant, side, channels, batch, a.precision, a.threads, a.seconds, a.compile)))
        return
    chosen = set(filter(None, a.models.split(",")))
    peers = ["eager", "compile"] if a.compile else ["eager"]
    columns = ["hanok"] + [text for peer in peers for text in (peer, "ratio")]
    head = ["net", "pictures", "batch"] + [f"{what} {c}" for what in ("forward/s", "train/s") for c in columns]
    head += [f"MB {c}" for c in ["hanok"] + peers]
    print("| " + " | ".join(head) + " |\n|---|---|" + "---:|" * (len(head) - 2))
    for case in CASES:
        name, variant, side, channels, batch = case
        if chosen and name not in chosen and f"{name}/{variant}" not in chosen:
            continue
        best = {}
        common = ["--precision", a.precision, "--threads", str(a.threads), "--seconds", str(a.seconds)]
        for _ in range(a.rounds):
            for who in ["hanok"] + peers:
                if who == "hanok":
                    command = [a.program, "vision", "measure", "--model", name, "--variant", variant, "--size", str(side), "--channels",
                               str(channels), "--batch", str(batch), "--json"]
                else:
                    command = [sys.executable, __file__, a.program, "--torch-case", json.dumps(case)]
                    command += ["--compile"] if who == "compile" else []
                new = json.loads(subprocess.run(command + common, capture_output=True, text=True, check=True).stdout)
                of = best.setdefault(who, {"forward_images_per_second": 0, "train_images_per_second": 0, "peak_rss_bytes": 1 << 60})
                for key in of:
                    of[key] = (min if key == "peak_rss_bytes" else max)(of[key], new[key])
        row = [f"{name} {variant}", f"{channels}x{side}x{side}", f"{batch}"]
        for key in ("forward_images_per_second", "train_images_per_second"):
            ours = best["hanok"][key]
            row.append(f"{ours:.4g}")
            for peer in peers:
                row += [f"{best[peer][key]:.4g}", f"{ours / best[peer][key]:.2f}"]
        row += [f"{best[who]['peak_rss_bytes'] / 1e6:.0f}" for who in ["hanok"] + peers]
        print("| " + " | ".join(row) + " |", flush=True)


if __name__ == "__main__":
    main()

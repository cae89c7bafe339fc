#!/usr/bin/env bash
# The figures of hanok-train on the real files: one line of JSON a run. train.sh DATA [PROGRAM]
set -euo pipefail
data=$1 program=${2:-build/release/hanok-train}
runs=$(mktemp -d)
trap 'rm -rf "$runs"' EXIT
train() {  # train NAME FLAGS...
  local name=$1
  shift
  "$program" vision train --out "$runs/$name" --json "$@" | tail -1
}
train lenet --data "$data/mnist" --dataset mnist --model lenet --epochs 6
train cnn --data "$data/fashion-mnist" --dataset fashion-mnist --model cnn
for seed in 1 2 3; do train "fast$seed" --data "$data/cifar10" --dataset cifar10 --model fast_cnn --seed "$seed"; done

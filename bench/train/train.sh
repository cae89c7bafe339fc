#!/usr/bin/env bash
# The figures of hanok-train on the real files, GANs among them: one line of JSON a run. train.sh DATA [PROGRAM]
set -euo pipefail
data=$1 program=${2:-build/release/hanok-train}
runs=$(mktemp -d)
trap 'rm -rf "$runs"' EXIT
train() {  # train NAME FLAGS...
  local name=$1
  shift
  "$program" vision train --out "$runs/$name" --json "$@" | tail -1
}
gan() {  # gan NAME JUDGE FLAGS...
  local name=$1 judge=$2
  shift 2
  "$program" vision gan train --out "$runs/$name" --judge "$runs/$judge" --json "$@" | tail -1
}
train lenet --data "$data/mnist" --dataset mnist --model lenet --epochs 6
train cnn --data "$data/fashion-mnist" --dataset fashion-mnist --model cnn
for seed in 1 2 3; do train "fast$seed" --data "$data/cifar10" --dataset cifar10 --model fast_cnn --seed "$seed"; done
gan digits lenet --data "$data/mnist" --dataset mnist
gan clothes cnn --data "$data/fashion-mnist" --dataset fashion-mnist --epochs 8
gan objects fast1 --data "$data/cifar10" --dataset cifar10 --epochs 8

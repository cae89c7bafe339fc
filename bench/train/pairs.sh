#!/usr/bin/env bash
# Images a second of fast_cnn's training in hanok-train and in PyTorch, eager and compiled, in turns. pairs.sh DATA PYTHON [PROGRAM]
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
data=$1 python=$2 program=${3:-build/release/hanok-train}
runs=$(mktemp -d)
trap 'rm -rf "$runs"' EXIT
for round in 1 2; do
  "$program" vision train --data "$data/cifar10" --dataset cifar10 --model fast_cnn --epochs 0.32 --out "$runs/$round" --json |
    tail -1 | sed 's/^/hanok   /'
  "$python" "$here/peer.py" eager
  "$python" "$here/peer.py" compile
done

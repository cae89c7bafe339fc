#!/usr/bin/env python3
"""Lays real vector sets for bench_ann and ann_peers into a folder, as .npy (float32 rows) beside queries of the same kind.

    bench/ann/make_sets.py DATA OUT [--hanok build/release/hanok] [--model FOLDER] [--sets fashion,sentences,sift,cifar]

DATA is the folder with fashion-mnist, cifar10, retrieval, instruct and tinyshakespeare.
fashion    Fashion-MNIST: 60,000 x 784 byte values; queries are the first 1,000 test images.
cifar      CIFAR-10: 50,000 x 3,072 byte values; queries are the first 1,000 test images.
sentences  windows of 12 words, a window every fifth word, of all English text, through a sentence model: 384-d unit rows.
sift       SIFT descriptors (OpenCV) of CIFAR-10 images four times enlarged: 128-d byte values; queries from test images.
sentences1m  a million rows from those of `sentences` (laid before): one of them, moved a third of the way between two others.
Queries are never rows of the base. Rows are in a seeded random order. Needs numpy; sift needs opencv-python-headless.
"""
import argparse
import gzip
import json
import lzma
import pathlib
import random
import re
import subprocess

import numpy as np

QUERIES = 1000


def idx(path):
    with gzip.open(path) as source:
        raw = source.read()
    dims = raw[3]
    shape = [int.from_bytes(raw[4 + 4 * i:8 + 4 * i], "big") for i in range(dims)]
    return np.frombuffer(raw, np.uint8, offset=4 + 4 * dims).reshape(shape[0], -1)


def cifar(data):
    def images(name):
        raw = np.frombuffer(lzma.open(data / "cifar10" / f"{name}.bin.xz").read(), np.uint8)
        return raw.reshape(-1, 3073)[:, 1:]
    return np.concatenate([images(f"data_batch_{i}") for i in range(1, 6)]), images("test_batch")


def texts(data):
    """Every English text there is: abstracts, encyclopedia paragraphs, plays, instructions and conversations."""
    yield from re.split(r"\n\.[ITABW][^\n]*\n?", gzip.open(data / "retrieval/cranfield/cran.all.1400.gz", "rt").read())
    for article in json.load(gzip.open(data / "retrieval/xquad/xquad.en.json.gz"))["data"]:
        for paragraph in article["paragraphs"]:
            yield paragraph["context"]
    yield (data / "tinyshakespeare/input.txt").read_text()

    def strings(value):
        if isinstance(value, str):
            yield value
        elif isinstance(value, dict):
            for part in value.values():
                yield from strings(part)
        elif isinstance(value, list):
            for part in value:
                yield from strings(part)
    for path in sorted((data / "instruct").rglob("*.gz")):
        body = gzip.open(path, "rt", encoding="utf-8").read()
        lines = body.splitlines() if ".jsonl" in path.name else [body]
        for line in lines:
            yield from strings(json.loads(line))


def windows(data, words=12, step=5):
    seen = {}
    for text in texts(data):
        parts = text.split()
        for at in range(0, max(1, len(parts) - words + 1), step):
            window = " ".join(parts[at:at + words])
            if len(window) > 20:
                seen[window] = None
    rows = list(seen)
    random.Random(7).shuffle(rows)
    return rows


def sentences(args, out):
    rows = windows(args.data)[:args.rows + QUERIES]
    listing = out / "sentences.txt"
    listing.write_text("".join(row.replace("\n", " ") + "\n" for row in rows), encoding="utf-8")
    subprocess.run([args.hanok, "embed", "-m", args.model, str(listing), "--format", "npy", "--out",
                    str(out / "sentences_all.npy")], check=True)
    vectors = np.load(out / "sentences_all.npy")
    return vectors[:-QUERIES], vectors[-QUERIES:]


def million(out, rows=1_000_000):
    real = np.load(out / "sentences.npy")
    random_rows = np.random.default_rng(7)
    base = np.empty((rows, real.shape[1]), np.float32)
    for at in range(0, rows, 50_000):
        pick = random_rows.integers(0, len(real), (3, min(50_000, rows - at)))
        moved = real[pick[0]] + (real[pick[1]] - real[pick[2]]) / 3
        base[at:at + len(moved)] = moved / np.linalg.norm(moved, axis=1, keepdims=True)
    return base, np.load(out / "sentences_q.npy")


def descriptors(images, most):
    import cv2
    detector = cv2.SIFT_create(nfeatures=24)
    found, total = [], 0
    for image in images:
        picture = cv2.resize(image.reshape(3, 32, 32).transpose(1, 2, 0)[:, :, ::-1].copy(), (128, 128),
                             interpolation=cv2.INTER_CUBIC)
        _, rows = detector.detectAndCompute(cv2.cvtColor(picture, cv2.COLOR_BGR2GRAY), None)
        if rows is not None:
            found.append(rows)
            total += len(rows)
        if total >= most:
            break
    rows = np.unique(np.concatenate(found).astype(np.uint8), axis=0)
    return rows[np.random.default_rng(7).permutation(len(rows))]


def main():
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("data", type=pathlib.Path)
    arguments.add_argument("out", type=pathlib.Path)
    arguments.add_argument("--hanok", default="build/release/hanok")
    arguments.add_argument("--model", default="all-MiniLM-L6-v2")
    arguments.add_argument("--sets", default="fashion,sentences,sift,cifar")
    arguments.add_argument("--rows", type=int, default=120_000, help="most rows of sentences")
    arguments.add_argument("--sift-rows", type=int, default=1_000_000)
    args = arguments.parse_args()
    args.out.mkdir(parents=True, exist_ok=True)
    for name in args.sets.split(","):
        if name == "fashion":
            base = idx(args.data / "fashion-mnist/train-images-idx3-ubyte.gz")
            queries = idx(args.data / "fashion-mnist/t10k-images-idx3-ubyte.gz")[:QUERIES]
        elif name == "cifar":
            base, queries = cifar(args.data)
            queries = queries[:QUERIES]
        elif name == "sentences":
            base, queries = sentences(args, args.out)
        elif name == "sentences1m":
            base, queries = million(args.out)
        elif name == "sift":
            train, test = cifar(args.data)
            base, queries = descriptors(train, args.sift_rows), descriptors(test, 4 * QUERIES)[:QUERIES]
        else:
            raise SystemExit(f"{name}: not a set; sets are fashion, sentences, sentences1m, sift, cifar")
        np.save(args.out / f"{name}.npy", base.astype(np.float32))
        np.save(args.out / f"{name}_q.npy", queries.astype(np.float32))
        print(f"{name}: {base.shape[0]} x {base.shape[1]}, {len(queries)} queries", flush=True)


if __name__ == "__main__":
    main()

#!/usr/bin/env python3
"""Index files both ways between hanok and the real libraries.

usage: PEERS_VENV/bin/python tests/interop/index_files.py HANOK

hanok writes, faiss-cpu or hnswlib reads and must find the same neighbours as an exact search of its own; then the library writes
and hanok searches its file. The environment needs faiss-cpu, hnswlib and numpy.
"""
import json
import subprocess
import sys
import tempfile
from pathlib import Path

import faiss
import hnswlib
import numpy as np

HANOK = sys.argv[1]
N, D, K = 3000, 24, 10
random = np.random.default_rng(1)
centres = random.normal(size=(30, D)) * 3
base = (centres[random.integers(30, size=N)] + random.normal(size=(N, D))).astype(np.float32)
queries = (centres[random.integers(30, size=50)] + random.normal(size=(50, D))).astype(np.float32)


def hanok(*arguments):
    done = subprocess.run([HANOK, "index", *map(str, arguments), "--json"], capture_output=True, text=True)
    assert done.returncode == 0, (arguments, done.stderr)
    return [json.loads(line) for line in done.stdout.splitlines()]


def truth(metric):
    x, q = base.astype(np.float64), queries.astype(np.float64)
    if metric == "cosine":
        x, q = (a / np.linalg.norm(a, axis=1, keepdims=True) for a in (x, q))
    score = ((q[:, None] - x[None]) ** 2).sum(2) if metric == "l2" else -(q @ x.T)
    return np.argsort(score, axis=1, kind="stable")[:, :K]


def recall(found, wanted):
    return np.mean([len(set(map(int, f)) & set(map(int, w))) / K for f, w in zip(found, wanted)])


def ivecs(path):
    raw = np.fromfile(path, np.int32)
    return raw.reshape(-1, raw[0] + 1)[:, 1:]


def check(what, value, least):
    print(f"{what:50s} recall {value:.3f}")
    assert value >= least, what


with tempfile.TemporaryDirectory() as folder:
    folder = Path(folder)
    np.save(folder / "base.npy", base), np.save(folder / "queries.npy", queries)
    unit = queries / np.linalg.norm(queries, axis=1, keepdims=True)

    for metric in ("l2", "ip", "cosine"):
        wanted, asked = truth(metric), unit if metric == "cosine" else queries
        for kind, least in (("flat", 1.0), ("ivf", 0.9), ("hnsw", 0.9)):
            own, foreign = folder / "own.idx", folder / "own.faiss"
            hanok("build", "--in", folder / "base.npy", "--type", kind, "--metric", metric, "--out", own)
            hanok("convert", own, foreign)
            index = faiss.read_index(str(foreign))
            if kind == "ivf":
                faiss.extract_index_ivf(index).nprobe = 16
            check(f"hanok {kind} {metric} -> {type(index).__name__}", recall(index.search(asked, K)[1], wanted), least - (metric == "ip") * 0.1 * (kind != "flat"))
        hanok("convert", folder / "own.idx", folder / "own.bin")
        graph = hnswlib.Index({"l2": "l2", "ip": "ip", "cosine": "cosine"}[metric], D)
        graph.load_index(str(folder / "own.bin"))
        graph.set_ef(100)
        check(f"hanok hnsw {metric} -> hnswlib", recall(graph.knn_query(queries, K)[0], wanted), 0.8 if metric == "ip" else 0.95)

    wanted = truth("l2")
    for spec, least in (("Flat", 1.0), ("IVF32,Flat", 0.95), ("IVF32,PQ12x4", 0.2), ("SQ8", 0.95), ("SQfp16", 0.95), ("HNSW16,Flat", 0.95),
                        ("PCA24,Flat", 0.95), ("IDMap2,Flat", 1.0)):
        index = faiss.index_factory(D, spec)
        index.train(base)
        index.add_with_ids(base, np.arange(N)) if spec.startswith("IDMap") else index.add(base)
        faiss.write_index(index, str(folder / "theirs.faiss"))
        hanok("convert", folder / "theirs.faiss", folder / "theirs.idx")
        hanok("search", "--index", folder / "theirs.idx", "--in", folder / "queries.npy", "-k", K, "--out", folder / "ids.ivecs")
        check(f"faiss {spec} -> hanok", recall(ivecs(folder / "ids.ivecs"), wanted), least)
    graph = hnswlib.Index("l2", D)
    graph.init_index(N, M=16, ef_construction=100)
    graph.add_items(base)
    graph.save_index(str(folder / "theirs.bin"))
    hanok("convert", folder / "theirs.bin", folder / "theirs.idx")
    hanok("search", "--index", folder / "theirs.idx", "--in", folder / "queries.npy", "-k", K, "--out", folder / "ids.ivecs")
    check("hnswlib -> hanok", recall(ivecs(folder / "ids.ivecs"), wanted), 0.95)
print("index files: all directions agree")

#!/usr/bin/env python3
"""hanok's kind `disk` beside DiskANN (PyPI: diskannpy) on one set: recall, milliseconds a query, build and memory, in one run.

    bench/ann/disk_peer.py HANOK BENCH_DISK BASE.npy QUERIES.npy WORK [--rows N] [--degree 64] [--effort 100]

Rows are scaled to length one; ten neighbours by squared distance, one search thread, two to build. Both get the same degree,
candidates while building and bytes of code a vector (a third of the dimension). DiskANN reads past the kernel's memory of files
(O_DIRECT), so hanok is measured cold, too: every page is dropped before each query. DiskANN has no nodes cached, and four reads at a
time, as hanok. Each search is a process of its own, and memory is what it holds of its own (RssAnon). Measure alone.
(pip: numpy==1.25 diskannpy)
"""
import argparse
import pathlib
import subprocess
import sys
import time

import numpy as np

K = 10


def own_megabytes():
    for line in open("/proc/self/status"):
        if line.startswith("RssAnon:"):
            return int(line.split()[1]) / 1024
    return 0


def truth_of(base, queries):
    out = np.empty((len(queries), K), np.int32)
    for at in range(0, len(queries), 100):
        scores = queries[at:at + 100] @ base.T
        near = np.argpartition(-scores, K, axis=1)[:, :K]
        out[at:at + 100] = np.take_along_axis(near, np.argsort(-np.take_along_axis(scores, near, 1), axis=1), 1)
    return out


def build_peer(base, folder, args):
    import diskannpy
    folder.mkdir(exist_ok=True)
    code = base.shape[1] // 3
    diskannpy.build_disk_index(data=base, distance_metric="l2", index_directory=str(folder), complexity=args.effort,
                               graph_degree=args.degree, search_memory_maximum=len(base) * code / 2**30,
                               build_memory_maximum=16, num_threads=2, pq_disk_bytes=0)


def search_peer(folder, queries, truth):
    import diskannpy
    index = diskannpy.StaticDiskIndex(index_directory=str(folder), num_threads=1, num_nodes_to_cache=0)
    for effort in (12, 16, 24, 32, 40, 48, 64, 96, 128):
        took, hits = [], 0
        for query, wanted in zip(queries, truth):
            begin = time.perf_counter()
            found = index.search(query, K, effort, beam_width=4).identifiers
            took.append((time.perf_counter() - begin) * 1000)
            hits += len(set(found.tolist()) & set(wanted.tolist()))
        took.sort()
        print(f"{effort:6} {hits / len(queries) / K:8.4f} {took[len(took) // 2]:9.3f} {took[len(took) * 99 // 100]:9.3f} "
              f"{own_megabytes():6.0f} MB", flush=True)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("hanok")
    parser.add_argument("bench_disk")
    parser.add_argument("base")
    parser.add_argument("queries")
    parser.add_argument("work", type=pathlib.Path)
    parser.add_argument("--rows", type=int)
    parser.add_argument("--degree", type=int, default=64)
    parser.add_argument("--effort", type=int, default=100)
    parser.add_argument("--search-peer", action="store_true", help=argparse.SUPPRESS)
    args = parser.parse_args()
    args.work.mkdir(parents=True, exist_ok=True)
    queries = np.ascontiguousarray(np.load(args.queries)[:500], np.float32)
    queries /= np.linalg.norm(queries, axis=1, keepdims=True)
    peer, index, truth_file = args.work / "diskann", args.work / "hanok.idx", args.work / "truth.ivecs"
    if args.search_peer:
        return search_peer(peer, queries, np.fromfile(truth_file, np.int32).reshape(len(queries), K + 1)[:, 1:])
    base = np.ascontiguousarray(np.load(args.base, mmap_mode="r")[:args.rows], np.float32)
    base /= np.linalg.norm(base, axis=1, keepdims=True)
    np.save(args.work / "base.npy", base)
    np.save(args.work / "queries.npy", queries)
    truth = truth_of(base, queries)
    np.concatenate([np.full((len(truth), 1), K, np.int32), truth], 1).tofile(truth_file)
    begin = time.perf_counter()
    build_peer(base, peer, args)
    print(f"DiskANN: built in {time.perf_counter() - begin:.0f} s, {sum(f.stat().st_size for f in peer.iterdir()) / 1e6:.0f} MB of files\n"
          f"{'effort':>6} {'recall':>8} {'p50 ms':>9} {'p99 ms':>9}", flush=True)
    del base
    subprocess.run([sys.executable, *sys.argv, "--search-peer"], check=True)
    begin = time.perf_counter()
    subprocess.run([args.hanok, "index", "build", "--type", "disk", "--metric", "l2", "--set", f"degree={args.degree}", "--set",
                    f"ef_construction={args.effort}", "--set", "beam=4", "--threads", "2", "--in", str(args.work / "base.npy"), "--out",
                    str(index), "-q"], check=True)
    print(f"hanok: built in {time.perf_counter() - begin:.0f} s, {index.stat().st_size / 1e6:.0f} MB", flush=True)
    for cold in ([], ["--cold"]):
        print("cold" if cold else "as the kernel keeps pages", flush=True)
        subprocess.run([args.bench_disk, str(index), str(args.work / "queries.npy"), str(truth_file), "--ef",
                        "12,16,24,32,40,48,64,96,128", *cold], check=True)


if __name__ == "__main__":
    main()

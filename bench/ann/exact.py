#!/usr/bin/env python3
"""Exact search of all queries at once, hanok's `flat` beside faiss-cpu's IndexFlatL2, in turns; and is it exact?

    bench/ann/exact.py HANOK BASE.npy QUERIES.npy [--threads 2] [--rounds 5]

Ids are compared with a brute force in float64, ties by id. (pip: numpy faiss-cpu)
"""
import argparse
import json
import os
import subprocess
import tempfile
import time

K = 10


def brute_force(base, queries):
    """In float64 over every row that float32 does not rule out by far."""
    import faiss
    import numpy as np
    rough, near = faiss.knn(queries, base, K + 60)
    out = []
    for q, candidates, far in zip(queries.astype(np.float64), near, rough):
        exact = ((base[candidates].astype(np.float64) - q)**2).sum(1)
        order = np.lexsort((candidates, exact))[:K]
        assert exact[order[-1]] < far[-1] * (1 - 1e-3), "too many near ties: more candidates are needed"
        out.append(candidates[order])
    return np.array(out)


def read_ivecs(path):
    import numpy as np
    raw = np.fromfile(path, np.int32)
    return raw.reshape(-1, raw[0] + 1)[:, 1:]


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("hanok")
    parser.add_argument("base")
    parser.add_argument("queries")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--rounds", type=int, default=5)
    args = parser.parse_args()
    os.environ["OMP_NUM_THREADS"] = str(args.threads)
    import faiss
    import numpy as np
    base, queries = np.load(args.base), np.load(args.queries)
    faiss.omp_set_num_threads(args.threads)
    index = faiss.IndexFlatL2(base.shape[1])
    index.add(base)
    with tempfile.TemporaryDirectory() as folder:
        file, ids = f"{folder}/flat.index", f"{folder}/ids.ivecs"
        subprocess.run([args.hanok, "index", "build", "--in", args.base, "--type", "flat", "--metric", "l2", "--out", file,
                        "--json"], check=True, stdout=subprocess.DEVNULL)
        ours, theirs = 0, 0
        for _ in range(args.rounds):
            answer = subprocess.run([args.hanok, "index", "search", "--index", file, "--in", args.queries, "-k", str(K),
                                     "--batch", "--threads", str(args.threads), "--out", ids, "--json"],
                                    check=True, capture_output=True, text=True).stdout
            found = json.loads(answer)
            ours = max(ours, (found[0] if isinstance(found, list) else found)["queries_per_second"])
            start = time.perf_counter()
            index.search(queries, K)
            theirs = max(theirs, len(queries) / (time.perf_counter() - start))
        wrong = int((read_ivecs(ids) != brute_force(base, queries)).any(1).sum())
    print(f"{args.base}: {len(base)} x {base.shape[1]}, {len(queries)} queries at once, {args.threads} threads")
    print(f"hanok flat {ours:.0f}/s, faiss-cpu IndexFlatL2 {theirs:.0f}/s: {ours / theirs:.2f}x; "
          f"{wrong} queries differ from brute force in float64")


if __name__ == "__main__":
    main()

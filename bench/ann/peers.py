#!/usr/bin/env python3
"""hanok beside other engines on one set: queries a second at given recalls, build time and memory, in one run.

    bench/ann/peers.py BENCH_ANN BASE.npy QUERIES.npy [--metric l2|ip|cosine] [--rows N] [--engines a,b] [--rounds 2] [--json OUT]
                       [--markdown]

BASE and QUERIES hold float32 rows (make_sets.py). BENCH_ANN is the program of this folder. Engines are PyPI packages, each
in a process of its own, measured in turn in every round, hanok among them; a setting counts with its best pass. One search
thread; single: a call a query; batch: all queries by one call. Between two measured settings the figure is interpolated
log-linearly. Recall counts every result no farther than the true k-th. Builds have two threads.
(pip: numpy faiss-cpu hnswlib usearch pyglass-portable scalable-vs pyvsag scann ngt; what is not installed is left out, and said.)
Measure alone: whatever else runs takes from the figures.
"""
import argparse
import json
import math
import os
import subprocess
import sys
import tempfile
import time
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context

import numpy as np

K, THREADS = 10, 2
RECALLS = (.90, .95, .97, .99, .999)
EF = (10, 12, 16, 20, 28, 40, 60, 90, 140, 220, 400, 800)


def load(path, metric):
    rows = np.ascontiguousarray(np.load(path), np.float32)
    return rows / np.linalg.norm(rows, axis=1, keepdims=True) if metric == "cosine" else rows


def as_bytes(base, metric):
    """One scale for all values, lossless where they are bytes; inner product allows no offset."""
    if metric == "ip":
        scale = 127 / float(np.abs(base).max())
        return lambda x: np.clip(np.rint(x * scale), -127, 127).astype(np.int8)
    low, high = float(base.min()), float(base.max())
    return lambda x: np.clip(np.rint((x - low) * (255 / (high - low)) - 128), -128, 127).astype(np.int8)


# Each engine: a function of the base rows and the metric that builds and returns (settings, use, one, many). Cosine arrives
# as unit rows, which squared distance ranks alike. many may be None.
def faiss_index(base, metric, spec, settings):
    import faiss
    faiss.omp_set_num_threads(THREADS)
    index = faiss.index_factory(base.shape[1], spec, faiss.METRIC_INNER_PRODUCT if metric == "ip" else faiss.METRIC_L2)
    parameters = faiss.ParameterSpace()
    if spec.startswith("HNSW"):
        parameters.set_index_parameter(index, "efConstruction", 200)
    index.train(base)
    index.add(base)
    faiss.omp_set_num_threads(1)
    return (settings, lambda s: parameters.set_index_parameters(index, s), lambda q: index.search(q[None], K)[1][0],
            lambda qs: index.search(qs, K)[1])


def faiss_ivf(base, metric):
    groups = next(m for m in (base.shape[1] // 4, base.shape[1] // 2) if base.shape[1] % m == 0)
    return faiss_index(base, metric, f"IVF{min(256, len(base) // 40)},PQ{groups}x4fs,RFlat",
                       [f"nprobe={n},k_factor_rf={f}" for n in (2, 4, 8, 16, 32, 64, 128) for f in (2, 3, 4, 6, 8, 15, 20, 50, 100)])


def faiss_hnsw(base, metric):
    return faiss_index(base, metric, "HNSW32,Flat", [f"efSearch={e}" for e in EF])


def hnswlib(base, metric):
    import hnswlib as library
    index = library.Index("ip" if metric == "ip" else "l2", base.shape[1])
    index.init_index(len(base), M=16, ef_construction=200)
    index.add_items(base, num_threads=THREADS)
    return (EF, index.set_ef, lambda q: index.knn_query(q, K, num_threads=1)[0][0],
            lambda qs: index.knn_query(qs, K, num_threads=1)[0])


def usearch(base, metric):
    from usearch.index import Index
    put = as_bytes(base, metric)
    index = Index(ndim=base.shape[1], metric="ip" if metric == "ip" else "l2sq", dtype="i8", connectivity=16, expansion_add=200)
    index.add(np.arange(len(base)), put(base), threads=THREADS)

    def search(q):
        return index.search(put(q), K, threads=1).keys
    return EF, lambda ef: setattr(index, "expansion_search", ef), search, search


def glass(base, metric, degree, effort, codes):
    import glass as library
    metric = "IP" if metric == "ip" else "L2"
    graph = library.Index("HNSW", metric, "SQ8U", degree, effort).build(base)
    searcher = library.Searcher(graph, base, metric, codes, "FP16")
    library.set_num_threads(1)
    searcher.set_ef(2 * K)
    searcher.optimize(1)
    return EF, searcher.set_ef, lambda q: searcher.search(q, K)[0], lambda qs: searcher.batch_search(qs, K, 1)[0]


def svs(base, metric, kind, degree):
    import svs as library
    put = as_bytes(base, metric) if kind == "i8" else lambda x: x
    rows = put(base) if kind == "i8" else base.astype(np.float16)
    plan = library.VamanaBuildParameters(alpha=.95 if metric == "ip" else 1.2, graph_max_degree=degree, window_size=200)
    index = library.Vamana.build(plan, rows, library.DistanceType.MIP if metric == "ip" else library.DistanceType.L2,
                                 num_threads=THREADS)
    index.num_threads = 1

    def use(window):
        index.search_parameters = library.VamanaSearchParameters(library.SearchBufferConfig(window), True, 4, 1)
    return EF, use, lambda q: index.search(put(q), K)[0][0], lambda qs: index.search(put(qs), K)[0]


def vsag(base, metric):
    import pyvsag
    parameters = {"base_quantization_type": "sq8_uniform", "max_degree": 48, "ef_construction": 300, "use_reorder": True,
                  "precise_quantization_type": "fp32", "use_elp_optimizer": True, "build_thread_count": THREADS}
    index = pyvsag.Index("hgraph", json.dumps({"dtype": "float32", "metric_type": "ip" if metric == "ip" else "l2", "dim": base.shape[1],
                                               "index_param": parameters}))
    index.build(vectors=base.reshape(-1), ids=np.arange(len(base)), num_elements=len(base), dim=base.shape[1])
    now = {}
    return (EF, lambda ef: now.update(parameters=json.dumps({"hgraph": {"ef_search": ef}})),
            lambda q: index.knn_search(vector=q, k=K, **now)[0], None)


def ngt(base, metric):
    import ngtpy
    folder = tempfile.mkdtemp()
    whole, thinned = folder + "/anng", folder + "/onng"
    ngtpy.create(whole, base.shape[1], edge_size_for_creation=100, distance_type="Inner Product" if metric == "ip" else "L2")
    index = ngtpy.Index(whole, log_disabled=True)
    index.batch_insert(base, THREADS)
    index.save()
    index.close()
    optimizer = ngtpy.Optimizer(num_of_outgoings=10, num_of_incomings=120, log_disabled=True)
    optimizer.set_processing_modes(shortcut_reduction=True, search_parameter_optimization=False,
                                   prefetch_parameter_optimization=True, accuracy_table_generation=False)
    optimizer.execute(whole, thinned)
    index, now = ngtpy.Index(thinned, read_only=True, log_disabled=True), {}
    return ((-.1, -.05, -.02, 0, .02, .04, .06, .09, .13, .2, .3), lambda e: now.update(epsilon=e),
            lambda q: index.search(q, K, with_distance=False, **now), None)


def scann(base, metric):
    import scann as library
    leaves = int(1.6 * math.sqrt(len(base)))
    builder = library.scann_ops_pybind.builder(base, K, "dot_product" if metric == "ip" else "squared_l2").set_n_training_threads(THREADS)
    builder.tree(leaves, leaves // 10, training_sample_size=len(base))
    builder.score_ah(4, anisotropic_quantization_threshold=.2)
    index = builder.reorder(10 * K, library.scann_ops_pybind.scann_builder.ReorderType.BFLOAT16).build()
    index.set_num_threads(1)
    now = {}
    settings = [(share, f) for share in (.01, .02, .03, .05, .1, .2, .4) for f in (3, 6, 12, 30)]

    def use(s):
        now.update(leaves_to_search=max(1, round(s[0] * leaves)), pre_reorder_num_neighbors=s[1] * K)
    return settings, use, lambda q: index.search(q, K, **now)[0], lambda qs: index.search_batched(qs, K, **now)[0]


ENGINES = {
    "svs-i8": lambda base, metric: svs(base, metric, "i8", 32), "svs-f16": lambda base, metric: svs(base, metric, "f16", 48),
    "faiss-ivfpq": faiss_ivf, "scann": scann, "glass-sq8": lambda base, metric: glass(base, metric, 48, 300, "SQ8U"),
    "glass-sq4": lambda base, metric: glass(base, metric, 32, 200, "SQ4U"), "vsag": vsag, "ngt": ngt, "usearch-i8": usearch, "faiss-hnsw": faiss_hnsw,
    "hnswlib": hnswlib,
}
HANOK = {
    "hanok hnsw": ["--kind", "hnsw"],
    "hanok ivf": ["--kind", "ivf", "--nprobe", "2,4,8,16,24,32,64,128,256", "--rerank", "15,20,30,40,60,100,150,300,600"],
}


def resident_mb():
    import ctypes
    import gc
    gc.collect()
    ctypes.CDLL(None).malloc_trim(0)
    with open("/proc/self/statm") as statm:
        return int(statm.read().split()[1]) * os.sysconf("SC_PAGE_SIZE") / 2**20


def build(name, base_path, metric):
    log = os.open(f"{tempfile.gettempdir()}/{name}.log", os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
    os.dup2(log, 1)
    os.dup2(log, 2)
    before, base = resident_mb(), load(base_path, metric)
    start = time.perf_counter()
    build.held = ENGINES[name](base, metric)
    seconds = time.perf_counter() - start
    del base
    return seconds, resident_mb() - before


def measure(query_path, metric, near):
    settings, use, one, many = build.held
    queries, points = load(query_path, metric), {}
    rows = list(queries)
    for setting in settings:
        use(setting)
        best, found = {}, None
        for _ in range(3):
            for kind, ask in (("single", lambda: [one(q) for q in rows]), ("batch", many and (lambda: many(queries)))):
                if ask is None:
                    continue
                start = time.perf_counter()
                answer = ask()
                best[kind] = max(best.get(kind, 0), len(rows) / (time.perf_counter() - start))
                found = answer if kind == "single" else found
        recall = sum(len(good & set(map(int, ids))) for good, ids in zip(near, found)) / K / len(rows)
        points[str(setting)] = {"recall": min(recall, 1), **best}
        if recall > .9995 or best["single"] < 100:
            break
    return points


def hanok(bench, base, queries, metric, options):
    lines = subprocess.run([bench, base, queries, "--metric", metric, "--json", "--passes", "3", *options],
                           check=True, capture_output=True, text=True).stdout.splitlines()
    head, *rows = map(json.loads, lines)
    return head, {row["set"]: {key: row[key] for key in ("recall", "single", "batch")} for row in rows}


def exact(base_path, query_path, metric):
    """For each query all ids no farther than the true k-th."""
    base, queries = load(base_path, metric), load(query_path, metric)
    norms = 0 if metric == "ip" else (base.astype(np.float64)**2).sum(1)
    near = []
    for q in queries:
        rough = norms - 2 * (base @ q)
        candidates = np.argpartition(rough, K + 40)[:K + 40]
        rows = base[candidates].astype(np.float64)
        far = -(rows @ q) if metric == "ip" else ((rows - q)**2).sum(1)
        kth = np.sort(far)[K - 1]
        near.append(set(candidates[far <= kth + abs(kth) * 1e-6 + 1e-9].tolist()))
    return near


def measure_set(bench, base, queries, metric, engines, ours=HANOK, rounds=2):
    """queries: files by name; each engine is built once for all of them. For each name a result by engine: build seconds, MB,
    points by setting; "failed" where an engine cannot run here."""
    os.environ["OMP_NUM_THREADS"] = str(THREADS)
    near = {name: exact(base, path, metric) for name, path in queries.items()}
    results = {name: {engine: {"points": {}} for engine in [*ours, *engines]} for name in queries}
    pools = {engine: ProcessPoolExecutor(1, get_context("spawn")) for engine in engines}
    for engine, pool in pools.items():
        try:
            seconds, mb = pool.submit(build, engine, base, metric).result()
            said = {"build": seconds, "mb": mb}
        except Exception as error:  # it costs only its own row
            said = {"failed": f"{type(error).__name__}: {error}"}
        for result in results.values():
            result[engine].update(said)
        print(f"built {engine}", file=sys.stderr, flush=True)
    for _ in range(rounds):
        for name, result in results.items():
            for engine, r in result.items():
                if "failed" in r:
                    continue
                if engine in ours:
                    r["head"], points = hanok(bench, base, queries[name], metric, ours[engine])
                    r["build"] = min(r.get("build", 1e9), r["head"]["build_seconds"])
                    r["mb"] = int(r["head"]["bytes_resident"]) / 2**20
                else:
                    try:
                        points = pools[engine].submit(measure, queries[name], metric, near[name]).result()
                    except Exception as error:
                        r["failed"] = f"{type(error).__name__}: {error}"
                        continue
                merge(r["points"], points)
                print(f"measured {engine}", file=sys.stderr, flush=True)
    for pool in pools.values():
        pool.shutdown()
    return results


def at_recall(points, kind, target):
    points = [p for p in points if kind in p]
    above = max((p for p in points if p["recall"] >= target), key=lambda p: p[kind], default=None)
    if not above:
        return None
    below = max((p for p in points if p["recall"] < target and p[kind] > above[kind]), key=lambda p: p["recall"], default=None)
    if not below:
        return above[kind]
    share = (target - below["recall"]) / (above["recall"] - below["recall"])
    return below[kind]**(1 - share) * above[kind]**share


def merge(into, points):
    for setting, p in points.items():
        old = into.setdefault(setting, p)
        into[setting] = {key: max(old[key], p[key]) for key in p}


def report(results, markdown):
    for kind in ("single", "batch"):
        print(f"\n{kind} calls, queries/s at recall")
        print(f"{'':14}" + "".join(f"{r:>9}" for r in RECALLS) + "   build s      MB")
        best_peer = {}
        for name, r in results.items():
            r[kind] = [at_recall(r["points"].values(), kind, target) for target in RECALLS]
            print(f"{name:14}" + "".join(f"{v:9.0f}" if v else f"{'-':>9}" for v in r[kind]) +
                  f"{r.get('build', 0):10.1f}{r.get('mb', 0):8.0f}" + ("  " + r["failed"] if "failed" in r else ""))
            if not name.startswith("hanok"):
                best_peer = {t: max(best_peer.get(t, 0), v or 0) for t, v in zip(RECALLS, r[kind])}
        ours = [max((r[kind][i] or 0) for n, r in results.items() if n.startswith("hanok")) for i in range(len(RECALLS))]
        ratios = [f"{o / best_peer[t]:.2f}x" if best_peer.get(t) else "-" for o, t in zip(ours, RECALLS)]
        print(f"{'hanok / best':14}" + "".join(f"{ratio:>9}" for ratio in ratios))
    if markdown:
        print("\n| engine | " + " | ".join(f"{r:g}" for r in RECALLS) + " | build s | MB |\n|---" * 1 + "|---" * (len(RECALLS) + 2) + "|")
        for name, r in results.items():
            cells = [f"{s / 1e3:.1f}k / {b / 1e3:.1f}k" if s and b else f"{s / 1e3:.1f}k" if s else "-"
                     for s, b in zip(r["single"], r["batch"])]
            print(f"| {name} | " + " | ".join(cells) + f" | {r.get('build', 0):.1f} | {r.get('mb', 0):.0f} |")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("bench")
    parser.add_argument("base")
    parser.add_argument("queries")
    parser.add_argument("--metric", default="l2", choices=["l2", "ip", "cosine"])
    parser.add_argument("--rows", type=int, help="the first rows of BASE only")
    parser.add_argument("--engines", default=",".join(ENGINES))
    parser.add_argument("--hanok", action="append", default=[], metavar="NAME=OPTIONS", help="another row of bench_ann")
    parser.add_argument("--rounds", type=int, default=2)
    parser.add_argument("--json")
    parser.add_argument("--markdown", action="store_true")
    args = parser.parse_args()
    if args.rows:
        part = tempfile.NamedTemporaryFile(suffix=".npy")
        np.save(part.name, np.load(args.base, mmap_mode="r")[:args.rows])
        args.base = part.name
    ours = dict(HANOK, **{f"hanok {o.split('=', 1)[0]}": o.split("=", 1)[1].split() for o in args.hanok})
    results = measure_set(args.bench, args.base, {"": args.queries}, args.metric,
                          list(filter(None, args.engines.split(","))), ours, args.rounds)[""]
    print(f"{args.base}, {args.metric}, recall@{K}")
    report(results, args.markdown)
    if args.json:
        with open(args.json, "w") as out:
            json.dump(results, out, indent=1)


if __name__ == "__main__":
    main()

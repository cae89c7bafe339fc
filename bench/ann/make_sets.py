#!/usr/bin/env python3
"""Lays the vector sets of the panel into a folder, as .npy (float32 rows) beside queries of the same kind.

    bench/ann/make_sets.py DATA WORK [--hanok build/release/hanok] [--e5 FOLDER] [--minilm FOLDER] [--sets a,b]

DATA is the folder with fashion-mnist, cifar10, retrieval, instruct and tinyshakespeare. A set that is there is not made
again, and a text that was embedded once (parts in WORK/embedded) is not embedded again. NAME.npy, NAME_q.npy; of texts
also NAME.txt and NAME_q.txt, a row a line. Queries are never rows of the base. Rows are in a seeded random order.
Needs numpy; sift needs opencv-python-headless.

Windows are of 12 words, a window every STEP words; e5 under the passage prompt, questions under the query prompt:
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

QUERIES, WORDS = 1000, 12


# Texts: each a list of documents.
def squad(data, name):
    """Paragraphs and questions of a set in SQuAD's format."""
    articles = json.load(gzip.open(data / "retrieval" / name))["data"]
    paragraphs = [paragraph for article in articles for paragraph in article["paragraphs"]]
    return [p["context"] for p in paragraphs], [q["question"] for p in paragraphs for q in p["qas"]]


def korquad(data):
    return squad(data, "korquad/KorQuAD_v1.0_dev.json.gz")


def xquad(data):
    return squad(data, "xquad/xquad.en.json.gz")


def shakespeare(data):
    return [(data / "tinyshakespeare/input.txt").read_text()]


def cranfield(data):
    return re.split(r"\n\.[ITABW][^\n]*\n?", gzip.open(data / "retrieval/cranfield/cran.all.1400.gz", "rt").read())


def cranfield_queries(data):
    return [" ".join(q.split()) for q in re.split(r"\.I \d+\s+\.W\s", (data / "retrieval/cranfield/cran.qry").read_text())
            if q.strip()]


def instructions(data):
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


def shuffled(rows, seed=7):
    rows = list(rows)
    random.Random(seed).shuffle(rows)
    return rows


def windows(documents, step, most=None):
    """Different windows, of as many of the documents as it takes."""
    seen = {}
    for text in documents:
        parts = text.split()
        for at in range(0, max(1, len(parts) - WORDS + 1), step):
            window = " ".join(parts[at:at + WORDS])
            if len(window) > 20:
                seen[window] = None
        if most and len(seen) >= most:
            break
    return list(seen)[:most]


class Embedder:
    """Rows of a model under a prompt; what was embedded once is kept in parts of some thousand texts."""
    PART = 8192

    def __init__(self, args, model, prompt):
        self.command = [args.hanok, "embed", "-q", "-m", str(getattr(args, model)), "--prompt", prompt]
        self.stem, self.folder = f"{model}-{prompt}", args.work / "embedded"

    def part(self, i):
        return self.folder / f"{self.stem}-{i:03}.npy"

    def rows(self, texts):
        self.folder.mkdir(parents=True, exist_ok=True)
        place, parts = {}, []
        while self.part(len(parts)).exists():
            listing = self.part(len(parts)).with_suffix(".txt").read_text(encoding="utf-8").split("\n")[:-1]
            place.update((text, (len(parts), i)) for i, text in enumerate(listing))
            parts.append(np.load(self.part(len(parts)), mmap_mode="r"))
        missing = [text for text in dict.fromkeys(texts) if text not in place]
        for at in range(0, len(missing), self.PART):
            some, out = missing[at:at + self.PART], self.part(len(parts))
            out.with_suffix(".txt").write_text("".join(text + "\n" for text in some), encoding="utf-8")
            half = out.with_suffix(".half.npy")
            subprocess.run([*self.command, str(out.with_suffix(".txt")), "--format", "npy", "--out", str(half)], check=True)
            half.rename(out)
            place.update((text, (len(parts), i)) for i, text in enumerate(some))
            parts.append(np.load(out, mmap_mode="r"))
            print(f"{self.stem}: {at + len(some):,} of {len(missing):,} embedded", flush=True)
        return np.stack([parts[part][i] for part, i in map(place.__getitem__, texts)])


def save(args, name, base, queries):
    """base may be None: another set's is meant. Of texts as (texts, rows)."""
    for suffix, rows in (("", base), ("_q", queries)):  # the queries last: they say that the set is whole
        if rows is None:
            continue
        if isinstance(rows, tuple):
            (args.work / f"{name}{suffix}.txt").write_text("".join(text + "\n" for text in rows[0]), encoding="utf-8")
            rows = rows[1]
        np.save(args.work / f"{name}{suffix}.npy", np.ascontiguousarray(rows, np.float32))


def embedded(args, name, model, texts):
    """A set of windows: the last ones of the shuffled are the queries."""
    texts = shuffled(texts)
    rows = Embedder(args, model, "passage" if model == "e5" else "none").rows(texts)
    save(args, name, (texts[:-QUERIES], rows[:-QUERIES]), (texts[-QUERIES:], rows[-QUERIES:]))


def asked(args, name, model, questions):
    questions = shuffled(dict.fromkeys(q.replace("\n", " ").strip() for q in questions))[:QUERIES]
    save(args, name, None, (questions, Embedder(args, model, "query" if model == "e5" else "none").rows(questions)))


# Images and what is made of them.
def idx(path):
    with gzip.open(path) as source:
        raw = source.read()
    dims = raw[3]
    shape = [int.from_bytes(raw[4 + 4 * i:8 + 4 * i], "big") for i in range(dims)]
    return np.frombuffer(raw, np.uint8, offset=4 + 4 * dims).reshape(shape[0], -1)


def cifar_images(data):
    def images(name):
        raw = np.frombuffer(lzma.open(data / "cifar10" / f"{name}.bin.xz").read(), np.uint8)
        return raw.reshape(-1, 3073)[:, 1:]
    return np.concatenate([images(f"data_batch_{i}") for i in range(1, 6)]), images("test_batch")


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


# The sets: what each is is its docstring, shown by --help.
def fashion(args):
    """Fashion-MNIST: 60,000 x 784 byte values; queries are the first 1,000 test images"""
    folder = args.data / "fashion-mnist"
    save(args, "fashion", idx(folder / "train-images-idx3-ubyte.gz"), idx(folder / "t10k-images-idx3-ubyte.gz")[:QUERIES])


def cifar(args):
    """CIFAR-10: 50,000 x 3,072 byte values; queries are the first 1,000 test images"""
    base, queries = cifar_images(args.data)
    save(args, "cifar", base, queries[:QUERIES])


def sift(args):
    """SIFT descriptors (OpenCV) of CIFAR-10 images four times enlarged: 128-d byte values; queries from test images"""
    train, test = cifar_images(args.data)
    save(args, "sift", descriptors(train, args.sift_rows), descriptors(test, 4 * QUERIES)[:QUERIES])


def sentences(args):
    """MiniLM, 120,000 windows, step 5, of all English texts"""
    documents = [*cranfield(args.data), *xquad(args.data)[0], *shakespeare(args.data), *instructions(args.data)]
    embedded(args, "sentences", "minilm", shuffled(windows(documents, 5))[:args.rows + QUERIES])


def overlapping(args):
    """e5, 30,000 overlapping windows, step 3, of KorQuAD, XQuAD in English and Cranfield: near-duplicates"""
    documents = shuffled([*korquad(args.data)[0], *xquad(args.data)[0], *cranfield(args.data)])
    embedded(args, "overlapping", "e5", windows(documents, 3, 30_000 + QUERIES))


def overlapping_asked(args):
    """questions of KorQuAD and XQuAD over the rows of `overlapping`"""
    asked(args, "overlapping_asked", "e5", korquad(args.data)[1] + xquad(args.data)[1])


def spread(args):
    """e5, 40,000 windows, step 6, of KorQuAD, XQuAD in English and tinyshakespeare"""
    documents = [*korquad(args.data)[0], *xquad(args.data)[0], *shakespeare(args.data)]
    embedded(args, "spread", "e5", shuffled(windows(documents, 6))[:40_000 + QUERIES])


def spread_asked(args):
    """the same questions over the rows of `spread`"""
    asked(args, "spread_asked", "e5", korquad(args.data)[1] + xquad(args.data)[1])


def minilm_overlapping(args):
    """MiniLM, 30,000 overlapping windows, step 3, of XQuAD in English and Cranfield"""
    documents = xquad(args.data)[0] + shuffled(cranfield(args.data))
    embedded(args, "minilm_overlapping", "minilm", windows(documents, 3, 30_000 + QUERIES))


def minilm_asked(args):
    """questions of XQuAD and Cranfield over the rows of `minilm_overlapping`"""
    asked(args, "minilm_asked", "minilm", xquad(args.data)[1] + cranfield_queries(args.data))


def small(args):
    """2,000 rows of `spread`"""
    save(args, "small", np.load(args.work / "spread.npy")[:2000], np.load(args.work / "spread_q.npy"))


def clusters(args):
    """1,000 tight clusters in 64 dimensions, 50,000 rows: a row is a fourteenth as far from its centre as centres are apart"""
    dice = np.random.default_rng(7)
    centres = dice.normal(size=(1000, 64))
    rows = centres[dice.integers(0, 1000, 50_000 + QUERIES)] + .1 * dice.normal(size=(50_000 + QUERIES, 64))
    save(args, "clusters", rows[QUERIES:], rows[:QUERIES])


def uniform(args):
    """50,000 uniform points in 16 dimensions"""
    rows = np.random.default_rng(7).uniform(size=(50_000 + QUERIES, 16))
    save(args, "uniform", rows[QUERIES:], rows[:QUERIES])


def heavy(args):
    """inner product: 50,000 rows of 64 dimensions whose lengths are heavy-tailed (Pareto, index 3)"""
    dice = np.random.default_rng(7)
    mix = dice.normal(size=(24, 64))  # correlated, as real ones are
    rows = dice.normal(size=(50_000 + QUERIES, 24)) @ mix + .3 * dice.normal(size=(50_000 + QUERIES, 64))
    rows /= np.linalg.norm(rows, axis=1, keepdims=True)
    save(args, "heavy", rows[QUERIES:] * (1 + dice.pareto(3, size=(50_000, 1))), rows[:QUERIES])


def overlapping150k(args):
    """e5, 150,000 overlapping windows, step 3, of KorQuAD, XQuAD, tinyshakespeare and Cranfield"""
    documents = [*korquad(args.data)[0], *xquad(args.data)[0], *shakespeare(args.data), *shuffled(cranfield(args.data))]
    embedded(args, "overlapping150k", "e5", windows(documents, 3, 150_000 + QUERIES))


def million(args):
    """a million rows from those of `sentences`: one of them, moved a third of the way between two others"""
    real, dice = np.load(args.work / "sentences.npy"), np.random.default_rng(7)
    base = np.empty((1_000_000, real.shape[1]), np.float32)
    for at in range(0, len(base), 50_000):
        pick = dice.integers(0, len(real), (3, 50_000))
        moved = real[pick[0]] + (real[pick[1]] - real[pick[2]]) / 3
        base[at:at + len(moved)] = moved / np.linalg.norm(moved, axis=1, keepdims=True)
    save(args, "million", base, np.load(args.work / "sentences_q.npy"))


def true_neighbours(base, queries, k=10):
    """Rows of the k nearest by cosine, a block of the base at a time."""
    best, ids = np.full((len(queries), k), -2, np.float32), np.zeros((len(queries), k), np.int32)
    queries = queries / np.linalg.norm(queries, axis=1, keepdims=True)
    for at in range(0, len(base), 50_000):
        block = base[at:at + 50_000].astype(np.float32)
        scores = queries @ (block / np.linalg.norm(block, axis=1, keepdims=True)).T
        near = np.argpartition(-scores, k, axis=1)[:, :k]
        both = np.concatenate([best, np.take_along_axis(scores, near, 1)], 1)
        order = np.argsort(-both, axis=1)[:, :k]
        best = np.take_along_axis(both, order, 1)
        ids = np.take_along_axis(np.concatenate([ids, (near + at).astype(np.int32)], 1), order, 1)
    return ids


def two_million(args, rows=2_000_000):
    """two million rows as halves, made from those of `spread` and `overlapping` as `million` is; with the truth as .ivecs"""
    real = np.concatenate([np.load(args.work / f"{name}.npy") for name in ("spread", "overlapping")])
    real /= np.linalg.norm(real, axis=1, keepdims=True)
    dice = np.random.default_rng(7)
    base = np.lib.format.open_memmap(args.work / "two_million.npy", mode="w+", dtype=np.float16, shape=(rows, real.shape[1]))
    for at in range(0, rows, 50_000):
        pick = dice.integers(0, len(real), (3, 50_000))
        moved = real[pick[0]] + (real[pick[1]] - real[pick[2]]) / 3
        base[at:at + 50_000] = moved / np.linalg.norm(moved, axis=1, keepdims=True)
    queries = np.load(args.work / "spread_q.npy")[:500]
    ids = true_neighbours(base, queries)
    np.concatenate([np.full((len(ids), 1), ids.shape[1], np.int32), ids], 1).tofile(args.work / "two_million.ivecs")
    save(args, "two_million", None, queries)


SETS = {made.__name__: made for made in (fashion, sift, cifar, sentences, spread, spread_asked, overlapping, overlapping_asked,
                                         minilm_overlapping, minilm_asked, clusters, uniform, heavy, small)}
LARGE = {made.__name__: made for made in (overlapping150k, million, two_million)}
NEEDS = {"small": ["spread"], "million": ["sentences"], "two_million": ["spread", "overlapping"]}


def lay(args, names):
    args.work.mkdir(parents=True, exist_ok=True)
    for name in dict.fromkeys(sum((NEEDS.get(n, []) + [n] for n in names), [])):
        if (args.work / f"{name}_q.npy").exists():
            continue
        (SETS | LARGE)[name](args)
        print(f"{name}: {(SETS | LARGE)[name].__doc__}", flush=True)


def add_arguments(parser):
    parser.add_argument("--hanok", default="build/release/hanok")
    parser.add_argument("--e5", default="intfloat/multilingual-e5-small", metavar="MODEL")
    parser.add_argument("--minilm", default="sentence-transformers/all-MiniLM-L6-v2", metavar="MODEL")
    parser.add_argument("--rows", type=int, default=120_000, help="most rows of sentences")
    parser.add_argument("--sift-rows", type=int, default=200_000)


def main():
    listing = "\n".join(f"{name:20}{made.__doc__}" for name, made in (SETS | LARGE).items())
    parser = argparse.ArgumentParser(description=__doc__ + "\n" + listing,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("data", type=pathlib.Path)
    parser.add_argument("work", type=pathlib.Path)
    add_arguments(parser)
    parser.add_argument("--sets", default=",".join(SETS))
    args = parser.parse_args()
    names = args.sets.split(",")
    if unknown := [name for name in names if name not in SETS | LARGE]:
        raise SystemExit(f"{', '.join(unknown)}: not a set; sets are {', '.join(SETS | LARGE)}")
    lay(args, names)


if __name__ == "__main__":
    main()

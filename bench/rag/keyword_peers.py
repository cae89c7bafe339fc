#!/usr/bin/env python3
"""Keyword search beside rank_bm25 and bm25s: quality and queries per second, one thread, in one run.

    bench/rag/keyword_peers.py BENCH_KEYWORD FOLDER...      (pip: rank-bm25 bm25s PyStemmer numpy)

Folders are in the BEIR layout (tools/make_beir.py). Each peer gets terms of its own kind: the words of \\w+ in lower
case, stemmed by PyStemmer with bm25s's English stop words; for a corpus that is mostly Hangul, character bigrams over
everything but blanks and punctuation, the best plain choice known for it. Making the terms of a query counts for all.
bm25s is timed one query at a time and in one batch, and its better figure is taken. Best of three passes.
"""
import json
import math
import os
import re
import subprocess
import sys
import time

for variable in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ[variable] = "1"
import bm25s
import numpy as np
import Stemmer
from rank_bm25 import BM25Okapi

K = 10
STOP = set(bm25s.tokenization.STOPWORDS_EN)
STEM = Stemmer.Stemmer("english")


def lines(path):
    with open(path, encoding="utf-8") as source:
        return [json.loads(line) for line in source]


def load(folder):
    documents = [(d["_id"], (d.get("title", "") + "\n" + d["text"]).strip()) for d in lines(f"{folder}/corpus.jsonl")]
    queries = [(q["_id"], q["text"]) for q in lines(f"{folder}/queries.jsonl")]
    grades = {}
    with open(f"{folder}/qrels/test.tsv", encoding="utf-8") as source:
        for line in list(source)[1:]:
            query, document, grade = line.split("\t")
            grades.setdefault(query, {})[document] = int(grade)
    return documents, [q for q in queries if q[0] in grades], grades


def english(text):
    return STEM.stemWords([w for w in re.findall(r"\w+", text.lower()) if w not in STOP])


def korean(text):
    letters = re.sub(r"\W", "", text.lower())
    return [letters[i:i + 2] for i in range(len(letters) - 1)] or [letters]


def ndcg(rankings, grades):
    total = 0
    for query, ranking in rankings:
        gains = grades[query]
        dcg = sum(max(gains.get(d, 0), 0) / math.log2(i + 2) for i, d in enumerate(ranking[:K]))
        ideal = sorted((g for g in gains.values() if g > 0), reverse=True)[:K]
        if ideal:
            total += dcg / sum(g / math.log2(i + 2) for i, g in enumerate(ideal))
    return total / len(rankings)


def timed(queries, ask, passes=3, limit=20):
    """Best queries per second over passes, each at most `limit` seconds long; the rankings of the first pass."""
    best, rankings = 0, None
    for _ in range(passes):
        start, found = time.perf_counter(), []
        for query in queries:
            found.append((query[0], ask(query[1])))
            if rankings is not None and time.perf_counter() - start > limit:
                break
        best = max(best, len(found) / (time.perf_counter() - start))
        rankings = rankings or found
    return best, rankings


def rank_bm25(documents, queries, terms):
    index = BM25Okapi([terms(text) or ["-"] for _, text in documents], k1=1.1, b=0.7)

    def ask(text):
        scores = index.get_scores(terms(text))
        best = np.argpartition(-scores, K)[:K]
        return [documents[i][0] for i in best[np.argsort(-scores[best], kind="stable")]]

    return timed(queries, ask, passes=1)


def bm25s_peer(documents, queries, terms):
    index = bm25s.BM25(k1=1.1, b=0.7, method="lucene")
    index.index([terms(text) for _, text in documents], show_progress=False)

    def ask(text):
        ids, _ = index.retrieve([terms(text)], k=K, show_progress=False, n_threads=0)
        return [documents[i][0] for i in ids[0]]

    single, rankings = timed(queries, ask)
    batch, begin = 0, time.perf_counter()
    while batch == 0 or time.perf_counter() - begin < 2:
        start = time.perf_counter()
        index.retrieve([terms(text) for _, text in queries], k=K, show_progress=False, n_threads=0)
        batch = max(batch, len(queries) / (time.perf_counter() - start))
    return max(single, batch), rankings


def main(program, folders):
    print(f"{'set':<16}{'engine':<12}{'nDCG@10':>9}{'queries/s':>12}{'hanok is':>12}")
    for folder in folders:
        documents, queries, grades = load(folder)
        sample = "".join(text for _, text in documents[:50])
        terms = korean if len(re.findall("[가-힣]", sample)) > len(sample) / 4 else english
        own = json.loads(subprocess.run([program, folder, "--json"], check=True, capture_output=True, text=True).stdout)
        name = os.path.basename(os.path.normpath(folder))
        print(f"{name:<16}{'hanok':<12}{own['ndcg@10']:>9.4f}{own['queries_per_second']:>12.0f}")
        for peer, run in (("rank_bm25", rank_bm25), ("bm25s", bm25s_peer)):
            rate, rankings = run(documents, queries, terms)
            ratio = own["queries_per_second"] / rate
            print(f"{name:<16}{peer:<12}{ndcg(rankings, grades):>9.4f}{rate:>12.0f}{ratio:>11.1f}x", flush=True)


if __name__ == "__main__":
    if len(sys.argv) < 3:
        sys.exit(__doc__)
    main(sys.argv[1], sys.argv[2:])

#!/usr/bin/env python3
"""Writes fixtures/: small index files made by the real libraries (faiss-cpu, hnswlib), which src/index/formats/foreign_test.cpp reads.

usage: PEERS_VENV/bin/python tests/interop/make_fixtures.py

Row i of the data is x[i, j] = (i * 7 + j * j * 3 + i * j) % 23 - 11 in 8 dimensions, 60 rows, so that the test can make it again.
"""
from pathlib import Path

import faiss
import hnswlib
import numpy as np

FOLDER = Path(__file__).resolve().parent / "fixtures"
N, D = 60, 8
i, j = np.mgrid[0:N, 0:D]
x = ((i * 7 + j * j * 3 + i * j) % 23 - 11).astype(np.float32)
ids = np.arange(N, dtype=np.int64) * 3 + 1000


def save(name, index, with_ids=False):
    index.train(x)
    index.add_with_ids(x, ids) if with_ids else index.add(x)
    faiss.write_index(index, str(FOLDER / (name + ".faiss")))


FOLDER.mkdir(exist_ok=True)
save("flat_l2", faiss.IndexFlatL2(D))
save("flat_ip", faiss.IndexFlatIP(D))
save("idmap2_flat", faiss.IndexIDMap2(faiss.IndexFlatL2(D)), True)
save("ivf_flat", faiss.index_factory(D, "IVF4,Flat"), True)
save("ivf_pq", faiss.index_factory(D, "IVF4,PQ4x4"), True)
save("pq", faiss.index_factory(D, "PQ4x4"))
for kind in ("SQ8", "SQ4", "SQ6", "SQfp16", "SQbf16"):
    save(kind.lower(), faiss.index_factory(D, kind))
save("hnsw_flat", faiss.index_factory(D, "HNSW4,Flat"))
save("hnsw_sq8", faiss.index_factory(D, "HNSW4,SQ8"))
save("idmap_hnsw", faiss.index_factory(D, "IDMap,HNSW4,Flat"), True)
save("pca_flat", faiss.index_factory(D, "PCA8,Flat"))
save("rotated_flat", faiss.index_factory(D, "RR8,Flat"))
save("norm_flat", faiss.index_factory(D, "L2norm,Flat"))
save("pca_part", faiss.index_factory(D, "PCA4,Flat"))
# Other neighbours than the vectors have: refused.
save("pca_white", faiss.index_factory(D, "PCAW4,Flat"))
save("pca_ip", faiss.index_factory(D, "PCA4,Flat", faiss.METRIC_INNER_PRODUCT))
save("norm_pca", faiss.index_factory(D, "L2norm,PCA4,Flat"))

graph = hnswlib.Index("l2", D)
graph.init_index(100, M=4, ef_construction=50, random_seed=1)
graph.add_items(x, ids, num_threads=1)
graph.save_index(str(FOLDER / "hnswlib.bin"))
graph.mark_deleted(int(ids[5]))
graph.save_index(str(FOLDER / "hnswlib_deleted.bin"))

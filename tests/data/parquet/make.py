#!/usr/bin/env python3
"""Writes the Parquet files beside it, with pyarrow (pip install pyarrow): python3 make.py

Row i of each has the id "r" and i, values [i, i + .5, -i], metadata {"n": i, "word": ...} (null where i % 5 is 4) and in
snappy.parquet sparse values {i: 1, i + 7: i / 2} (none where i % 3 is 0). long.parquet has one row with a list that is longer than is
read, nulls.parquet four million rows of nothing: few bytes, as both are runs. odd.parquet has an id that is no UTF-8, a sparse index of .5, and a row as it should be;
unsigned.parquet the largest sparse index.
"""
import json
import pathlib

import pyarrow
import pyarrow.parquet

HERE = pathlib.Path(__file__).parent
WORDS = ["river", "도서관", "stone"]


def table(rows, number, sparse=False):
    columns = {
        "id": pyarrow.array([f"r{i}" for i in range(rows)]),
        "values": pyarrow.array([[i, i + 0.5, -i] for i in range(rows)], pyarrow.list_(number)),
        "metadata": pyarrow.array([None if i % 5 == 4 else json.dumps({"n": i, "word": WORDS[i % 3]}, ensure_ascii=False)
                                   for i in range(rows)]),
    }
    if sparse:
        kind = pyarrow.struct([("indices", pyarrow.list_(pyarrow.uint32())), ("values", pyarrow.list_(pyarrow.float32()))])
        columns["sparse_values"] = pyarrow.array(
            [None if i % 3 == 0 else {"indices": [i, i + 7], "values": [1, i / 2]} for i in range(rows)], kind)
    return pyarrow.table(columns)


def write(name, what, **how):
    pyarrow.parquet.write_table(what, HERE / name, write_statistics=False, store_schema=False, **how)


write("snappy.parquet", table(60, pyarrow.float32(), sparse=True), compression="snappy")
write("pages.parquet", table(300, pyarrow.float64()), compression="gzip", data_page_version="2.0", data_page_size=256,
      write_batch_size=20, row_group_size=130, use_dictionary=False)
write("split.parquet", table(40, pyarrow.float32()), compression="none", use_dictionary=False,
      use_byte_stream_split=["values.list.element"])
write("zstd.parquet", table(5, pyarrow.float32()), compression="zstd")
LONG = (1 << 20) + 1
write("long.parquet", pyarrow.table({"id": ["r0"], "values": pyarrow.array([[1] * LONG], pyarrow.list_(pyarrow.float32()))}))
NULLS = 4_000_000
write("nulls.parquet", pyarrow.table({"id": pyarrow.nulls(NULLS, pyarrow.string()),
                                      "values": pyarrow.nulls(NULLS, pyarrow.list_(pyarrow.float32()))}),
      row_group_size=NULLS, write_batch_size=NULLS, max_rows_per_page=NULLS)
SPARSE = pyarrow.struct([("indices", pyarrow.list_(pyarrow.float32())), ("values", pyarrow.list_(pyarrow.float32()))])
write("odd.parquet", pyarrow.table({
    "id": [b"\xff", b"half", b"good"],
    "values": pyarrow.array([[1, 2, 3]] * 3, pyarrow.list_(pyarrow.float32())),
    "sparse_values": pyarrow.array([{"indices": [i], "values": [1]} for i in (1, 0.5, 2)], SPARSE)}))
UNSIGNED = pyarrow.struct([("indices", pyarrow.list_(pyarrow.uint32())), ("values", pyarrow.list_(pyarrow.float32()))])
write("unsigned.parquet", pyarrow.table({
    "id": ["r0"],
    "values": pyarrow.array([[1, 2, 3]], pyarrow.list_(pyarrow.float32())),
    "sparse_values": pyarrow.array([{"indices": [7, 2**32 - 1], "values": [1, 2]}], UNSIGNED)}))

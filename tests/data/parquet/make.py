#!/usr/bin/env python3
"""Writes the Parquet files beside it, with pyarrow (pip install pyarrow): python3 make.py

Row i of each has the id "r" and i, values [i, i + .5, -i], metadata {"n": i, "word": ...} (null where i % 5 is 4) and in
snappy.parquet sparse values {i: 1, i + 7: i / 2} (none where i % 3 is 0).
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

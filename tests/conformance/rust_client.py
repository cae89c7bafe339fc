#!/usr/bin/env python3
"""Starts `hanok serve` and runs rust/, a program with Chroma's official Rust client, against it.

usage: HANOK_CARGO=CARGO python3 tests/conformance/rust_client.py HANOK FOLDER

FOLDER keeps what cargo builds (some 300 crates, minutes the first time; they need protoc, Debian's protobuf-compiler).
"""
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile

from served import Served

hanok, place = sys.argv[1], pathlib.Path(sys.argv[2])
shutil.copytree(pathlib.Path(__file__).resolve().parent / "rust", place, dirs_exist_ok=True)  # cargo writes beside its sources
subprocess.run([os.environ["HANOK_CARGO"], "build", "--quiet"], cwd=place, check=True)
with tempfile.TemporaryDirectory() as folder:
    server = Served(hanok, folder)
    server.start()
    try:
        subprocess.run([place / "target" / "debug" / "hanok-conformance", server.url], check=True, timeout=120)
    finally:
        server.stop()

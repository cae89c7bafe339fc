#!/usr/bin/env python3
"""Starts `hanok serve` and runs the JavaScript clients in sdk.mjs against it.

usage: HANOK_PEERS_NODE=FOLDER python3 tests/conformance/sdk_js.py HANOK
"""
import pathlib
import subprocess
import sys

from served import served

with served(sys.argv[1]) as server:
    subprocess.run(["node", str(pathlib.Path(__file__).parent / "sdk.mjs"), server.url], check=True)

#!/usr/bin/env python3
"""Starts `hanok serve` and runs JavaScript clients against it: Chroma's and Pinecone's (sdk.mjs), OpenAI's (openai_sdk.mjs) and the
Model Context Protocol's (mcp_client.mjs), those of them that are installed.

usage: HANOK_PEERS_NODE=FOLDER python3 tests/conformance/sdk_js.py HANOK DOCUMENTS [CHAT_MODEL [EMBEDDING_MODEL]]
"""
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile

from served import TOOLS_TEMPLATE, Served

HERE = pathlib.Path(__file__).resolve().parent
hanok, documents, chat, embedding = (sys.argv[1:] + ["", ""])[:4]
modules = pathlib.Path(os.environ["HANOK_PEERS_NODE"]) / "node_modules"
with tempfile.TemporaryDirectory() as folder:
    environment = dict(os.environ, HANOK_DATA=folder + "/data", HANOK_CONFIG=folder + "/config.json", HF_HUB_OFFLINE="1",
                       HANOK_EMBEDDING_MODEL="none", HANOK_COLLECTION="docs", HANOK_SERVED_CHAT=chat, HANOK_SERVED_EMBEDDING=embedding)
    flags = ["--embedding-model", "embed=" + embedding] if embedding else []
    if chat:
        template = pathlib.Path(folder) / "template.jinja"
        template.write_text(TOOLS_TEMPLATE)
        flags += ["-m", "chat=" + chat, "--chat-template", str(template), "--context", "2048"]
    bare, full = Served(hanok, folder), Served(hanok, folder, *flags)

    def run(server, needs, script, *arguments, after=()):
        if not all((modules / name).exists() for name in needs):
            return
        server.start()
        subprocess.run(["node", str(HERE / script), *arguments, server.url, *after], env=environment, check=True)
        server.stop()

    try:
        parquet = pathlib.Path(folder) / "parquet"
        parquet.mkdir()
        for name, place in (("snappy", ""), ("split", ""), ("pages", "mine")):
            (parquet / place).mkdir(exist_ok=True)
            shutil.copy(HERE.parent / "data" / "parquet" / (name + ".parquet"), parquet / place)
        run(bare, ["chromadb", "@pinecone-database"], "sdk.mjs", after=[str(parquet)])
        subprocess.run([hanok, "ingest", documents, "-c", "docs", "-q"], env=environment, check=True, stdout=subprocess.DEVNULL)
        run(bare, ["@modelcontextprotocol"], "mcp_client.mjs", hanok)
        run(full, ["openai"], "openai_sdk.mjs")
    finally:
        for server in (bare, full):
            if server.process and server.process.poll() is None:
                server.kill()

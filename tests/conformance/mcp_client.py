"""hanok's MCP server under the official Python SDK: over stdio (`hanok mcp`) and over HTTP (`/mcp` of `hanok serve`).
usage: mcp_client.py HANOK DOCS_FOLDER     (pip install mcp)"""
import asyncio
import json
import os
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request

from mcp import ClientSession, StdioServerParameters
from mcp.client.stdio import stdio_client
try:
    from mcp.client.streamable_http import streamable_http_client as http_client
except ImportError:
    from mcp.client.streamable_http import streamablehttp_client as http_client

HANOK, DOCS = sys.argv[1], sys.argv[2]
TOOLS = ["search", "fetch", "ask", "list_documents"]


def failed(result):  # version 2 of the SDK spells its fields otherwise than version 1
    return result.is_error if hasattr(result, "is_error") else result.isError


async def use(session):
    hello = await session.initialize()
    assert (hello.server_info if hasattr(hello, "server_info") else hello.serverInfo).name == "hanok", hello
    assert [t.name for t in (await session.list_tools()).tools] == TOOLS
    await session.send_ping()
    found = await session.call_tool("search", {"query": "Moon room price"})
    assert not failed(found)
    results = json.loads(found.content[0].text)["results"]
    assert results and set(results[0]) >= {"id", "title", "url"}, results
    text = await session.call_tool("fetch", {"id": results[0]["id"]})
    assert "140,000" in json.loads(text.content[0].text)["text"]
    answer = await session.call_tool("ask", {"question": "How much is the Moon room per night?"})
    assert "140,000" in json.loads(answer.content[0].text)["answer"]
    documents = await session.call_tool("list_documents", {})
    assert len(json.loads(documents.content[0].text)["documents"]) > 5
    wrong = await session.call_tool("fetch", {"id": "none"})
    assert failed(wrong)


async def over_stdio(env):
    async with stdio_client(StdioServerParameters(command=HANOK, args=["mcp"], env=env)) as (read, write):
        async with ClientSession(read, write) as session:
            await use(session)
    print("stdio: ok")


async def over_http(env):
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        port = s.getsockname()[1]
    server = subprocess.Popen([HANOK, "serve", "--port", str(port)], env=env, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        for _ in range(100):
            try:
                urllib.request.urlopen(f"http://127.0.0.1:{port}/v1/models", timeout=1)
                break
            except OSError:
                time.sleep(0.1)
        async with http_client(f"http://127.0.0.1:{port}/mcp") as streams:
            async with ClientSession(streams[0], streams[1]) as session:
                await use(session)
    finally:
        server.terminate()
        server.wait()
    print("http: ok")


with tempfile.TemporaryDirectory() as folder:
    env = dict(os.environ, HANOK_DATA=folder, HANOK_CONFIG=folder + "/config.json", HANOK_EMBEDDING_MODEL="none")
    subprocess.run([HANOK, "ingest", DOCS, "-q"], env=env, check=True, stdout=subprocess.DEVNULL)
    asyncio.run(over_stdio(env))
    asyncio.run(over_http(env))

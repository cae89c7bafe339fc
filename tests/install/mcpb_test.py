#!/usr/bin/env python3
"""The bundle for MCP hosts, packed by cpack, unpacked and started as a host does.

usage: mcpb_test.py BUILD HANOK DOCS

The manifest has what its format demands and says what the program does; the packed command answers initialize, tools/list and a
search over stdio, with libraries of the bundle. HANOK_PEERS_NODE, a folder where `npm install @anthropic-ai/mcpb` was run, has the
manifest checked by the format's own tool, too.
"""
import json
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile
import time
import zipfile

BUILD, HANOK, DOCS = (pathlib.Path(p).absolute() for p in sys.argv[1:4])


def unpacked(package, folder):
    with zipfile.ZipFile(package) as bundle:
        for entry in bundle.infolist():
            assert not entry.filename.startswith("/") and ".." not in pathlib.PurePosixPath(entry.filename).parts, entry
            path = bundle.extract(entry, folder)
            if entry.external_attr >> 16:
                os.chmod(path, entry.external_attr >> 16 & 0o777)


def check_manifest(manifest, folder):
    assert manifest["manifest_version"] == "0.3", manifest
    for key in ("name", "version", "description"):
        assert isinstance(manifest[key], str) and manifest[key], key
    assert manifest["author"]["name"]
    assert manifest["version"] in subprocess.run([HANOK, "--version"], capture_output=True, text=True).stdout
    server = manifest["server"]
    assert server["type"] == "binary" and os.access(folder / server["entry_point"], os.X_OK), server
    for name, config in manifest["user_config"].items():
        assert config["type"] in ("string", "number", "boolean", "directory", "file"), name
        assert config["title"] and config["description"], name
    assert manifest["compatibility"]["platforms"] == ["linux"]
    node = os.environ.get("HANOK_PEERS_NODE", "")
    tool = pathlib.Path(node) / "node_modules/.bin/mcpb"
    if node and tool.exists():
        checked = subprocess.run([tool, "validate", folder / "manifest.json"], capture_output=True, text=True)
        assert checked.returncode == 0, checked.stdout + checked.stderr
        print("checked by @anthropic-ai/mcpb")


def command_of(manifest, folder, values):
    """As a host makes it: an argument that is a setting with several values becomes several."""
    config = manifest["server"]["mcp_config"]
    out = [config["command"].replace("${__dirname}", str(folder))]
    for argument in config["args"]:
        if argument.startswith("${user_config."):
            out += values[argument.removeprefix("${user_config.").rstrip("}")]
        else:
            out.append(argument.replace("${__dirname}", str(folder)))
    return out


def main():
    assert (BUILD / "completions/hanok.bash").exists(), f"{BUILD}: build the target completions first"
    work = pathlib.Path(tempfile.mkdtemp(prefix="hanok-mcpb-"))
    try:
        made = subprocess.run(["cpack", "-G", "External", "-B", work / "packages", "--config", BUILD / "CPackConfig.cmake"],
                              capture_output=True, text=True, cwd=BUILD)
        assert made.returncode == 0, made.stdout + made.stderr
        packages = list((work / "packages").glob("*.mcpb"))
        assert len(packages) == 1, (packages, made.stdout)
        folder = work / "bundle"
        unpacked(packages[0], folder)
        manifest = json.loads((folder / "manifest.json").read_text())
        check_manifest(manifest, folder)
        one, two = work / "one", work / "two"
        for target, names in ((one, ["guesthouse.docx", "opening-hours.md"]), (two, ["history.pdf"])):
            target.mkdir()
            for name in names:
                shutil.copy(DOCS / name, target)
        env = {"HOME": str(work), "PATH": os.environ["PATH"], "HANOK_DATA": str(work / "data"), "HANOK_EMBEDDING_MODEL": "none"}
        command = command_of(manifest, folder, {"folders": [str(one), str(two)]})
        server = subprocess.Popen(command, env=env, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)

        def call(number, method, params):
            server.stdin.write(json.dumps({"jsonrpc": "2.0", "id": number, "method": method, "params": params}) + "\n")
            server.stdin.flush()
            line = server.stdout.readline()
            assert line, server.stderr.read()
            answer = json.loads(line)
            assert answer["id"] == number, answer
            return answer["result"]

        hello = call(1, "initialize", {"protocolVersion": "2025-11-25", "capabilities": {}, "clientInfo": {"name": "t", "version": "1"}})
        assert hello["protocolVersion"] == "2025-11-25" and hello["serverInfo"] == {"name": "hanok", "version": manifest["version"]}, hello
        mapped = pathlib.Path(f"/proc/{server.pid}/maps").read_text()
        assert str(folder / "lib") in mapped, "no library of the bundle is in use"
        tools = call(2, "tools/list", {})["tools"]
        assert [t["name"] for t in tools] == [t["name"] for t in manifest["tools"]], tools
        for number in range(3, 200):  # the folders are read meanwhile
            listed = json.loads(call(number, "tools/call", {"name": "list_documents", "arguments": {}})["content"][0]["text"])
            if len(listed["documents"]) == 3:
                break
            time.sleep(0.1)
        assert len(listed["documents"]) == 3, listed
        answer = call(1000, "tools/call", {"name": "ask", "arguments": {"question": "How much is the Moon room per night?"}})
        assert "140,000" in json.loads(answer["content"][0]["text"])["answer"], answer
        server.stdin.close()
        assert server.wait(30) == 0, server.stderr.read()
        print("ok:", packages[0].name, packages[0].stat().st_size, "bytes")
    finally:
        shutil.rmtree(work)


main()

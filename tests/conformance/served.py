"""`hanok serve` on a free port and an empty data directory, for the tests beside this file."""
import contextlib
import os
import pathlib
import re
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request

# A template that tells of tools, for models that bring none.
TOOLS_TEMPLATE = """{% if tools %}<|im_start|>system
Call a function as <tool_call>{"name": ..., "arguments": {...}}</tool_call>. Functions: {{ tools | tojson }}<|im_end|>
{% endif %}{% for m in messages %}<|im_start|>{{ m.role }}
{{ m.content }}{% if m.tool_calls %}{% for c in m.tool_calls %}<tool_call>{{ c.function | tojson }}</tool_call>{% endfor %}{% endif %}<|im_end|>
{% endfor %}{% if add_generation_prompt %}<|im_start|>assistant
{% endif %}"""


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


class Served:
    def __init__(self, hanok, folder, *flags):
        self.hanok, self.folder, self.flags = hanok, folder, flags
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.process = None

    def start(self):
        environment = dict(os.environ, HANOK_DATA=self.folder + "/data", HANOK_CONFIG=self.folder + "/config.json",
                           HF_HUB_OFFLINE="1")
        environment.setdefault("HANOK_EMBEDDING_MODEL", "none")
        environment.pop("HANOK_MODEL", None)
        environment.pop("HANOK_API_KEY", None)
        self.log = open(self.folder + "/serve.log", "a")
        self.process = subprocess.Popen([self.hanok, "serve", "--port", str(self.port), *self.flags], env=environment,
                                        stdout=self.log, stderr=self.log)
        for _ in range(2400):  # a build with a sanitizer on a busy machine takes a while
            with contextlib.suppress(OSError):
                urllib.request.urlopen(self.url + "/healthz", timeout=5).read()
                return self
            if self.process.poll() is not None:
                break
            time.sleep(0.05)
        raise RuntimeError("hanok serve did not start: " + open(self.folder + "/serve.log").read())

    def kill(self):
        self.process.kill()
        self.process.wait()

    def stop(self):
        self.process.terminate()
        self.process.wait(30)

    def memory_mb(self):
        for line in open(f"/proc/{self.process.pid}/status"):
            if line.startswith("VmRSS"):
                return int(line.split()[1]) / 1024
        return 0.0


@contextlib.contextmanager
def served(hanok, *flags):
    with tempfile.TemporaryDirectory() as folder:
        server = Served(hanok, folder, *flags).start()
        try:
            yield server
        finally:
            if server.process.poll() is None:
                server.kill()


def prints_as(script, example, url):
    """examples/clients/SCRIPT against the server prints what the C++ example does (its .expected: lines of patterns)."""
    examples = pathlib.Path(__file__).resolve().parents[2] / "examples"
    printed = subprocess.run([sys.executable, examples / "clients" / script, url], check=True, capture_output=True, text=True).stdout.splitlines()
    wanted = (examples / (example + ".expected")).read_text().splitlines()
    assert len(printed) == len(wanted), printed
    for line, pattern in zip(printed, wanted):
        assert re.search(pattern, line), (line, pattern)

"""`hanok serve` on a free port and an empty data directory, for the tests beside this file."""
import contextlib
import os
import socket
import subprocess
import tempfile
import time
import urllib.request


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
        for _ in range(600):
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

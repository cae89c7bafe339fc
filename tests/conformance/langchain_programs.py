"""The Python programs of docs/coming-from-langchain.md, with the models of `hanok serve` behind OpenAI's API: that what the page replaces runs,
and runs with hanok's models.
usage: langchain_programs.py HANOK SOURCE CHAT_MODEL EMBEDDING_MODEL
(pip install langchain langchain-classic langchain-openai langchain-text-splitters)"""
import os
import pathlib
import re
import subprocess
import sys

from served import TOOLS_TEMPLATE, served

HANOK, SOURCE, CHAT, EMBEDDER = sys.argv[1], pathlib.Path(sys.argv[2]), sys.argv[3], sys.argv[4]
page = (SOURCE / "docs/coming-from-langchain.md").read_text()
programs = re.findall(r"^### (.*?): `examples/.*?\n```python\n(.*?)^```$", page, re.M | re.S)
assert len(programs) == 4, [title for title, _ in programs]

template = pathlib.Path("template.jinja").absolute()
template.write_text(TOOLS_TEMPLATE)
try:
    # Under the names that LangChain asks for where a program names none.
    flags = ["-m", "gpt-3.5-turbo=" + CHAT, "--embedding-model", "text-embedding-ada-002=" + EMBEDDER, "--chat-template", str(template)]
    with served(HANOK, *flags) as server:
        environment = dict(os.environ, OPENAI_BASE_URL=server.url + "/v1", OPENAI_API_KEY="none")
        for title, program in programs:
            run = subprocess.run([sys.executable, "-W", "ignore", "-c", program], cwd=SOURCE, env=environment, capture_output=True, text=True)
            assert run.returncode == 0, f"{title}:\n{run.stdout}\n{run.stderr}"
            assert run.stdout.strip(), title
            if "index(" in program:
                added = int(re.search(r"'num_added': (\d+)", run.stdout).group(1))
                assert added > 3 and "'num_deleted': 0" in run.stdout, run.stdout
            print("ok:", title)
finally:
    template.unlink()

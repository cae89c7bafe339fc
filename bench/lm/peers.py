#!/usr/bin/env python3
"""hanok beside llama.cpp on the same files, in turns: prompts, single and batched decoding, and the memory's speed.

    bench/lm/peers.py --hanok build/release/hanok --peer LLAMA_BUILD/bin model-Q4_K_M.gguf model-Q8_0.gguf

--peer is the folder with llama-bench and llama-batched-bench, built on this machine (clang, -march=native). Models with
random weights: `hanok bench lm --write llama-3.2-1b Q4_K_M FILE`; llama.cpp reads them too. One line a model: tokens a
second of both and the ratio, medians over the rounds; `share` is the memory's speed that single decoding reaches, if the
whole file is read for a token. --load N runs N busy processes beside, to see what threads that spin come to.
HANOK_CPU and HANOK_THREADS reach hanok as they are.
"""
import argparse
import json
import os
import statistics
import subprocess
import sys


def run(command):
    done = subprocess.run(command, capture_output=True, text=True)
    if done.returncode != 0:
        sys.exit(f"{' '.join(command)}: {done.stderr[-2000:]}")
    return done.stdout


def ours(args, model):
    out = json.loads(run([args.hanok, "bench", "lm", "-m", model, "--prompt", str(args.prompt), "--gen", str(args.gen),
                          "--batch", f"1,{args.batch}", "--threads", str(args.threads), "--repeats", "2", "--json"]))
    return {"prefill": out["prefill_tokens_per_second"], "decode": out["decode"]["1"],
            "batch": out["decode"][str(args.batch)], "rss": out["rss_bytes"], "load": out["load_seconds"],
            "read": out["read_gb_per_second"]}


def theirs(args, model):
    rows = json.loads(run([f"{args.peer}/llama-bench", "-m", model, "-p", str(args.prompt), "-n", str(args.gen),
                           "-t", str(args.threads), "-r", "2", "-o", "json"]))
    batched = run([f"{args.peer}/llama-batched-bench", "-m", model, "-c", str(args.batch * (args.gen + 32)),
                   "-npp", "1", "-ntg", str(args.gen), "-npl", str(args.batch), "-t", str(args.threads),
                   "-tb", str(args.threads), "--output-format", "jsonl"])
    lines = [json.loads(line) for line in batched.splitlines() if line.startswith("{")]
    return {"prefill": next(r["avg_ts"] for r in rows if r["n_prompt"] > 0),
            "decode": next(r["avg_ts"] for r in rows if r["n_gen"] > 0),
            "batch": lines[-1]["speed_tg"]}


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("models", nargs="+")
    parser.add_argument("--hanok", default="build/release/hanok")
    parser.add_argument("--peer", required=True, help="folder with llama-bench and llama-batched-bench")
    parser.add_argument("--prompt", type=int, default=256)
    parser.add_argument("--gen", type=int, default=64)
    parser.add_argument("--batch", type=int, default=8)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--rounds", type=int, default=1)
    parser.add_argument("--load", type=int, default=0, help="busy processes beside")
    args = parser.parse_args()
    busy = [subprocess.Popen([sys.executable, "-c", "while True: pass"]) for _ in range(args.load)]
    try:
        head = f"prefill {args.prompt}", "decode", f"batch {args.batch}"
        print(f"{'model':28}" + "".join(f"{h:>24}" for h in head) + "   read GB/s  share  rss/file  load s")
        for model in args.models:
            a, b = [], []
            for _ in range(args.rounds):
                a.append(ours(args, model))
                b.append(theirs(args, model))
            def middle(rows, key):
                return statistics.median(r[key] for r in rows)
            line = f"{os.path.basename(model):28}"
            for key in ("prefill", "decode", "batch"):
                x, y = middle(a, key), middle(b, key)
                line += f"{x:8.1f} /{y:7.1f} ={x / y:5.2f}"
            size = os.path.getsize(model)
            share = middle(a, "decode") * size / 1e9 / middle(a, "read")
            line += f"{middle(a, 'read'):12.1f}{share:7.2f}{middle(a, 'rss') / size:10.2f}{middle(a, 'load'):8.2f}"
            print(line, flush=True)
    finally:
        for process in busy:
            process.kill()


if __name__ == "__main__":
    main()

#!/usr/bin/env python3
"""The panel: hanok beside the best of the other engines on every set, as one table of ratios.

    bench/ann/panel.py BENCH_ANN --data DATA --work DIR [--sets 'A;B'] [--large] [--engines svs-i8,...] [--rounds 2]
                       [--again] [--picture OUT.svg] [--markdown]

Makes the sets that are not in DIR yet (make_sets.py, which says what each is and needs the models: --e5, --minilm, --hanok)
and measures each as peers.py does: one search thread, ten neighbours, builds with two threads. A figure is the best of
single and batch calls, interpolated at the recall; the ratio is hanok's best kind by the best of the others. What was
measured stays in DIR/results, so that the sets can be measured one after the other; --again measures anew.
Fewer --engines make it short: those that were best anywhere so far are the default, --engines "" is hanok alone. Measure alone.
--picture draws the `ef` that reaches recall .99 by the set's local dimension. (pip: those of peers.py)
"""
import argparse
import json
import math
import pathlib
import statistics
import sys

import make_sets
import peers

RECALLS = (.95, .97, .99, .999)
ENGINES = "svs-i8,svs-f16,glass-sq8,scann,faiss-ivfpq,hnswlib"
# name: base, queries, metric
PANEL = {
    "fashion": ("fashion", "fashion", "l2"), "sift": ("sift", "sift", "l2"), "cifar": ("cifar", "cifar", "l2"),
    "sentences": ("sentences", "sentences", "cosine"), "spread": ("spread", "spread", "cosine"),
    "spread, asked": ("spread", "spread_asked", "cosine"), "overlapping": ("overlapping", "overlapping", "cosine"),
    "overlapping, asked": ("overlapping", "overlapping_asked", "cosine"),
    "minilm overlapping": ("minilm_overlapping", "minilm_overlapping", "cosine"),
    "minilm, asked": ("minilm_overlapping", "minilm_asked", "cosine"), "clusters": ("clusters", "clusters", "l2"),
    "uniform": ("uniform", "uniform", "l2"), "heavy": ("heavy", "heavy", "ip"), "small": ("small", "small", "cosine"),
}
LARGE = {"overlapping150k": ("overlapping150k", "overlapping150k", "cosine"), "million": ("million", "million", "cosine")}
WIDTH, HEIGHT, MARGIN = 760, 420, 60


def best(result, target):
    points = [{"recall": p["recall"], "qps": max(p["single"], p.get("batch", 0))} for p in result["points"].values()]
    return peers.at_recall(points, "qps", target) or 0


def row_of(results):
    """For each recall (hanok, its kind, best peer, its name)."""
    out = []
    for target in RECALLS:
        ours = max((best(r, target), n) for n, r in results.items() if n.startswith("hanok"))
        theirs = max(((best(r, target), n) for n, r in results.items() if not n.startswith("hanok")), default=(0, "none"))
        out.append((*ours, *theirs))
    return out


def thousands(value):
    return f"{value / 1000:.1f}k" if value else "-"


def table(measured, markdown):
    line = "| {} | {} |".format if markdown else lambda name, cells: f"{name:20} " + cells.replace(" | ", "  ")
    print(line("set", " | ".join(f"{r:^28}" for r in RECALLS) + " | build | MB"))
    if markdown:
        print("|---" * (len(RECALLS) + 3) + "|")
    ratios = [[] for _ in RECALLS]
    for name, results in measured.items():
        cells = []
        for i, (ours, kind, theirs, peer) in enumerate(row_of(results)):
            ratio = ours / theirs if theirs else math.inf if ours else None
            if ratio is not None:
                ratios[i].append(ratio)
            cells.append(f"{thousands(ours)} / {thousands(theirs)} {peer}" +
                         (" **-**" if ratio is None else "" if ratio == math.inf else f" **{ratio:.2f}**"))
        graph, reference = results["hanok hnsw"], results.get("hnswlib", {})
        build = f"{graph['build']:.1f} s" + (f", 1/{reference['build'] / graph['build']:.1f}" if "build" in reference else "")
        print(line(name, " | ".join(f"{c:28}" for c in cells) + f" | {build} | {graph['mb']:.0f}"))
    print(line("median (least)", " | ".join(f"{statistics.median(r):.2f} ({min(r):.2f})" if r else "-" for r in ratios) + " | | "))


def effort_at(result, target):
    """The `ef` at which the recall is reached, between two settings by the logarithms of both and of what is missed."""
    points = sorted((int(setting.removeprefix("ef=")), p["recall"]) for setting, p in result["points"].items())
    below = None
    for ef, recall in points:
        if recall >= target:
            if not below:
                return ef
            share = math.log((1 - below[1]) / (1 - target)) / math.log((1 - below[1]) / max(1 - recall, 1e-5))
            return below[0]**(1 - share) * ef**share
        below = (ef, recall)
    return None


def picture(measured, path):
    """Every set a dot: how wide a walk reaches .99, by the local dimension that the build measured."""
    dots = []
    for name, results in measured.items():
        head, ef = results["hanok hnsw"]["head"], effort_at(results["hanok hnsw"], .99)
        if ef and float(head.get("local_dimension", 0)) > 0:
            dots.append((float(head["local_dimension"]), ef, name))
    wide, high = max(d for d, *_ in dots) * 1.15, max(ef for _, ef, _ in dots) * 1.1

    def place(d, ef):
        return MARGIN + d / wide * (WIDTH - MARGIN - 140), HEIGHT - MARGIN - ef / high * (HEIGHT - 2 * MARGIN)
    parts = [f'<svg xmlns="http://www.w3.org/2000/svg" width="{WIDTH}" height="{HEIGHT}" font-family="sans-serif" '
             'font-size="12"><rect width="100%" height="100%" fill="white"/>']
    for d in range(0, int(wide) + 1, 5):
        x, y = place(d, 0)
        parts.append(f'<line x1="{x:.0f}" y1="{MARGIN}" x2="{x:.0f}" y2="{y:.0f}" stroke="#ddd"/>'
                     f'<text x="{x:.0f}" y="{y + 18:.0f}" text-anchor="middle">{d}</text>')
    for ef in range(0, int(high) + 1, 20):
        x, y = place(0, ef)
        parts.append(f'<text x="{x - 6:.0f}" y="{y + 4:.0f}" text-anchor="end">{ef}</text>')
    parts.append(f'<text x="{WIDTH / 2 - 40:.0f}" y="{HEIGHT - 14}" text-anchor="middle">local dimension (Levina, Bickel)</text>'
                 f'<text x="10" y="{MARGIN - 20}">ef that reaches recall .99 of ten</text>')
    labels = []
    for x, y, name in sorted((*place(d, ef), name) for d, ef, name in dots):
        clear = [at for at in (y + 4 + step for step in range(-60, 61))  # names do not lie on one another
                 if all(abs(at - other) >= 13 or x - left > 7 * len(before) + 10 for left, other, before in labels)]
        at = min(clear, key=lambda at: abs(at - y - 4))
        labels.append((x, at, name))
        parts.append(f'<circle cx="{x:.1f}" cy="{y:.1f}" r="4" fill="#1f6f8b"/><text x="{x + 8:.1f}" y="{at:.1f}">{name}</text>')
    pathlib.Path(path).write_text("".join(parts) + "</svg>\n")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("bench")
    parser.add_argument("--data", type=pathlib.Path, required=True)
    parser.add_argument("--work", type=pathlib.Path, required=True)
    make_sets.add_arguments(parser)
    parser.add_argument("--sets", help="of " + "; ".join(PANEL | LARGE), metavar="A;B")
    parser.add_argument("--large", action="store_true", help="also " + " and ".join(LARGE))
    parser.add_argument("--engines", default=ENGINES)
    parser.add_argument("--rounds", type=int, default=2)
    parser.add_argument("--again", action="store_true")
    parser.add_argument("--picture", metavar="OUT.svg")
    parser.add_argument("--markdown", action="store_true")
    args = parser.parse_args()
    panel = PANEL | LARGE if args.large or args.sets else PANEL
    names = [name.strip() for name in args.sets.split(";")] if args.sets else list(panel)
    if unknown := [name for name in names if name not in panel]:
        raise SystemExit(f"{', '.join(unknown)}: not in the panel, which is {'; '.join(PANEL | LARGE)}")
    make_sets.lay(args, [set_ for name in names for set_ in panel[name][:2]])
    (args.work / "results").mkdir(exist_ok=True)
    engines = list(filter(None, args.engines.split(",")))
    kept = {name: args.work / "results" / f"{name}.json" for name in names}
    for base, metric in dict.fromkeys((panel[name][0], panel[name][2]) for name in names):
        queries = {name: str(args.work / f"{panel[name][1]}_q.npy") for name in names
                   if panel[name][0] == base and (args.again or not kept[name].exists())}
        if not queries:
            continue
        print(f"-- {', '.join(queries)}", file=sys.stderr, flush=True)
        results = peers.measure_set(args.bench, str(args.work / f"{base}.npy"), queries, metric, engines, rounds=args.rounds)
        for name, result in results.items():
            kept[name].write_text(json.dumps(result, indent=1))
    measured = {name: json.loads(file.read_text()) for name, file in kept.items()}
    table(measured, args.markdown)
    if args.picture:
        picture(measured, args.picture)


if __name__ == "__main__":
    main()

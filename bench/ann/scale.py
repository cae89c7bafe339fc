#!/usr/bin/env python3
"""How the cost of a query grows with the number of vectors: a table, and a plot as SVG.

    bench/ann/scale.py BENCH_ANN OUT.svg NAME=BASE.npy:QUERIES.npy:METRIC... [--sizes 10000,...,1000000] [--set key=value]

For each set and size an index of kind hnsw is built on the first rows; microseconds a query (one thread, a call a query)
are interpolated at recall .95 and .99 of ten. The line through the points is a + b log n, by least squares.
"""
import argparse
import json
import math
import subprocess

RECALLS = (.95, .99)
COLOURS = ("#1f6f8b", "#c4532d", "#5b8c3e", "#7a4e9c")
WIDTH, HEIGHT, LEFT, BOTTOM, TOP, RIGHT = 760, 440, 70, 50, 30, 190


def measure(bench, base, queries, metric, rows, extra):
    command = [bench, base, queries, "--metric", metric, "--rows", str(rows), "--json", "--passes", "3",
               "--ef", "10,14,20,28,40,56,80,112,160,220,320"]
    for pair in extra:
        command += ["--set", pair]
    lines = subprocess.run(command, check=True, capture_output=True, text=True).stdout.splitlines()
    return json.loads(lines[0]), [json.loads(line) for line in lines[1:]]


def microseconds(points, target):
    above = max((p for p in points if p["recall"] >= target), key=lambda p: p["single"], default=None)
    if not above:
        return None
    below = max((p for p in points if p["recall"] < target), key=lambda p: p["recall"], default=None)
    if not below:
        return 1e6 / above["single"]
    share = (target - below["recall"]) / (above["recall"] - below["recall"])
    return 1e6 / (below["single"]**(1 - share) * above["single"]**share)


def fit(points):
    """a, b of a + b log n, and how much of the variance that explains."""
    n = len(points)
    xs, ys = [math.log(x) for x, _ in points], [y for _, y in points]
    mx, my = sum(xs) / n, sum(ys) / n
    b = sum((x - mx) * (y - my) for x, y in zip(xs, ys)) / sum((x - mx)**2 for x in xs)
    rest = sum((y - my - b * (x - mx))**2 for x, y in zip(xs, ys))
    return my - b * mx, b, 1 - rest / max(sum((y - my)**2 for y in ys), 1e-12)


def draw(path, curves, sizes):
    most = max(y for points in curves.values() for _, y in points) * 1.1
    low, high = math.log10(min(sizes)), math.log10(max(sizes))

    def place(n, us):
        return (LEFT + (math.log10(n) - low) / (high - low) * (WIDTH - LEFT - RIGHT),
                HEIGHT - BOTTOM - us / most * (HEIGHT - BOTTOM - TOP))
    parts = [f'<svg xmlns="http://www.w3.org/2000/svg" width="{WIDTH}" height="{HEIGHT}" font-family="sans-serif" '
             f'font-size="12"><rect width="100%" height="100%" fill="white"/>']
    for n in sizes:
        x, y = place(n, 0)
        parts.append(f'<line x1="{x:.0f}" y1="{TOP}" x2="{x:.0f}" y2="{y:.0f}" stroke="#ddd"/>'
                     f'<text x="{x:.0f}" y="{y + 18:.0f}" text-anchor="middle">{n:,}</text>')
    step = 10**math.floor(math.log10(most / 2))
    for us in range(0, int(most) + 1, max(1, int(step * (2 if most / step > 10 else 1)))):
        x, y = place(min(sizes), us)
        parts.append(f'<text x="{x - 8:.0f}" y="{y + 4:.0f}" text-anchor="end">{us}</text>')
    parts.append(f'<text x="{(LEFT + WIDTH - RIGHT) / 2:.0f}" y="{HEIGHT - 8}" text-anchor="middle">vectors</text>'
                 f'<text x="14" y="{TOP - 10}">microseconds a query</text>')
    for i, (name, points) in enumerate(curves.items()):
        colour = COLOURS[i % len(COLOURS)]
        a, b, _ = fit(points)
        (x1, y1), (x2, y2) = (place(n, max(0, a + b * math.log(n))) for n in (min(sizes), max(sizes)))
        parts.append(f'<line x1="{x1:.1f}" y1="{y1:.1f}" x2="{x2:.1f}" y2="{y2:.1f}" stroke="{colour}"/>')
        for n, us in points:
            x, y = place(n, us)
            parts.append(f'<circle cx="{x:.1f}" cy="{y:.1f}" r="4" fill="{colour}"/>')
        parts.append(f'<text x="{WIDTH - RIGHT + 14}" y="{y2 + 4:.0f}" fill="{colour}">{name}</text>')
    with open(path, "w") as out:
        out.write("".join(parts) + "</svg>\n")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("bench")
    parser.add_argument("out")
    parser.add_argument("sets", nargs="+")
    parser.add_argument("--sizes", default="10000,50000,250000,1000000")
    parser.add_argument("--set", action="append", default=[])
    args = parser.parse_args()
    sizes, curves = [int(s) for s in args.sizes.split(",")], {}
    print(f"{'set':24}{'vectors':>10}{'build s':>9}{'MB':>7}" + "".join(f"{f'us at {r}':>13}" for r in RECALLS))
    for given in args.sets:
        name, files = given.split("=", 1)
        base, queries, metric = files.split(":")
        for rows in sizes:
            head, points = measure(args.bench, base, queries, metric, rows, args.set)
            costs = [microseconds(points, r) for r in RECALLS]
            print(f"{name:24}{int(head['vectors']):10}{head['build_seconds']:9.1f}{int(head['bytes_resident']) / 2**20:7.0f}" +
                  "".join(f"{c:13.0f}" if c else f"{'-':>13}" for c in costs), flush=True)
            for r, cost in zip(RECALLS, costs):
                if cost:
                    curves.setdefault(f"{name}, recall {r}", []).append((int(head["vectors"]), cost))
    for name, points in curves.items():
        a, b, explained = fit(points)
        print(f"{name}: {a:.0f} + {b:.1f} log n us, R^2 {explained:.3f}")
    draw(args.out, curves, sizes)


if __name__ == "__main__":
    main()

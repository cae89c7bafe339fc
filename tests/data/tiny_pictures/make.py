"""A net that sees colour and nothing else: a run folder (docs/formats/vision-run.md) of three kilobytes for tests.
usage: python3 make.py          writes model.safetensors and model.json beside itself

cnn, by hand: six maps that are how much more red (less red, more green, ...) a pixel is than the other two colours,
blurred over 3 x 3; their means are the features, and the classes are red, green and blue.
"""
import json
import math
import os
import struct

HERE = os.path.dirname(os.path.abspath(__file__))
CHANNELS, MAPS, SIDE = 3, 6, 16


def main():
    tensors = {}

    def add(name, shape, values):
        assert len(values) == math.prod(shape), name
        tensors[name] = (shape, values)

    def norm(name):
        add(name + ".weight", [MAPS], [1.0] * MAPS)
        add(name + ".bias", [MAPS], [0.0] * MAPS)
        add(name + ".running_mean", [MAPS], [0.0] * MAPS)
        add(name + ".running_var", [MAPS], [1.0] * MAPS)

    opponent = []
    for o in range(MAPS):
        for c in range(CHANNELS):
            weight = 1.0 if c == o // 2 else -0.5
            opponent += [0.0] * 4 + [weight if o % 2 == 0 else -weight] + [0.0] * 4
    add("features.0.weight", [MAPS, CHANNELS, 3, 3], opponent)
    norm("features.1")
    blur = [1 / 9 if o == i else 0.0 for o in range(MAPS) for i in range(MAPS) for _ in range(9)]
    add("features.4.weight", [MAPS, MAPS, 3, 3], blur)  # number 3 is the max pool
    norm("features.5")
    add("fc.weight", [CHANNELS, MAPS], [2.0 * ((i == 2 * k) - (i == 2 * k + 1)) for k in range(CHANNELS) for i in range(MAPS)])
    add("fc.bias", [CHANNELS], [0.0] * CHANNELS)

    header, data = {}, b""
    for name, (shape, values) in tensors.items():
        packed = struct.pack(f"<{len(values)}f", *values)
        header[name] = {"dtype": "F32", "shape": shape, "data_offsets": [len(data), len(data) + len(packed)]}
        data += packed
    head = json.dumps(header).encode()
    head += b" " * (-len(head) % 8)
    with open(os.path.join(HERE, "model.safetensors"), "wb") as out:
        out.write(struct.pack("<Q", len(head)) + head + data)
    about = {"format": "hanok-vision-1", "model": "cnn", "variant": "cifar", "classes": 3,
             "class_names": ["red", "green", "blue"], "input": {"channels": CHANNELS, "height": SIDE, "width": SIDE},
             "mean": [0.5] * 3, "std": [0.25] * 3, "parameters": sum(len(v) for n, (_, v) in tensors.items() if "running" not in n)}
    with open(os.path.join(HERE, "model.json"), "w") as out:
        json.dump(about, out, indent=1)
        out.write("\n")


if __name__ == "__main__":
    main()

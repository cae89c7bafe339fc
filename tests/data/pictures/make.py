"""The pictures of src/image/read_test.cpp: one scene of 24 x 16 pixels in every kind of file. Needs Pillow.
usage: python3 make.py          writes them beside itself, and checks with Pillow that each shows the scene"""
import os
import struct
import zlib

from PIL import Image, ImageOps

HERE = os.path.dirname(os.path.abspath(__file__))
WIDTH, HEIGHT = 24, 16
SCENE = Image.new("RGB", (WIDTH, HEIGHT))
SCENE.putdata([(10 * x, 15 * y, 255 - 6 * (x + y)) for y in range(HEIGHT) for x in range(WIDTH)])
GRAY = SCENE.getchannel("R")
# What turns the scene as it is seen into the rows that lie in a file of this orientation.
STORED = {2: Image.Transpose.FLIP_LEFT_RIGHT, 3: Image.Transpose.ROTATE_180, 4: Image.Transpose.FLIP_TOP_BOTTOM,
          5: Image.Transpose.TRANSPOSE, 6: Image.Transpose.ROTATE_90, 7: Image.Transpose.TRANSVERSE,
          8: Image.Transpose.ROTATE_270}


def path(name):
    return os.path.join(HERE, name)


def check(name, wanted, most):
    seen = ImageOps.exif_transpose(Image.open(path(name))).convert(wanted.mode)
    worst = max(abs(a - b) for a, b in zip(seen.tobytes(), wanted.tobytes()))
    assert worst <= most, (name, worst)


def png(name, depth, kind, rows, chunks=(), interlace=0):
    """Pillow writes neither 16 bits in colour nor Adam7."""
    def chunk(tag, data):
        return struct.pack(">I", len(data)) + tag + data + struct.pack(">I", zlib.crc32(tag + data))
    head = struct.pack(">IIBBBBB", WIDTH, HEIGHT, depth, kind, 0, 0, interlace)
    body = b"".join(b"\0" + r for r in rows)
    with open(path(name), "wb") as out:
        out.write(b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + b"".join(chunk(t, d) for t, d in chunks) +
                  chunk(b"IDAT", zlib.compress(body, 9)) + chunk(b"IEND", b""))


def main():
    SCENE.save(path("rgb.png"), optimize=True)
    GRAY.save(path("gray.png"), optimize=True)
    clear = SCENE.convert("RGBA")
    clear.putalpha(GRAY)  # as opaque as it is red
    clear.save(path("rgba.png"), optimize=True)
    GRAY.point(lambda v: 255 if v >= 120 else 0).convert("1").save(path("one_bit.png"))
    palette = Image.new("P", (WIDTH, HEIGHT))
    palette.putpalette([255, 0, 0, 0, 255, 0, 0, 0, 255])
    palette.putdata([x % 3 for y in range(HEIGHT) for x in range(WIDTH)])
    palette.save(path("palette.png"))
    palette.save(path("palette_clear.png"), transparency=bytes([255, 128, 0]))
    pixels = SCENE.load()
    # Sixteen bits: the scene's byte twice (v * 257), so that rounding gives it back.
    deep = [b"".join(bytes([v, v]) for x in range(WIDTH) for v in pixels[x, y]) for y in range(HEIGHT)]
    png("sixteen_bits.png", 16, 2, deep)
    gray_alpha = [b"".join(bytes([10 * x, 15 * y]) for x in range(WIDTH)) for y in range(HEIGHT)]
    png("gray_alpha.png", 8, 4, gray_alpha)
    passes = [(0, 0, 8, 8), (4, 0, 8, 8), (0, 4, 4, 8), (2, 0, 4, 4), (0, 2, 2, 4), (1, 0, 2, 2), (0, 1, 1, 2)]
    woven = [b"".join(bytes(pixels[x, y]) for x in range(x0, WIDTH, dx))
             for x0, y0, dx, dy in passes for y in range(y0, HEIGHT, dy)]
    png("interlaced.png", 8, 2, woven, interlace=1)
    exif = b"MM\0*\0\0\0\x08\0\x01\x01\x12\0\x03\0\0\0\x01\0\x03\0\0\0\0\0\0"
    upside_down = SCENE.transpose(STORED[3]).load()
    png("turned.png", 8, 2, [b"".join(bytes(upside_down[x, y]) for x in range(WIDTH)) for y in range(HEIGHT)],
        [(b"eXIf", exif)])

    SCENE.save(path("rgb.jpg"), quality=95, subsampling=0)
    SCENE.save(path("half_colour.jpg"), quality=95)
    SCENE.save(path("progressive.jpg"), quality=95, subsampling=0, progressive=True)
    GRAY.save(path("gray.jpg"), quality=95)
    SCENE.convert("CMYK").save(path("cmyk.jpg"), quality=95)
    for orientation, how in STORED.items():
        exif = Image.Exif()
        exif[0x0112] = orientation
        SCENE.transpose(how).save(path(f"turned_{orientation}.jpg"), quality=95, subsampling=0, exif=exif)
        check(f"turned_{orientation}.jpg", SCENE, 6)
    for name in ("rgb.png", "interlaced.png", "turned.png"):
        check(name, SCENE, 0)
    for name in ("rgb.jpg", "progressive.jpg", "cmyk.jpg"):
        check(name, SCENE, 6)


if __name__ == "__main__":
    main()

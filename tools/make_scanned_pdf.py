#!/usr/bin/env python3
"""Makes tests/data/scanned.pdf: page 1 is a picture of words, as a scanner makes it, page 2 has words. Needs pdftoppm.

    tools/make_scanned_pdf.py [FILE]
"""

import pathlib
import subprocess
import sys
import zlib

WORDS = ["The pool opens at seven", "Tickets cost 4,500 won"]


def pdf(objects):
    out, places = b"%PDF-1.4\n", []
    for number, body in enumerate(objects, 1):
        places.append(len(out))
        out += b"%d 0 obj\n%s\nendobj\n" % (number, body)
    start = len(out)
    out += b"xref\n0 %d\n0000000000 65535 f \n" % (len(objects) + 1)
    out += b"".join(b"%010d 00000 n \n" % place for place in places)
    return out + b"trailer\n<</Size %d/Root 1 0 R>>\nstartxref\n%d\n%%%%EOF\n" % (len(objects) + 1, start)


def stream(head, data):
    return b"<<%s/Length %d>>\nstream\n%s\nendstream" % (head, len(data), data)


def text_page(lines):
    return "".join(f"BT /F 24 Tf 40 {240 - 60 * i} Td ({line}) Tj ET\n" for i, line in enumerate(lines)).encode()


def document(pages):
    """pages: (resources, contents, more objects); the objects of a page follow each other from 3 on."""
    objects, kids = [], []
    for resources, contents, more in pages:
        number = 3 + len(objects)
        kids.append(b"%d 0 R" % number)
        box = b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 400 300]/Contents %d 0 R/Resources<<%s>>>>"
        objects += [box % (number + 1, resources % {b"n": number + 2}), stream(b"", contents), more]
    tree = b"<</Type/Pages/Count %d/Kids[%s]>>" % (len(kids), b" ".join(kids))
    return pdf([b"<</Type/Catalog/Pages 2 0 R>>", tree] + objects)


def words(lines):
    return b"/Font<</F %(n)d 0 R>>", text_page(lines), b"<</Type/Font/Subtype/Type1/BaseFont/Helvetica>>"


def main():
    here = pathlib.Path(__file__).resolve().parent.parent
    target = pathlib.Path(sys.argv[1]) if len(sys.argv) > 1 else here / "tests/data/scanned.pdf"
    drawn = subprocess.run(["pdftoppm", "-mono", "-r", "150", "-"], input=document([words(WORDS)]), check=True,
                           capture_output=True).stdout
    kind, size, bits = drawn.split(b"\n", 2)
    assert kind == b"P4", kind
    width, height = map(int, size.split())
    head = (b"/Type/XObject/Subtype/Image/Width %d/Height %d/BitsPerComponent 1/ColorSpace/DeviceGray/Decode[1 0]"
            b"/Filter/FlateDecode" % (width, height))
    scan = b"/XObject<</I %(n)d 0 R>>", b"400 0 0 300 0 0 cm /I Do", stream(head, zlib.compress(bits, 9))
    target.write_bytes(document([scan, words(["This page has words."])]))


if __name__ == "__main__":
    main()

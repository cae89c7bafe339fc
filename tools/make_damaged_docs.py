#!/usr/bin/env python3
"""Makes N mixed documents of which a tenth is damaged, and manifest.json that says what must become of each.

    tools/make_damaged_docs.py FOLDER [N]      N: 2000 unless given. The same N gives the same files.

manifest.json is a list of {"path", "kind", "expect"}; expect is "loads", "fails", or "either" (a cut PDF may still have pages).
"""

import json
import pathlib
import random
import sys

import doc_writers as write
import make_example_docs as examples

PLACES = ["the reading room", "the courtyard", "the tea room", "the attic", "the storehouse", "the east gate", "the pond", "the schoolyard"]
THINGS = ["a lantern", "a map", "an almanac", "a folding screen", "a brush", "a ladder", "a globe", "a bicycle"]
PEOPLE = ["Bo-ra", "Eul", "Se-jin", "Yeo-ul", "Mu-yeol", "I-deun", "Ru-bi", "Da-sol"]
KOREAN_PLACES = ["열람실", "마당", "차방", "다락", "곳간", "동문", "연못", "운동장"]
KOREAN_THINGS = ["등불", "지도", "달력", "병풍", "붓", "사다리", "지구본", "자전거"]


def sentences(rng, count, korean):
    for _ in range(count):
        n, day = rng.randint(2, 990), rng.randint(1, 28)
        if korean:
            yield f"{day}일에 {rng.choice(KOREAN_PLACES)}에서 {rng.choice(KOREAN_THINGS)} {n}개를 세어 장부에 적었습니다."
        else:
            yield f"On day {day} {rng.choice(PEOPLE)} counted {n} pieces of {rng.choice(THINGS)[2:].strip()} in {rng.choice(PLACES)}."


def blocks(rng, korean):
    out = [("h", 1, ("장부 " if korean else "Ledger ") + str(rng.randint(1, 99999)))]
    for part in range(rng.randint(1, 3)):
        out.append(("h", 2, (f"{part + 1}장" if korean else f"Part {part + 1}")))
        out += [("p", " ".join(sentences(rng, rng.randint(2, 6), korean))) for _ in range(rng.randint(1, 3))]
    return out


def plain(parts):
    return "\n\n".join(block[-1] for block in parts) + "\n"


def markdown(parts):
    return "\n\n".join("#" * block[1] + " " + block[2] if block[0] == "h" else block[1] for block in parts) + "\n"


def rows(rng, korean):
    head = ["장소", "물건", "수"] if korean else ["place", "thing", "count"]
    places, things = (KOREAN_PLACES, KOREAN_THINGS) if korean else (PLACES, THINGS)
    return [head] + [[rng.choice(places), rng.choice(things), rng.randint(1, 999)] for _ in range(rng.randint(3, 20))]


def mail(parts, title):
    import base64
    words = base64.b64encode(title.encode()).decode()
    return (f"From: desk@persimmonlane.example\r\nTo: reader@persimmonlane.example\r\nSubject: =?UTF-8?B?{words}?=\r\n"
            "Date: Sat, 1 Mar 2025 09:00:00 +0900\r\nMIME-Version: 1.0\r\nContent-Type: text/plain; charset=utf-8\r\n"
            "Content-Transfer-Encoding: base64\r\n\r\n").encode() + base64.encodebytes(plain(parts).encode())


def subtitles(rng, korean):
    return "".join(f"{i + 1}\n00:{i // 12:02d}:{i % 12 * 5:02d},000 --> 00:{i // 12:02d}:{i % 12 * 5 + 4:02d},000\n{text}\n\n"
                   for i, text in enumerate(sentences(rng, 30, korean)))


def sound(rng, kind, korean):
    """The bytes of an undamaged file of a format."""
    parts = blocks(rng, korean)
    title = parts[0][2]
    if kind == "txt":
        return plain(parts).encode("cp949" if korean and rng.random() < 0.3 else "utf-8")
    return {
        "md": lambda: markdown(parts).encode(),
        "html": lambda: ("<!doctype html><meta charset=utf-8><title>" + title + "</title>\n" + write.html_blocks(parts)).encode(),
        "pdf": lambda: write.pdf(title, parts, korean),
        "docx": lambda: write.docx(title, parts),
        "pptx": lambda: write.pptx(title, [(b[2], list(sentences(rng, 3, korean)), title) for b in parts if b[0] == "h"]),
        "xlsx": lambda: write.xlsx(title, [(title, rows(rng, korean))]),
        "epub": lambda: write.epub(title, [parts, blocks(rng, korean)]),
        "hwpx": lambda: write.hwpx(title, parts),
        "csv": lambda: "\n".join(",".join(map(str, row)) for row in rows(rng, korean)).encode(),
        "json": lambda: json.dumps({"title": title, "paragraphs": [b[-1] for b in parts]}, ensure_ascii=False).encode(),
        "eml": lambda: mail(parts, title),
        "srt": lambda: subtitles(rng, korean).encode(),
    }[kind]()


FORMATS = ["txt", "md", "html", "pdf", "docx", "pptx", "xlsx", "epub", "hwpx", "csv", "json", "eml", "srt"]
PASSWORD = "<< /Filter /Standard /V 1 /R 2 /P -4 /O <" + "5a" * 32 + "> /U <" + "a5" * 32 + "> >>"
BOMB = None


def bomb():
    """A .docx of some 300 KB whose document would be 256 MiB."""
    global BOMB
    if BOMB is None:
        BOMB = write.zip_bytes([("[Content_Types].xml", "<Types/>"), ("word/document.xml", b"<w:document>" + b" " * (256 << 20))])
    return BOMB


def password_zip(data):
    """Sets the "encrypted" bit of every entry, in local headers and in the directory."""
    out = bytearray(data)
    for mark, offset in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        at = data.find(mark)
        while at >= 0:
            out[at + offset] |= 1
            at = data.find(mark, at + 4)
    return bytes(out)


def flip_inside(data):
    """One byte of the largest entry's packed data changed: its checksum must say so."""
    out = bytearray(data)
    out[data.find(b"word/document.xml") + 60] ^= 0xFF
    return bytes(out)


def damaged(rng, number):
    """(kind, suffix, bytes, expect)."""
    korean = rng.random() < 0.5
    some = lambda kind: sound(rng, kind, korean)
    zipped = rng.choice(["docx", "pptx", "xlsx", "epub", "hwpx"])
    ole = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(504) + "EncryptedPackage".encode("utf-16-le") + bytes(480)
    noise = rng.randbytes(3000)
    deep = "<w:document><w:body>" + "<w:p>" * 5000 + "x" + "</w:p>" * 5000 + "</w:body></w:document>"
    entity = '<!DOCTYPE w:document [<!ENTITY a "' + "ha" * 50 + '">' + "".join(
        f'<!ENTITY {chr(98 + i)} "' + f"&{chr(97 + i)};" * 10 + '">' for i in range(9)) + "]><w:document><w:body><w:p><w:r><w:t>&j;</w:t></w:r></w:p></w:body></w:document>"
    half = lambda data: data[: len(data) // 2]
    kinds = [
        ("truncated archive", zipped, lambda: half(some(zipped)), "fails"),
        ("truncated PDF", "pdf", lambda: half(some("pdf")), "either"),
        ("PDF cut after its header", "pdf", lambda: some("pdf")[:40], "fails"),
        ("PDF named docx", "docx", lambda: some("pdf"), "fails"),
        ("archive named pdf", "pdf", lambda: some(zipped), "fails"),
        ("archive named txt", "txt", lambda: some(zipped), "fails"),
        ("text named docx", "docx", lambda: some("txt"), "fails"),
        ("docx named xlsx", "xlsx", lambda: some("docx"), "fails"),
        ("picture named txt", "txt", lambda: b"\x89PNG\r\n\x1a\n" + noise, "fails"),
        ("zip bomb", "docx", bomb, "fails"),
        ("password on a PDF", "pdf", lambda: write.pdf("locked", blocks(rng, False), encrypt=PASSWORD), "fails"),
        ("password on an archive", zipped, lambda: password_zip(some(zipped)), "fails"),
        ("password by Office", "docx", lambda: ole, "fails"),
        ("random bytes in text", rng.choice(["txt", "md", "html", "csv", "json", "eml"]), lambda: noise, "fails"),
        ("random bytes as archive", zipped, lambda: b"PK\x03\x04" + noise, "fails"),
        ("random bytes as PDF", "pdf", lambda: b"%PDF-1.7\n" + noise, "fails"),
        ("empty file", rng.choice(["pdf", zipped]), lambda: b"", "fails"),
        ("broken UTF-8", "txt", lambda: some("md") + b"\xed\xa0\x80\xff end", "either"),
        ("deep XML", "docx", lambda: write.zip_bytes([("word/document.xml", deep)]), "fails"),
        ("deep HTML", "html", lambda: b"<div>" * 50000, "fails"),
        ("deep JSON", "json", lambda: b"[" * 50000 + b"]" * 50000, "fails"),
        ("cut JSON", "json", lambda: half(some("json")), "fails"),
        ("entity bomb", "docx", lambda: write.zip_bytes([("word/document.xml", entity)]), "either"),
        ("flipped byte in an archive", "docx", lambda: flip_inside(some("docx")), "fails"),
    ]
    kind, suffix, make, expect = kinds[number % len(kinds)]
    return kind, suffix, make(), expect


def main():
    if len(sys.argv) not in (2, 3):
        sys.exit(__doc__)
    folder, count = pathlib.Path(sys.argv[1]), int(sys.argv[2]) if len(sys.argv) == 3 else 2000
    manifest = []

    def put(name, data, kind, expect):
        path = folder / f"{len(manifest) // 200:02d}" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
        manifest.append({"path": str(path.relative_to(folder)), "kind": kind, "expect": expect})

    for name, data in examples.documents().items():
        put(name, data, "example", "loads")
    while len(manifest) < count:
        number = len(manifest)
        rng = random.Random(number)  # each file depends on its number alone
        if number % 10 == 9:
            kind, suffix, data, expect = damaged(rng, number // 10)
        else:
            suffix, kind, expect = FORMATS[number % len(FORMATS)], "sound", "loads"
            data = sound(rng, suffix, rng.random() < 0.5)
        put(f"file-{number:05d}.{suffix}", data, kind, expect)
    (folder / "manifest.json").write_text(json.dumps(manifest, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()

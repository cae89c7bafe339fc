#!/usr/bin/env python3
"""Makes examples/docs/ and examples/questions.json: a small bilingual set of real files. The same run gives the same bytes.

    tools/make_example_docs.py [FOLDER]      FOLDER: examples/ of this checkout, unless given
"""

import json
import pathlib
import sys

import doc_writers as write
import example_content as content


def documents():
    """(file name, bytes), each about something of its own."""
    return {
        "opening-hours.md": content.HOURS_MD.encode(),
        "이용-규칙.txt": content.RULES_TXT.encode("cp949"),
        "wifi-and-printing.html": content.WIFI_HTML.encode(),
        "history.pdf": write.pdf(*content.HISTORY),
        "가을-축제.pdf": write.pdf(*content.FESTIVAL, korean=True),
        "guesthouse.docx": write.docx(*content.GUESTHOUSE),
        "자원봉사자-교육.pptx": write.pptx(*content.VOLUNTEERS),
        "prices.xlsx": write.xlsx(*content.PRICES),
        "recipes.epub": write.epub(*content.RECIPES),
        "회의록.hwpx": write.hwpx(*content.MINUTES),
        "events.csv": content.EVENTS_CSV.encode(),
        "getting-here.txt": content.TRAVEL_TXT.encode(),
        "마당-가꾸기.md": content.GARDEN_MD.encode(),
    }


def main():
    folder = pathlib.Path(sys.argv[1] if len(sys.argv) > 1 else pathlib.Path(__file__).resolve().parent.parent / "examples")
    (folder / "docs").mkdir(parents=True, exist_ok=True)
    for name, data in documents().items():
        (folder / "docs" / name).write_bytes(data)
    keys = ("question", "lang", "path", "answer_contains")
    rows = ",\n".join("  " + json.dumps(dict(zip(keys, row)), ensure_ascii=False) for row in content.QUESTIONS)
    (folder / "questions.json").write_text(f"[\n{rows}\n]\n", encoding="utf-8")


if __name__ == "__main__":
    main()

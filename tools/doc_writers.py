"""Writers of small, real document files with the standard library alone: PDF, DOCX, PPTX, XLSX, EPUB, HWPX.

They make the example documents and the damaged ones for tests. The same input gives the same bytes.
A document is a list of blocks: ("h", level, text), ("p", text), ("li", text), ("table", rows), ("page",).
"""

import io
import zipfile
from xml.sax.saxutils import escape, quoteattr

XML = '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n'
DATE = (2025, 3, 1, 9, 0, 0)  # of every zip entry


def zip_bytes(entries, stored=("mimetype",)):
    """entries: (name, text or bytes) in order; those in `stored` are not compressed."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        for name, data in entries:
            info = zipfile.ZipInfo(name, DATE)
            info.compress_type = zipfile.ZIP_STORED if name in stored else zipfile.ZIP_DEFLATED
            info.external_attr = 0o644 << 16
            archive.writestr(info, data.encode() if isinstance(data, str) else data)
    return out.getvalue()


# ---- PDF -----------------------------------------------------------------------------------------------------------

PAGE_LINES = 44


def wrap(text, width):
    """Lines of at most `width` columns; a Hangul syllable takes two."""
    columns = lambda s: sum(2 if ord(c) > 0x2E7F else 1 for c in s)
    lines, line = [], ""
    for word in text.split():
        if line and columns(line) + 1 + columns(word) > width:
            lines.append(line)
            line = word
        else:
            line = f"{line} {word}".strip()
    return lines + [line] if line else lines


def pdf_lines(blocks):
    """Pages of (font size, line)."""
    pages = [[]]
    for block in blocks:
        if block[0] == "page":
            pages.append([])
            continue
        if block[0] == "h":
            new = [(18 if block[1] == 1 else 14, line) for line in wrap(block[2], 56)] + [(12, "")]
        elif block[0] == "table":
            new = [(12, "   ".join(row)) for row in block[1]] + [(12, "")]
        else:
            prefix = "- " if block[0] == "li" else ""
            new = [(12, line) for line in wrap(prefix + block[1], 84)] + [(12, "")]
        if len(pages[-1]) + len(new) > PAGE_LINES:
            pages.append([])
        pages[-1] += new
    return pages


def pdf(title, blocks, korean=False, encrypt=None):
    """A PDF 1.4 file. Korean text uses a font that is not embedded and the predefined character map UniKS-UTF16-H.
    encrypt: text of an /Encrypt dictionary, put there without encrypting anything."""
    hexed = lambda s: "<" + s.encode("utf-16-be").hex() + ">"
    latin = lambda s: "(" + s.replace("\\", "\\\\").replace("(", "\\(").replace(")", "\\)") + ")"
    show = hexed if korean else latin
    if korean:
        font = ["<< /Type /Font /Subtype /Type0 /BaseFont /HYSMyeongJo-Medium-UniKS-UTF16-H /Encoding /UniKS-UTF16-H "
                "/DescendantFonts [4 0 R] >>",
                "<< /Type /Font /Subtype /CIDFontType0 /BaseFont /HYSMyeongJo-Medium "
                "/CIDSystemInfo << /Registry (Adobe) /Ordering (Korea1) /Supplement 2 >> /FontDescriptor 5 0 R /DW 1000 "
                "/W [1 94 500] >>",
                "<< /Type /FontDescriptor /FontName /HYSMyeongJo-Medium /Flags 6 /FontBBox [0 -148 1001 880] /ItalicAngle 0 "
                "/Ascent 880 /Descent -148 /CapHeight 880 /StemV 93 >>"]
    else:
        font = ["<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica /Encoding /WinAnsiEncoding >>"]
    pages = pdf_lines(blocks)
    first = 3 + len(font)  # number of the first page object: after catalog, page tree and font
    objects = ["<< /Type /Catalog /Pages 2 0 R >>",
               "<< /Type /Pages /Count %d /Kids [%s] >>" % (len(pages), " ".join(f"{first + 2 * i} 0 R" for i in range(len(pages))))]
    objects += font
    for i, lines in enumerate(pages):
        stream = "BT\n1 0 0 1 60 780 Tm\n"
        for size, line in lines:
            stream += f"/F1 {size} Tf\n0 -{size + 4} Td\n" + (f"{show(line)} Tj\n" if line else "")
        stream += "ET\n"
        objects.append(f"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Contents {first + 2 * i + 1} 0 R "
                       "/Resources << /Font << /F1 3 0 R >> >> >>")
        objects.append(f"<< /Length {len(stream)} >>\nstream\n{stream}endstream")
    objects.append(f"<< /Title <feff{title.encode('utf-16-be').hex()}> >>")
    info = len(objects)
    if encrypt:
        objects.append(encrypt)
    out, offsets = b"%PDF-1.4\n%\xe2\xe3\xcf\xd3\n", []
    for i, body in enumerate(objects, 1):
        offsets.append(len(out))
        out += f"{i} 0 obj\n{body}\nendobj\n".encode("cp1252")
    table = "".join(f"{at:010d} 00000 n \n" for at in offsets)
    extra = f" /Encrypt {len(objects)} 0 R /ID [<00112233445566778899aabbccddeeff> <00112233445566778899aabbccddeeff>]" if encrypt else ""
    out += (f"xref\n0 {len(objects) + 1}\n0000000000 65535 f \n{table}trailer\n<< /Size {len(objects) + 1} /Root 1 0 R "
            f"/Info {info} 0 R{extra} >>\nstartxref\n{len(out)}\n%%EOF\n").encode()
    return out


# ---- Office Open XML -----------------------------------------------------------------------------------------------

OFFICE = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
PACKAGE = "http://schemas.openxmlformats.org/package/2006"


def relationships(entries):
    """entries: (id, last part of the type, target)."""
    return XML + f'<Relationships xmlns="{PACKAGE}/relationships">' + "".join(
        f'<Relationship Id="{i}" Type="{OFFICE}/{kind}" Target="{target}"/>' for i, kind, target in entries) + "</Relationships>"


def office(main, main_type, title, parts):
    """The package around a main part. parts: (name, content type or "", text)."""
    types = XML + f'<Types xmlns="{PACKAGE}/content-types"><Default Extension="rels" ContentType="application/vnd.' \
        'openxmlformats-package.relationships+xml"/><Default Extension="xml" ContentType="application/xml"/>'
    base = "application/vnd.openxmlformats-officedocument."
    for name, kind, _ in parts:
        if kind:
            types += f'<Override PartName="/{name}" ContentType="{base}{kind}+xml"/>'
    types += '<Override PartName="/docProps/core.xml" ContentType="application/vnd.openxmlformats-package.core-properties+xml"/></Types>'
    core = XML + f'<cp:coreProperties xmlns:cp="{PACKAGE}/metadata/core-properties" xmlns:dc="http://purl.org/dc/elements/1.1/">' \
        f"<dc:title>{escape(title)}</dc:title></cp:coreProperties>"
    root = XML + f'<Relationships xmlns="{PACKAGE}/relationships"><Relationship Id="rId1" Type="{OFFICE}/officeDocument" Target="{main}"/>' \
        f'<Relationship Id="rId2" Type="{PACKAGE}/relationships/metadata/core-properties" Target="docProps/core.xml"/></Relationships>'
    assert any(name == main for name, _, _ in parts), main_type
    return zip_bytes([("[Content_Types].xml", types), ("_rels/.rels", root), ("docProps/core.xml", core)] +
                     [(name, text) for name, _, text in parts])


def docx(title, blocks):
    space = "http://schemas.openxmlformats.org/wordprocessingml/2006/main"
    run = lambda text: f'<w:r><w:t xml:space="preserve">{escape(text)}</w:t></w:r>'
    paragraph = lambda text, style="": "<w:p>" + (f'<w:pPr><w:pStyle w:val="{style}"/></w:pPr>' if style else "") + run(text) + "</w:p>"
    body = paragraph(title, "Title")
    for block in blocks:
        if block[0] == "h":
            body += paragraph(block[2], f"Heading{block[1]}")
        elif block[0] == "table":
            rows = "".join("<w:tr>" + "".join(f"<w:tc><w:tcPr/>{paragraph(cell)}</w:tc>" for cell in row) + "</w:tr>" for row in block[1])
            body += f"<w:tbl><w:tblPr/><w:tblGrid/>{rows}</w:tbl>"
        elif block[0] == "li":
            body += '<w:p><w:pPr><w:numPr><w:ilvl w:val="0"/><w:numId w:val="1"/></w:numPr></w:pPr>' + run(block[1]) + "</w:p>"
        elif block[0] == "p":
            # Word splits a paragraph into runs at every change of format: a loader must join them.
            half = len(block[1]) // 2
            body += "<w:p>" + run(block[1][:half]) + run(block[1][half:]) + "</w:p>"
    document = XML + f'<w:document xmlns:w="{space}"><w:body>{body}<w:sectPr/></w:body></w:document>'
    styles = XML + f'<w:styles xmlns:w="{space}"><w:style w:type="paragraph" w:styleId="Title"><w:name w:val="Title"/></w:style>' + "".join(
        f'<w:style w:type="paragraph" w:styleId="Heading{i}"><w:name w:val="heading {i}"/><w:pPr><w:outlineLvl w:val="{i - 1}"/></w:pPr></w:style>'
        for i in (1, 2, 3)) + "</w:styles>"
    return office("word/document.xml", "docx", title, [
        ("word/document.xml", "wordprocessingml.document.main", document),
        ("word/styles.xml", "wordprocessingml.styles", styles),
        ("word/_rels/document.xml.rels", "", relationships([("rId1", "styles", "styles.xml")]))])


def pptx(title, slides):
    """slides: (title, list of lines, notes)."""
    spaces = ('xmlns:a="http://schemas.openxmlformats.org/drawingml/2006/main" '
              f'xmlns:p="http://schemas.openxmlformats.org/presentationml/2006/main" xmlns:r="{OFFICE}"')
    lines = lambda texts: "".join(f"<a:p><a:r><a:t>{escape(t)}</a:t></a:r></a:p>" for t in texts)
    group = "<p:nvGrpSpPr><p:cNvPr id=\"1\" name=\"\"/><p:cNvGrpSpPr/><p:nvPr/></p:nvGrpSpPr><p:grpSpPr/>"

    def shape(number, kind, texts):
        return (f'<p:sp><p:nvSpPr><p:cNvPr id="{number}" name="{kind} {number}"/><p:cNvSpPr/><p:nvPr><p:ph type="{kind}"/></p:nvPr></p:nvSpPr>'
                f"<p:spPr/><p:txBody><a:bodyPr/>{lines(texts)}</p:txBody></p:sp>")

    tree = lambda root, shapes: XML + f"<p:{root} {spaces}><p:cSld><p:spTree>{group}{shapes}</p:spTree></p:cSld></p:{root}>"
    parts = []
    for i, (head, texts, notes) in enumerate(slides, 1):
        parts.append((f"ppt/slides/slide{i}.xml", "presentationml.slide", tree("sld", shape(2, "title", [head]) + shape(3, "body", texts))))
        parts.append((f"ppt/slides/_rels/slide{i}.xml.rels", "", relationships([("rId1", "notesSlide", f"../notesSlides/notesSlide{i}.xml")])))
        parts.append((f"ppt/notesSlides/notesSlide{i}.xml", "presentationml.notesSlide",
                      tree("notes", shape(2, "body", [notes]) + shape(3, "sldNum", [str(i)]))))
    order = "".join(f'<p:sldId id="{255 + i}" r:id="rId{i}"/>' for i in range(1, len(slides) + 1))
    main = XML + f"<p:presentation {spaces}><p:sldIdLst>{order}</p:sldIdLst></p:presentation>"
    parts.append(("ppt/presentation.xml", "presentationml.presentation.main", main))
    parts.append(("ppt/_rels/presentation.xml.rels", "", relationships(
        [(f"rId{i}", "slide", f"slides/slide{i}.xml") for i in range(1, len(slides) + 1)])))
    return office("ppt/presentation.xml", "pptx", title, parts)


def xlsx(title, sheets):
    """sheets: (name, rows); a number stays a number, a datetime.date becomes Excel's day number with a date style."""
    space = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
    strings, parts = [], []

    def cell(row, column, value):
        at = f'r="{chr(65 + column)}{row}"'
        if hasattr(value, "toordinal"):
            return f'<c {at} s="1"><v>{value.toordinal() - 693594}</v></c>'
        if isinstance(value, (int, float)):
            return f"<c {at}><v>{value}</v></c>"
        if value not in strings:
            strings.append(value)
        return f'<c {at} t="s"><v>{strings.index(value)}</v></c>'

    for i, (_, rows) in enumerate(sheets, 1):
        data = "".join(f'<row r="{r}">' + "".join(cell(r, c, v) for c, v in enumerate(row) if v != "") + "</row>" for r, row in enumerate(rows, 1))
        parts.append((f"xl/worksheets/sheet{i}.xml", "spreadsheetml.worksheet", XML + f'<worksheet xmlns="{space}"><sheetData>{data}</sheetData></worksheet>'))
    names = "".join(f'<sheet name={quoteattr(name)} sheetId="{i}" r:id="rId{i}"/>' for i, (name, _) in enumerate(sheets, 1))
    n = len(sheets)
    parts += [
        ("xl/workbook.xml", "spreadsheetml.sheet.main", XML + f'<workbook xmlns="{space}" xmlns:r="{OFFICE}"><sheets>{names}</sheets></workbook>'),
        ("xl/_rels/workbook.xml.rels", "", relationships([(f"rId{i}", "worksheet", f"worksheets/sheet{i}.xml") for i in range(1, n + 1)] +
                                                         [(f"rId{n + 1}", "sharedStrings", "sharedStrings.xml"), (f"rId{n + 2}", "styles", "styles.xml")])),
        ("xl/sharedStrings.xml", "spreadsheetml.sharedStrings", XML + f'<sst xmlns="{space}">' + "".join(f"<si><t>{escape(s)}</t></si>" for s in strings) + "</sst>"),
        ("xl/styles.xml", "spreadsheetml.styles", XML + f'<styleSheet xmlns="{space}"><cellXfs count="2"><xf numFmtId="0"/><xf numFmtId="14"/></cellXfs></styleSheet>')]
    return office("xl/workbook.xml", "xlsx", title, parts)


# ---- EPUB, HWPX ----------------------------------------------------------------------------------------------------

def html_blocks(blocks):
    out = ""
    for block in blocks:
        if block[0] == "h":
            out += f"<h{block[1]}>{escape(block[2])}</h{block[1]}>\n"
        elif block[0] == "table":
            out += "<table>" + "".join("<tr>" + "".join(f"<td>{escape(c)}</td>" for c in row) + "</tr>\n" for row in block[1]) + "</table>\n"
        elif block[0] == "li":
            out += f"<ul><li>{escape(block[1])}</li></ul>\n"
        elif block[0] == "p":
            out += f"<p>{escape(block[1])}</p>\n"
    return out


def epub(title, chapters):
    """chapters: lists of blocks."""
    page = lambda body: XML + f'<html xmlns="http://www.w3.org/1999/xhtml"><head><title>{escape(title)}</title></head><body>\n{body}</body></html>'
    container = XML + ('<container version="1.0" xmlns="urn:oasis:names:tc:opendocument:xmlns:container"><rootfiles><rootfile '
                       'full-path="OEBPS/content.opf" media-type="application/oebps-package+xml"/></rootfiles></container>')
    items = "".join(f'<item id="c{i}" href="text/chapter%20{i}.xhtml" media-type="application/xhtml+xml"/>' for i in range(1, len(chapters) + 1))
    spine = "".join(f'<itemref idref="c{i}"/>' for i in range(1, len(chapters) + 1))
    opf = XML + ('<package xmlns="http://www.idpf.org/2007/opf" version="3.0" unique-identifier="id"><metadata xmlns:dc="http://purl.org/dc/elements/1.1/">'
                 f'<dc:identifier id="id">urn:hanok:example</dc:identifier><dc:title>{escape(title)}</dc:title><dc:language>en</dc:language></metadata><manifest>'
                 f'<item id="nav" href="nav.xhtml" properties="nav" media-type="application/xhtml+xml"/>{items}</manifest><spine>{spine}</spine></package>')
    links = "".join(f'<li><a href="text/chapter%20{i}.xhtml">{i}</a></li>' for i in range(1, len(chapters) + 1))
    nav = page(f'<nav xmlns:epub="http://www.idpf.org/2007/ops" epub:type="toc"><ol>{links}</ol></nav>')
    return zip_bytes([("mimetype", "application/epub+zip"), ("META-INF/container.xml", container), ("OEBPS/content.opf", opf), ("OEBPS/nav.xhtml", nav)] +
                     [(f"OEBPS/text/chapter {i}.xhtml", page(html_blocks(blocks))) for i, blocks in enumerate(chapters, 1)])


def hwpx(title, blocks):
    spaces = ('xmlns:hs="http://www.hancom.co.kr/hwpml/2011/section" xmlns:hp="http://www.hancom.co.kr/hwpml/2011/paragraph" '
              'xmlns:hh="http://www.hancom.co.kr/hwpml/2011/head"')
    paragraph = lambda text, style=0: f'<hp:p id="0" paraPrIDRef="0" styleIDRef="{style}"><hp:run charPrIDRef="0"><hp:t>{escape(text)}</hp:t></hp:run></hp:p>'
    body = ""
    for block in blocks:
        if block[0] == "h":
            body += paragraph(block[2], block[1])
        elif block[0] == "table":
            rows = "".join("<hp:tr>" + "".join(f"<hp:tc><hp:subList>{paragraph(cell)}</hp:subList></hp:tc>" for cell in row) + "</hp:tr>" for row in block[1])
            body += f'<hp:p id="0" paraPrIDRef="0" styleIDRef="0"><hp:run charPrIDRef="0"><hp:tbl rowCnt="{len(block[1])}">{rows}</hp:tbl></hp:run></hp:p>'
        elif block[0] in ("p", "li"):
            body += paragraph(block[1])
    styles = '<hh:style id="0" type="PARA" name="바탕글" engName="Normal"/>' + "".join(
        f'<hh:style id="{i}" type="PARA" name="개요 {i}" engName="Outline {i}"/>' for i in (1, 2, 3))
    hpf = XML + ('<opf:package xmlns:opf="http://www.idpf.org/2007/opf/"><opf:metadata>' f"<opf:title>{escape(title)}</opf:title></opf:metadata>"
                 '<opf:manifest><opf:item id="header" href="Contents/header.xml" media-type="application/xml"/><opf:item id="section0" '
                 'href="Contents/section0.xml" media-type="application/xml"/></opf:manifest><opf:spine><opf:itemref idref="section0"/></opf:spine></opf:package>')
    container = XML + ('<ocf:container xmlns:ocf="urn:oasis:names:tc:opendocument:xmlns:container"><ocf:rootfiles><ocf:rootfile '
                       'full-path="Contents/content.hpf" media-type="application/hwpml-package+xml"/></ocf:rootfiles></ocf:container>')
    return zip_bytes([("mimetype", "application/hwp+zip"), ("META-INF/container.xml", container), ("Contents/content.hpf", hpf),
                      ("Contents/header.xml", XML + f"<hh:head {spaces}><hh:refList><hh:styles>{styles}</hh:styles></hh:refList></hh:head>"),
                      ("Contents/section0.xml", XML + f"<hs:sec {spaces}>{body}</hs:sec>")])

"""Small real files of every format, made of given words."""

from __future__ import annotations

import csv
import gzip
import json
import zipfile
from collections.abc import Mapping
from email.message import EmailMessage
from html import escape
from io import BytesIO, StringIO

TITLE = "Bridge over the Arun opens"
WORDS = "The new bridge over the river Arun was opened by Mayor Lena Ortiz on Monday. It is 412 metres long."
MORE = "Building it took four years and cost 38 million euros, the city of Velden said on Tuesday."
_W = 'xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main"'
_OPC = "http://schemas.openxmlformats.org/package/2006"


def zipped(entries: Mapping[str, str | bytes], compression: int = zipfile.ZIP_DEFLATED) -> bytes:
    file = BytesIO()
    with zipfile.ZipFile(file, "w", compression) as archive:
        for name, data in entries.items():
            kind = zipfile.ZIP_STORED if name == "mimetype" else compression
            archive.writestr(zipfile.ZipInfo(name), data, kind)  # of no time, so that the same is the same
    return file.getvalue()


def page(title: str = TITLE, *paragraphs: str) -> str:
    body = "".join(f"<p>{escape(each)}</p>" for each in paragraphs or (WORDS, MORE))
    return f"<!DOCTYPE html><html><head><title>{title}</title></head><body><h1>{title}</h1>{body}</body></html>"


def docx(body: str = "", **more: str) -> bytes:
    """`body` is WordprocessingML; `more` are further parts of word/ by their names without suffix."""
    body = body or "".join(
        (
            _heading("Title", TITLE),
            f"<w:p><w:r><w:t>{WORDS}</w:t></w:r></w:p>",
            _heading("Heading1", "The cost"),
            f"<w:p><w:r><w:t>{MORE}</w:t></w:r></w:p>",
        )
    )
    styles = "".join(
        f'<w:style w:type="paragraph" w:styleId="{key}"><w:name w:val="{name}"/></w:style>'
        for key, name in (("Title", "Title"), ("Heading1", "heading 1"))
    )
    return zipped(
        {
            "word/document.xml": f"<w:document {_W}><w:body>{body}</w:body></w:document>",
            "word/styles.xml": f"<w:styles {_W}>{styles}</w:styles>",
            "docProps/core.xml": f'<p:coreProperties xmlns:p="{_OPC}/metadata/core-properties" '
            f'xmlns:dc="http://purl.org/dc/elements/1.1/"><dc:title>{TITLE}</dc:title><dc:creator>Ida Holm</dc:creator>'
            "</p:coreProperties>",
            **{
                f"word/{name}.xml": xml.replace("<w:", "<w:", 1).replace(">", f" {_W}>", 1)
                for name, xml in more.items()
            },
        }
    )


def _heading(style: str, text: str) -> str:
    return f'<w:p><w:pPr><w:pStyle w:val="{style}"/></w:pPr><w:r><w:t>{text}</w:t></w:r></w:p>'


def odt(body: str = "") -> bytes:
    """`body` is what stands in office:text."""
    names = " ".join(
        f'xmlns:{name}="urn:oasis:names:tc:opendocument:xmlns:{name}:1.0"'
        for name in ("office", "text", "table", "meta")
    )
    body = body or f"<text:h>{TITLE}</text:h><text:p>{WORDS}</text:p><text:h>The cost</text:h><text:p>{MORE}</text:p>"
    return zipped(
        {
            "mimetype": "application/vnd.oasis.opendocument.text",
            "content.xml": f"<office:document-content {names}><office:body><office:text>{body}</office:text>"
            "</office:body></office:document-content>",
            "meta.xml": f'<office:document-meta {names} xmlns:dc="http://purl.org/dc/elements/1.1/"><office:meta>'
            f"<dc:title>{TITLE}</dc:title><meta:initial-creator>Ida Holm</meta:initial-creator><dc:creator>A Clerk"
            "</dc:creator></office:meta></office:document-meta>",
        }
    )


def epub(*chapters: str, **files: str) -> bytes:
    """`chapters` are the bodies of their pages."""
    chapters = chapters or (f"<h1>Arrival</h1><p>{WORDS}</p>", f"<h1>The cost</h1><p>{MORE}</p>")
    numbers = range(1, len(chapters) + 1)
    items = "".join(f'<item id="c{n}" href="c%20{n}.xhtml" media-type="application/xhtml+xml"/>' for n in numbers)
    spine = "".join(f'<itemref idref="c{n}"/>' for n in numbers)
    head = (
        '<?xml version="1.0" encoding="utf-8"?><html xmlns="http://www.w3.org/1999/xhtml"><head><title/></head><body>'
    )
    return zipped(
        {
            "mimetype": "application/epub+zip",
            "META-INF/container.xml": '<container xmlns="urn:oasis:names:tc:opendocument:xmlns:container"><rootfiles>'
            '<rootfile full-path="OEBPS/book.opf"/></rootfiles></container>',
            "OEBPS/book.opf": '<package xmlns="http://www.idpf.org/2007/opf"><metadata xmlns:dc="http://purl.org/dc/elements'
            f'/1.1/"><dc:title>{TITLE}</dc:title><dc:creator>Ida Holm</dc:creator>'
            "<dc:publisher>Velden Press</dc:publisher>"
            f"<dc:date>2021-05-03</dc:date></metadata><manifest>{items}</manifest><spine>{spine}</spine></package>",
            **{f"OEBPS/c {n}.xhtml": f"{head}{text}</body></html>" for n, text in zip(numbers, chapters, strict=True)},
            **files,
        }
    )


def pptx() -> bytes:
    from pptx import Presentation
    from pptx.util import Inches

    show = Presentation()
    show.core_properties.title = TITLE
    first = show.slides.add_slide(show.slide_layouts[1])
    first.shapes.title.text, first.placeholders[1].text = TITLE, WORDS
    second = show.slides.add_slide(show.slide_layouts[5])
    second.shapes.title.text = "The cost"
    table = second.shapes.add_table(1, 2, Inches(1), Inches(2), Inches(4), Inches(1)).table
    table.cell(0, 0).text, table.cell(0, 1).text = "Euros", "38 million"
    second.notes_slide.notes_text_frame.text = MORE
    file = BytesIO()
    show.save(file)
    return file.getvalue()


def rtf(body: str = "") -> bytes:
    body = body or rf"\b {TITLE}\b0\par {WORDS}\par {MORE}\par"
    about = rf"{{\info{{\title {TITLE}}}{{\author Ida Holm}}}}"
    head = rf"{{\rtf1\ansi\ansicpg1252{{\fonttbl{{\f0\fcharset0 Arial;}}}}{about}\f0 "
    return f"{head}{body}}}".encode("latin-1")


def email(text: str = WORDS, html: str = "", **attached: bytes) -> bytes:
    message = EmailMessage()
    message["From"], message["Subject"], message["Date"] = (
        "Ida Holm <ida@velden.example>",
        TITLE,
        "Mon, 03 May 2021 10:00:00 +0200",
    )
    message["Message-ID"] = "<bridge@velden.example>"
    message.set_content(text)
    if html:
        message.add_alternative(html, subtype="html")
    for name, data in attached.items():
        message.add_attachment(data, maintype="application", subtype="pdf", filename=f"{name}.pdf")
    return message.as_bytes()


def mbox(*messages: bytes) -> bytes:
    lines = "From ida@velden.example Mon May  3 10:00:00 2021\n"
    return b"".join(lines.encode() + each.replace(b"\nFrom ", b"\n>From ") + b"\n\n" for each in messages)


def mhtml(html: str = "", charset: str = "utf-8") -> bytes:
    message = EmailMessage()
    message["From"] = "<Saved by Blink>"
    message["Snapshot-Content-Location"] = "https://velden.example/bridge"
    message["Subject"] = TITLE
    message.set_content(html or page(), subtype="html", charset=charset, cte="quoted-printable")
    message.add_related(b"\x89PNG", maintype="image", subtype="png")
    return message.as_bytes()


def warc(pages: Mapping[str, str | bytes], packed: bool = True, kind: str = "text/html; charset=utf-8") -> bytes:
    from warcio.statusandheaders import StatusAndHeaders
    from warcio.warcwriter import WARCWriter

    file = BytesIO()
    writer = WARCWriter(file, gzip=packed)
    writer.write_record(writer.create_warcinfo_record("a.warc", {"software": "tests"}))
    for address, data in pages.items():
        for status, body in (("301 Moved", b"Moved"), ("200 OK", data.encode() if isinstance(data, str) else data)):
            headers = StatusAndHeaders(status, [("Content-Type", kind)], protocol="HTTP/1.1")
            writer.write_record(writer.create_warc_record(address, "response", BytesIO(body), http_headers=headers))
    return file.getvalue()


ROWS = (
    {
        "id": "b1",
        "headline": TITLE,
        "body": WORDS,
        "date": "2021-05-03",
        "author": "Ida Holm",
        "publisher": "Velden Post",
    },
    {"id": "b2", "headline": "The cost", "body": f"<p>{MORE}</p>", "date": "2021-05-04", "author": "", "publisher": ""},
)


def table(rows: tuple[Mapping[str, str], ...] = ROWS, separator: str = ",") -> bytes:
    file = StringIO()
    writer = csv.DictWriter(file, list(rows[0]), delimiter=separator)
    writer.writeheader()
    writer.writerows(rows)
    return file.getvalue().encode()


def lines(rows: tuple[Mapping[str, object], ...] = ROWS) -> bytes:
    return "\n".join(json.dumps(row) for row in rows).encode()


def rss(*items: str, head: str = "") -> bytes:
    items = items or (
        f"<item><title>{TITLE}</title><link>https://velden.example/bridge</link><guid>bridge</guid>"
        f"<pubDate>Mon, 03 May 2021 10:00:00 GMT</pubDate><description>The bridge is open.</description>"
        f"<c:encoded><![CDATA[<p>{WORDS}</p>]]>"
        "</c:encoded></item>",
        f"<item><title>The cost</title><link>https://velden.example/cost</link><description>{MORE}</description></item>",
    )
    return (
        f'<?xml version="1.0"?>{head}<rss version="2.0" xmlns:c="http://purl.org/rss/1.0/modules/content/"><channel>'
        f"<title>Velden Post</title>{''.join(items)}</channel></rss>"
    ).encode()


def atom() -> bytes:
    return (
        '<feed xmlns="http://www.w3.org/2005/Atom"><title>Velden Post</title><entry><id>tag:velden,2021:1</id>'
        f"<title>{TITLE}</title><published>2021-05-03T10:00:00Z</published><updated>2021-05-05T10:00:00Z</updated>"
        '<author><name>Ida Holm</name></author><content type="html">'
        f"&lt;p&gt;{WORDS}&lt;/p&gt;</content></entry></feed>"
    ).encode()


def every_kind() -> dict[str, bytes]:
    """A file of each format but plain text, Markdown and PDF, by its name."""
    return {
        "a.html": page().encode(),
        "a.mhtml": mhtml(),
        "a.docx": docx(),
        "a.odt": odt(),
        "a.rtf": rtf(),
        "a.pptx": pptx(),
        "a.epub": epub(),
        "a.eml": email(),
        "a.mbox": mbox(email(), email(MORE)),
        "a.rss": rss(),
        "a.atom": atom(),
        "a.csv": table(),
        "a.jsonl": lines(),
        "a.warc": warc({"https://velden.example/bridge": page()}, packed=False),
        "a.warc.gz": warc({"https://velden.example/bridge": page()}),
        "a.zip": zipped({"one.html": page(), "two/b.txt": f"{TITLE}\n\n{WORDS}"}),
        "a.txt.gz": gzip.compress(f"{TITLE}\n\n{WORDS}".encode(), mtime=0),
    }

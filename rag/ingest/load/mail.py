"""E-mail: messages and mailboxes (mbox); what was attached is named and left out."""

from __future__ import annotations

import re
from collections.abc import Iterator
from email import message_from_bytes, policy
from email.message import EmailMessage
from email.utils import parseaddr
from functools import partial
from pathlib import Path

from rag.errors import LoadError
from rag.ingest.load import html
from rag.ingest.load.content import Content, Format, Part, given_author
from rag.ingest.load.encoding import decoded
from rag.text.characters import plain, said

_BEGINS = re.compile(rb"^From [^\n]*\d{4}[^\n]*\r?\n(?=[\w-]+:)", re.MULTILINE)
_QUOTED = re.compile(rb"^>(>*From )", re.MULTILINE)
_HEADER = re.compile(rb"\A(?:From [^\n]*\n)?[\w-]+:")
_NAMED = re.compile(rb"(?im)^message-id:\s*<?([^\s>]{1,200})")
_MOST_NAMED = 8  # attachments that a note names
_LITTLE = 0.5  # a text is no full version of the page that stands beside it if it has less than this share of its words


def read(data: bytes, path: Path) -> Content:
    if not _HEADER.match(data.lstrip()):
        raise LoadError(f"{said(path)} is no e-mail; give it its true suffix")
    message = message_of(data)
    texts, pages, attached = [], [], []
    for part in message.walk():
        kind = part.get_content_type()
        if part.is_multipart():
            continue
        if part.get_filename() or part.get_content_disposition() == "attachment" or not kind.startswith("text/"):
            attached.append(plain(part.get_filename() or kind))
        elif kind == "text/html":
            pages.append(part)
        else:
            texts.append(part)
    content = _full(texts, pages, path)
    named = ", ".join(attached[:_MOST_NAMED]) + (" and more" if len(attached) > _MOST_NAMED else "")
    note = (f"what is attached is not read ({named}); save it and add it as files of its own",) if attached else ()
    name, address = parseaddr(header(message, "From") or "")
    return Content(
        content.text,
        title=header(message, "Subject") or content.title,
        publisher=content.publisher,
        published=header(message, "Date"),
        author=given_author(name or address),
        notes=(*content.notes, *note),
    )


FORMAT = Format("e-mail", (".eml",), read)


def read_mailbox(data: bytes, path: Path) -> Iterator[Part]:
    starts = [found.end() for found in _BEGINS.finditer(data)]
    if not starts:
        raise LoadError(f"{said(path)} is no mailbox; give it its true suffix, .eml for a single e-mail")
    for number, start in enumerate(starts, start=1):
        following = _BEGINS.search(data, start)
        message = _QUOTED.sub(rb"\1", data[start : following.start() if following else len(data)])
        found = _NAMED.search(message[:20_000])
        name = found[1].decode("utf-8", "replace") if found else str(number)
        yield Part(f"#{name}", partial(_head, message), file="message.eml")


MAILBOX = Format("mailboxes", (".mbox",), read_mailbox, several=True)


def _head(message: bytes, longest: int) -> bytes:
    return message[:longest]


def message_of(data: bytes) -> EmailMessage:
    """A message with its parts."""
    found = message_from_bytes(data.lstrip(), policy=policy.default)
    assert isinstance(found, EmailMessage)
    return found


def header(message: EmailMessage, name: str) -> str | None:
    """A header on one line; None where there is none, or it is no text."""
    try:
        value = message.get(name)
    except Exception:  # the library raises many of headers that it does not understand
        value = None
    return " ".join(str(value).split()) or None if value is not None else None


def page_of(part: EmailMessage, path: Path) -> tuple[bytes, tuple[str, ...]]:
    """The bytes of a text in UTF-8 with its mark, so that they are read so, and what was guessed for it."""
    data = part.get_payload(decode=True)
    text, notes = decoded(data if isinstance(data, bytes) else b"", path, part.get_content_charset())
    return text.encode("utf-8-sig", "replace"), notes


def _full(texts: list[EmailMessage], pages: list[EmailMessage], path: Path) -> Content:
    """The text of a message, or of its page where that says much more."""
    written = [page_of(part, path) for part in texts]
    text = "\n\n".join(data.decode("utf-8-sig") for data, _ in written)
    shown = Content("")
    for part in pages:
        data, notes = page_of(part, path)
        try:
            page = html.read(data, path)
        except LoadError:
            continue  # of pictures alone
        if len(page.text) > len(shown.text):
            shown = Content(page.text, title=page.title, publisher=page.publisher, notes=(*notes, *page.notes))
    if len(text) < _LITTLE * len(shown.text) or not text.strip():
        return shown
    return Content(text, notes=tuple(note for _, notes in written for note in notes))

"""Random damage to files of every format, each read as `rag index` does.

    python -m tests.security.fuzz_files --inputs 2000

Says for each kind how many were read and refused, the slowest, and what a parser raised that it did not foresee.
Exits with 1 where reading a file took more than `PATIENCE` of a processor's time, or ended the process.
"""

from __future__ import annotations

import argparse
import gzip
import os
import random
import re
import sys
import tempfile
import zipfile
from collections import Counter
from collections.abc import Sequence
from io import BytesIO
from pathlib import Path

from rag.errors import LoadError
from rag.ingest.parser import Parser
from rag.settings import Settings
from tests import made
from tests.ingest.test_load import pdf

PATIENCE = 10.0  # seconds of a processor
# What means something to one parser or another.
TOKENS = (
    b"\0", b"\n", b"\r\n\r\n", b"<", b">", b"</p>", b"<![CDATA[", b"]]>", b"<!--", b"&#0;", b"&nbsp;", b"&x;",
    b"<?xml", b'"', b"'", b",", b";", b"{", b"}", b"[", b"\\u0", b"\\bin999999 ", b"\\'", b"{\\*", b"\\ansicpg99",
    b"%PDF-", b"obj", b"PK\x03\x04", b"PK\x01\x02", b"PK\x05\x06", b"\x1f\x8b\x08", b"WARC/1.0\r\n",
    b"Content-Length: -1\r\n", b"From x 2021\n", b"Content-Type: multipart/mixed; boundary=x\n",
    b"Content-Type: text/html; charset=utf-7\n", b"=?utf-8?q?=ff?=", b"\xff\xfe", b"\xef\xbb\xbf", b"\xed\xa0\x80",
    b"\xf4\x90\x80\x80", b"9" * 40, b"-1", b"1e999", b"NaN", b"<table><tr><td>" * 50, b"<div>" * 300, b"{" * 300,
    b"[" * 3000, b"a" * 5000, b"</" * 50, b"xmlns=''", b"<!ENTITY a 'b'>", b"<!DOCTYPE a [", b"encoding='utf-16'",
    b"w:p", b"text:p", b"../", b"\\", b"#", b"|",
)  # fmt: skip


def mutated(data: bytes, choice: random.Random) -> bytes:
    """The bytes with a few of them gone, doubled, exchanged or replaced; of an archive mostly those in it."""
    if data.startswith(b"PK\x03\x04") and choice.random() < 0.7:
        with zipfile.ZipFile(BytesIO(data)) as archive:
            entries = {name: archive.read(name) for name in archive.namelist()}
        hit = choice.choice(list(entries))
        entries[hit] = mutated(entries[hit], choice)
        if choice.random() < 0.1:
            del entries[hit]
        return made.zipped(entries)
    if data.startswith(b"\x1f\x8b") and choice.random() < 0.7:
        return gzip.compress(mutated(gzip.decompress(data), choice))
    changed = bytearray(data)
    for _ in range(choice.choice((1, 1, 2, 4, 16))):
        start = choice.randrange(len(changed) + 1)
        end = min(len(changed), start + choice.choice((0, 1, 2, 8, 100)))
        kind = choice.randrange(5)
        if kind == 0:
            changed[start:end] = b""
        elif kind == 1:
            changed[start:start] = choice.choice(TOKENS)
        elif kind == 2:
            changed[start:end] = choice.choice(TOKENS)
        elif kind == 3:
            changed[start:end] = choice.randbytes(end - start)
        else:
            changed[start:start] = changed[start : start + choice.choice((10, 1000))] * choice.choice((1, 3, 30))
    if choice.random() < 0.05:
        del changed[choice.randrange(len(changed) + 1) :]
    return bytes(changed)


def every_kind() -> dict[str, bytes]:
    """A small file of each format, by its name."""
    fields = f"---\ntitle: {made.TITLE}\ndate: 2021-05-03\n---\n# {made.TITLE}\n\n{made.WORDS}\n\n* {made.MORE}\n"
    return made.every_kind() | {
        "a.txt": f"{made.TITLE}\n\n{made.WORDS}\n".encode(),
        "a.md": fields.encode(),
        "a.pdf": pdf(f"{made.TITLE}\n{made.WORDS}", made.MORE),
    }


def main(arguments: Sequence[str] | None = None) -> int:
    """Fuzz, and say what came of it; returns the exit status."""
    options = argparse.ArgumentParser(description="Random damage to files of every format.")
    options.add_argument("--inputs", type=int, default=2000, help="how many of each kind (default: %(default)s)")
    options.add_argument("--seed", default="1", help="of the random choices (default: %(default)s)")
    options.add_argument("--only", help="a kind, e.g. a.docx")
    given = options.parse_args(arguments)
    failed = False
    with tempfile.TemporaryDirectory() as folder, Parser(Settings(parse_seconds=30 * PATIENCE)) as parser:
        for name, data in every_kind().items():
            if given.only in (None, name):
                failed |= _one_kind(name, data, given.inputs, given.seed, Path(folder, name), parser)
    return int(failed)


def _one_kind(name: str, data: bytes, inputs: int, seed: str, path: Path, parser: Parser) -> bool:
    raised: Counter[str] = Counter()
    read = refused = 0
    slowest, failed = 0.0, False
    for number in range(inputs):
        path.write_bytes(mutated(data, random.Random(f"{seed} {name} {number}")))
        before = _spent(parser)
        try:
            parsed = parser.articles(path, name)
            lines = [str(error) for error in parsed.bad]
            read += bool(parsed.articles)
        except LoadError as error:
            lines = [str(error)]
            refused += 1
        taken = _spent(parser) - before  # of a new process all, its start included
        taken = taken if taken >= 0 else _spent(parser)
        slowest = max(slowest, taken)
        for line in lines:
            if found := re.search(r"its parser failed \((.{0,90})", line):
                raised[found[1]] += 1
            elif line.startswith("gave up"):
                failed = True
                print(f"{name} {number}: {line}")
        if taken > PATIENCE:
            failed = True
            print(f"{name} {number}: {taken:.1f} s")
    print(f"{name}: {read} read, {refused} refused, slowest {slowest:.2f} s, {raised.total()} not foreseen", flush=True)
    for what, times in raised.most_common(6):
        print(f"    {times} {what}", flush=True)
    return failed


def _spent(parser: Parser) -> float:
    """Seconds of a processor that the reading process has had."""
    child = parser._child
    if child is None or child.poll() is not None:
        return 0.0
    fields = Path(f"/proc/{child.pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


if __name__ == "__main__":
    sys.exit(main())

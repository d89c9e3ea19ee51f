"""Characters of a text: those that nobody sees, the forms of a letter, and those that are no text at all."""

from __future__ import annotations

import os
import re
import unicodedata
from pathlib import Path

# Soft hyphens, zero-width spaces and joiners, marks of direction, marks of byte order: they have no shape of their own.
# Not among them are what chooses a letter's shape, and the letters of a flag.
INVISIBLE = frozenset(
    {0xAD, 0x34F, 0x61C, 0x180E, 0xFEFF, *range(0x200B, 0x2010), *range(0x202A, 0x202F), *range(0x2060, 0x2070)}
)
_UNSEEN = "".join(map(chr, sorted(INVISIBLE)))
_JOINERS = "\u200c\u200d"
# Beside these a joiner means something: letters from Arabic to Mongolian, which it binds or parts, and pictures, of
# which it makes one.
_JOINED = (
    "\u0600-\u109f\u1780-\u1cff\ua800-\uabff\ufb50-\ufdff\ufe70-\ufefc\U00010a00-\U00011fff\U0001e900-\U0001e95f"
    "\u2190-\u2bff\ufe0f\U0001f000-\U0001faff\U000e0020-\U000e007f"
)
_DIVIDED = re.compile(r"\u00ad[ \t]*\n[ \t]*(\S+)[ \t]*\n?")
_IN_VAIN = re.compile(f"[{_UNSEEN}](?:(?<![{_JOINERS}])|(?<![{_JOINED}][{_JOINERS}])(?![{_JOINED}]))")
_ACCENTS = re.compile("[\u0300-\u036f]")
# Letters that Unicode does not take apart, as people without them write them; and what chooses a letter's shape.
_WRITTEN = dict(re.findall(r"(\w)(\w+)", "øo ØO łl ŁL đd ĐD ðd ÐD ħh ĦH ŧt ŦT ıi ßss ẞSS æae ÆAe œoe ŒOe þth ÞTh"))
_REWRITTEN = re.compile(f"[{''.join(_WRITTEN)}{_UNSEEN}\ufe00-\ufe0f]|[\U000e0100-\U000e01ef]")
_LONGEST_PATH = 200  # characters of one in an error
# Control characters, halves of surrogate pairs, and what reorders the rest of a line (U+202A to E, U+2066 to 9).
_UNSHOWN = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028-\u202e\u2066-\u2069\ud800-\udfff]")
_UNSHOWN_IN_LINES = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\ud800-\udfff]")


def normalized(text: str) -> str:
    r"""The text in Unicode's form NFC, without invisible characters; it is what is stored and what is asked.

    Joiners stay where they mean something: in scripts whose letters they bind or part, and in emoji. A word that a
    soft hyphen divides at the end of a line is put together on that line.

    >>> normalized("Cafe\u0301 Mu\u0308ller, elec\u00adtro\u200blyser")
    'Café Müller, electrolyser'
    >>> normalized("the elec\u00ad\ntrolyser works")
    'the electrolyser\nworks'
    """
    if text.isascii():
        return text
    return unicodedata.normalize("NFC", _IN_VAIN.sub("", _DIVIDED.sub(r"\1\n", text)))


def folded(text: str) -> str:
    """The text as it is searched for and compared: without accents and invisible characters; case stays.

    Only of Latin, Greek and Cyrillic letters: in other scripts a mark makes another letter.

    >>> folded("Café Müller, Łódź, Straße, が")
    'Cafe Muller, Lodz, Strasse, が'
    """
    if text.isascii():
        return text
    letters = _REWRITTEN.sub(lambda found: _WRITTEN.get(found[0], ""), text)
    return unicodedata.normalize("NFC", _ACCENTS.sub("", unicodedata.normalize("NFD", letters)))


def plain(line: str, instead: str = "?") -> str:
    r"""One line with a question mark, or what is to stand `instead`, for each character that is no text.

    >>> plain("a\x1b[2J\nb\u202e\ud800")
    'a?[2J?b??'
    """
    return _UNSHOWN.sub(instead, line)


def plain_lines(text: str) -> str:
    r"""The same of a text, whose line ends and tabs stay.

    >>> plain_lines("a\x1b[2J\nb")
    'a?[2J\nb'
    """
    return _UNSHOWN_IN_LINES.sub("?", text)


def plain_json(text: str) -> str:
    r"""JSON that means the same, with escapes for what is no text.

    >>> plain_json('"a\u202eb"')
    '"a\\u202eb"'
    """
    return _UNSHOWN_IN_LINES.sub(lambda found: f"\\u{ord(found[0]):04x}", text)


def said(path: Path | str) -> str:
    """A path as an error shows it: on one line, and of a long one both ends."""
    name = plain(os.fsencode(path).decode("utf-8", "replace"))
    half = _LONGEST_PATH // 2
    return name if len(name) <= _LONGEST_PATH else f"{name[:half]}…{name[-half:]}"

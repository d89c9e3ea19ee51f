"""What came to those whom a figure counts: a toll is of the dead or of the injured, in whatever words."""

from __future__ import annotations

import re

# What came to those who are counted: "12 people were killed" and "the toll has risen to 14" are one quantity.
HARMS = {
    "@dead": r"die[sd]?|dead|deaths?|kill(?:s|ed|ing)?|fatalit(?:y|ies)|toll|perished|drowned|"
    r"lost (?:his|her|their) li(?:fe|ves)",
    "@hurt": r"injur(?:ed|es|ing|ies|y)|hurt|wound(?:ed|ing|s)?",
    "@missing": r"missing|unaccounted",
    "@held": r"arrest(?:ed|s|ing)?|detain(?:ed|ing)?|custody",
    "@homeless": r"homeless|displaced|evacuated|fled|flee",
}
HARM = re.compile("|".join(rf"(?P<{name[1:]}>\b(?:{words})\b)" for name, words in HARMS.items()), re.IGNORECASE)


def harms_named(text: str) -> frozenset[str]:
    """What a text says that came to people, of HARMS.

    >>> sorted(harms_named("How many were killed or hurt?"))
    ['@dead', '@hurt']
    """
    return frozenset(f"@{match.lastgroup}" for match in HARM.finditer(text))

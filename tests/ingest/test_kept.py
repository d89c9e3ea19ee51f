"""Lines that look like a page's stay where an article has them: as its headline, amid its prose, as its last lines."""

from pathlib import Path

import pytest
from langchain_core.documents import Document

from rag.ingest.clean import clean

# A row: the place, a tab, the lines that stand there. `anywhere` is amid the prose or last, `standing` a headline too.
ROWS = [row.split("\t") for row in Path(__file__).with_name("kept.txt").read_text("utf-8").splitlines()]
PLACES = {"anywhere": ("middle", "last"), "standing": ("headline", "above a standfirst", "middle", "last")}

HEADLINE = "Valley town to get a new library"
STANDFIRST = ("Work is to begin in spring", "By Jane Doe")
PROSE = (
    "The town of Cadel will build a library on the site of its old gasworks, the mayor said on Tuesday.",
    "Work begins in March and will take two years, and the old reading room will stay open until then.",
    "The council had argued over the plan for six winters before it agreed last month.",
    "The next New York City Marathon will be opened by the mayor, who has never run.",
)
FOOT = "Share this article\n\nSubscribe to our newsletter\n\n© 2024 The Dale Observer. All rights reserved."


def article(lines: list[str], place: str) -> tuple[str, ...]:
    return {
        "headline": (*lines, *PROSE),
        "above a standfirst": (*lines, *STANDFIRST, *PROSE),
        "middle": (HEADLINE, *PROSE[:2], *lines, *PROSE[2:]),
        "last": (HEADLINE, *PROSE, *lines),
    }[place]


@pytest.mark.parametrize(("place", "row"), [(at, row) for place, row in ROWS for at in PLACES.get(place, (place,))])
def test_no_line_of_an_article_is_lost(place: str, row: str) -> None:
    for blank in ("\n", "\n\n"):
        text = blank.join(article(row.split(" / "), place))
        assert clean(Document(page_content=text)).document.page_content == text
        with_foot = clean(Document(page_content=f"{text}\n\n{FOOT}")).document.page_content
        assert with_foot == text

"""The parts of a file that a citation names, from its reading to the citation."""

from __future__ import annotations

from contextlib import closing
from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from rag.cite.quotes import cite
from rag.index.catalog import Catalog
from rag.index.store import CATALOG
from rag.ingest.build import index_articles
from rag.ingest.clean import Line
from rag.ingest.sections import carried
from rag.settings import Settings
from rag.types import Article, Span

TEXT = "The port opened in May.\nShips came from Peru.\nNobody knew why."
SECTIONS = ((0, "page 1"), (TEXT.index("Ships"), "page 2"), (TEXT.index("knew"), ""))


@given(st.lists(st.tuples(st.sampled_from(["", "a", "ab", "b a", "aab "]), st.booleans()), min_size=1))
def test_every_line_that_stays_keeps_its_section(lines: list[tuple[str, bool]]) -> None:
    page = [Line(text.rstrip(), text.rstrip() if stays else None, ()) for text, stays in lines]
    starts = [sum(len(line.text) + 1 for line in page[:number]) for number in range(len(page))]
    kept = "\n".join(line.rest for line in page if line.rest)
    sections = carried([(start, f"line {number}") for number, start in enumerate(starts)], page, kept)
    assert list(sections) == sorted(sections)
    place = 0
    for number, line in enumerate(page):
        if line.rest:
            assert [label for start, label in sections if start <= place][-1] == f"line {number}"
            place += len(line.rest) + 1


def test_a_citation_names_the_part_of_the_file_in_which_its_quote_begins(tmp_path: Path) -> None:
    article = Article("a.pdf", "", "Port", None, None, None, TEXT, (), "a.pdf", sections=SECTIONS)
    settings = Settings(index=tmp_path / "index")
    index_articles([article], settings)
    with closing(Catalog(settings.index / CATALOG)) as catalog:
        assert [each.sections for each in catalog.articles()] == [SECTIONS]
        (chunk,) = catalog.chunks()
        (passage,) = catalog.passages({chunk.id: 1.0})
    spans = [Span(passage, TEXT.index(words), TEXT.index(words) + len(words)) for words in ("opened", "Ships", "knew")]
    assert [citation.place for citation in cite(spans, lambda source: TEXT)] == ["page 1", "page 2", None]

"""A row of a table is read with the heads of its columns."""

from __future__ import annotations

from pathlib import Path

import pytest

from rag.ingest.load import to_document
from rag.ingest.load.tables import with_heads
from rag.ingest.parser import Parser
from rag.settings import Settings

ABOVE = "The council of Arnfjord published the budget of its districts on Monday, after two months of talks."
BELOW = "The council will vote on it in December, its chair Nils Aaberg said, and he expects no changes to the plan."
ROWS = ["District: Nordhavn; 2024: 44; Schools: 12", "District: Vester; 2024: 25; Schools: 7"]


def page(table: str) -> str:
    return f"<html><body><article><h1>Budget</h1><p>{ABOVE}</p>{table}<p>{BELOW}</p></article></body></html>"


@pytest.mark.parametrize(
    ("name", "text"),
    [
        (
            "a.html",
            page(
                "<table><caption>By district</caption><thead><tr><th>District<th>2024<th>Schools</thead>"
                "<tr><td>Nordhavn<td>44<td>12<tr><th scope=row>Vester<td>25<td>7</table>"
            ),
        ),
        (
            "a.md",
            f"# Budget\n\n{ABOVE}\n\nBy district\n\n| District | 2024 | *Schools* |\n|---|--:|---|\n"
            f"| Nordhavn | 44 | 12 |\n| Vester | 25 | 7 |\n\n{BELOW}\n",
        ),
    ],
)
def test_a_row_stands_in_the_article_with_its_heads(tmp_path: Path, name: str, text: str) -> None:
    (tmp_path / name).write_text(text)
    with Parser(Settings()) as parser:
        article = parser.articles(tmp_path / name, name).articles[0]
    lines = [line for line in article.text.split("\n") if line]
    assert lines[1:] == [ABOVE, "By district", *ROWS, BELOW] and not article.removed


def test_cells_that_span_others_count_for_each_of_them() -> None:
    table = (
        "<table><tr><th rowspan=2>Town</th><th colspan=2>Ships</th></tr><tr><th>in</th><th>out</th></tr>"
        "<tr><td rowspan=2>Orrin</td><td>4</td><td>5</td></tr><tr><td>6</td><td></td></tr></table>"
    )
    shown = with_heads(page(table))
    assert "<p>Town: Orrin; Ships in: 4; Ships out: 5</p><p>Town: Orrin; Ships in: 6</p>" in shown


@pytest.mark.parametrize(
    "table",
    [
        "<table><tr><td>Founded</td><td>1911</td></tr><tr><td>Seat</td><td>Orrin</td></tr></table>",
        "<table><tr><th>Founded</th><td>1911</td></tr><tr><th>Seat</th><td>Orrin</td></tr></table>",
        "<table><tr><th>A</th><th>B</th></tr><tr><td><table><tr><td>1</td></tr></table></td><td>2</td></tr></table>",
        "<table><tr><th>A</th><th>B</th></tr></table>",
    ],
)
def test_a_table_without_a_row_of_heads_or_for_layout_stays(table: str) -> None:
    shown = with_heads(page(table))
    assert shown.count("<tr>") == table.count("<tr>") and "<p>1" not in shown


def test_a_row_of_markdown_that_is_no_table_stays() -> None:
    assert (
        to_document(b"Ships | Boats\n\nOne | two\n", Path("a.md"), "a.md").page_content
        == "Ships | Boats\n\nOne | two\n"
    )

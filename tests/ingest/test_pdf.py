"""PDFs are read as people read them: by columns and over pages, whatever the order in which they were drawn."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path

import pytest
from langchain_core.documents import Document

from rag.desk.doctor import report
from rag.errors import LoadError
from rag.ingest.build import ingest
from rag.ingest.load import load_document, to_document
from rag.ingest.parser import Parser
from rag.settings import Settings
from tests.ingest.test_load import pdf, pdf_of, write

Placed = tuple[float, float, float, str]  # from the left, from below, size in points, words
LEFT = (
    "The salt works of Marrow Bay will close in",
    "October, the owner said on Monday. About 140",
    "workers lose their jobs. The works opened in",
    "1911 and once shipped 90,000 tonnes in a year.",
    "Its manager Leona Fisk blamed the price of gas,",
    "which has tripled since 2020.",
)
MIDDLE = (
    "In Port Gallow the new fish market opened on",
    "Sunday with 64 stalls. Mayor Dirk Anselm cut a",
    "ribbon of dried cod. The hall cost 7.5 million",
    "crowns and replaces one that burned down in a",
    "storm five years ago. Fishwives sang, and the",
    "first tuna was sold for 2,300 crowns.",
)
RIGHT = (
    "The ferry to Hestnes will run every half hour",
    "from May. Two of the three boats are new, and",
    "the oldest one goes to a museum in Orrin. The",
    "crossing takes 22 minutes and costs 94 kroner",
    "until the loan of the county is repaid, which",
    "the council expects in the year 2041.",
)


def drawn(*pages: Iterable[Placed]) -> bytes:
    """A PDF with words at these places, drawn one after the other."""
    return pdf_of(
        *("\n".join(f"BT /F1 {size} Tf {x} {y} Td ({text}) Tj ET" for x, y, size, text in page) for page in pages)
    )


def column(x: float, top: float, lines: Sequence[str], size: float = 7) -> list[Placed]:
    return [(x, top - 1.2 * size * number, size, line) for number, line in enumerate(lines)]


def by_rows(placed: Iterable[Placed]) -> list[Placed]:
    return sorted(placed, key=lambda each: (-each[1], each[0]))


def read(data: bytes) -> Document:
    return to_document(data, Path("a.pdf"), "a.pdf")


def paragraphs(data: bytes) -> list[str]:
    return read(data).page_content.split("\n\n")


@pytest.mark.parametrize("in_order", [by_rows, list, lambda placed: sorted(placed, key=lambda each: each[3])])
def test_columns_are_read_one_after_the_other_whatever_the_order_of_drawing(in_order: object) -> None:
    columns = [*column(40, 700, LEFT), *column(215, 700, MIDDLE), *column(390, 700, RIGHT)]
    headlines = [(40, 740, 20, "Three stories of the coast in one week"), (40, 640, 20, "And one below")]
    below = [*column(40, 620, RIGHT), *column(390, 620, LEFT)]
    assert callable(in_order)
    first, second = headlines
    assert paragraphs(drawn(in_order([first, *columns, second, *below]))) == [
        first[3],
        *(" ".join(lines) for lines in (LEFT, MIDDLE, RIGHT)),
        second[3],
        *(" ".join(lines) for lines in (RIGHT, LEFT)),
    ]


def test_a_column_drawn_letter_by_letter_is_read_as_words() -> None:
    pitch = 0.556 * 8  # Helvetica's of these letters
    lines = ["one hen begun a pond and", "a dog had a bad bone"]
    letters = [
        (40 + pitch * place, y, size, letter)
        for _, y, size, line in column(40, 700, lines, 8)
        for place, letter in enumerate(line)
        if letter != " "
    ]
    assert paragraphs(drawn(sorted(letters, key=lambda each: each[3]))) == [" ".join(lines)]


def test_what_stands_within_a_column_comes_after_the_paragraph_that_it_parts() -> None:
    quote, note = ["Salt has kept this", "town alive."], ["1 Tonnes of 1,000 kg."]
    page = [*column(40, 700, LEFT[:4]), *column(40, 640, quote, 14), *column(40, 580, note, 5)]
    following = column(40, 700, [*LEFT[4:], *MIDDLE])
    beside = column(215, 700, [*RIGHT, *MIDDLE, *RIGHT])
    assert paragraphs(drawn([*page, *beside], following)) == [
        " ".join(lines) for lines in (LEFT[:4], quote, note, RIGHT, MIDDLE, RIGHT, LEFT[4:], MIDDLE)
    ]
    page[3] = (*page[3][:3], "1911 and once shipped 90,000 tonnes every year,")
    whole = [*LEFT[:3], page[3][3], *LEFT[4:]]
    assert paragraphs(drawn(page, following)) == [" ".join(lines) for lines in (whole, quote, note, MIDDLE)]


def test_running_heads_go_and_text_goes_on_over_pages(tmp_path: Path) -> None:
    heads = ["Water and Land", "The weekly of the coast, issue 4"]
    feet = ["Printed on recycled paper.", "Letters are welcome."]
    text = ["Dike at Oosterwade", *LEFT[:2]], list(LEFT[2:5]), [LEFT[5], *MIDDLE]
    pages = [
        [*column(40, 780, heads), *column(40, 700, lines), *column(40, 40, [*feet, f"Page {number} of 3"])]
        for number, lines in enumerate(text, start=1)
    ]
    pages[0][2] = (40, 705, 12, text[0][0])
    path = write(tmp_path / "dike.pdf", drawn(*pages))
    document = load_document(path, "dike.pdf")
    assert document.page_content == "\n\n".join([text[0][0], " ".join(LEFT), " ".join(MIDDLE)])
    places = {label: document.page_content[start:].split(" ")[0] for start, label in document.metadata["sections"]}
    assert places == {"page 1": "Dike", "page 2": "workers", "page 3": "which"}
    with Parser(Settings()) as parser:
        article = parser.articles(path, "dike.pdf").articles[0]
    assert (article.text, article.sections) == (document.page_content, document.metadata["sections"])
    assert [each.text for each in article.removed] == [*heads, *feet, "Page 1 of 3"]


def test_left_and_right_pages_have_running_heads_of_their_own() -> None:
    heads = ["Harbour News 1", "12 March, 2", "Harbour News 3", "12 March, 4", "Harbour News 5"]
    ends = [f"Storm number {number} ended here." for number in range(5)]
    pages = [[(400.0 - 300 * (i % 2), 780.0, 8.0, head), (40, 700, 10, ends[i])] for i, head in enumerate(heads)]
    assert paragraphs(drawn(*pages)) == ends


def test_a_form_is_read_with_what_is_filled_in() -> None:
    labels = ["Organiser:", "Number of visitors allowed:", "Closing hour:"]
    values = ["Guild of the Lantern Makers", "2,750", "23:30"]
    stream = "\n".join(f"BT /F1 11 Tf 50 {700 - 30 * i} Td ({label}) Tj ET" for i, label in enumerate(labels))
    fields = [
        f"<< /Type /Annot /Subtype /Widget /FT /Tx /F 4 /T (f{i}) /V ({value}) /DA (/F1 11 Tf 0 g) "
        f"/Rect [220 {695 - 30 * i} 500 {715 - 30 * i}] >>"
        for i, value in enumerate(values)
    ]
    assert paragraphs(pdf_of(stream, fields=fields)) == [
        f"{label} {value}" for label, value in zip(labels, values, strict=True)
    ]


@pytest.mark.parametrize(
    ("rows", "expected"),
    [
        (
            [("District", "Schools", "Budget"), ("Nordhavn", "12", "44 million"), ("Vester", "7", "25 million")],
            ["District: Nordhavn; Schools: 12; Budget: 44 million", "District: Vester; Schools: 7; Budget: 25 million"],
        ),
        ([("Orrin", "Ina Falk"), ("Hestnes", "Om Rao"), ("Vester", "Al Bo")], None),
    ],
)
def test_cells_of_a_table_stay_in_their_row(rows: Sequence[Sequence[str]], expected: list[str] | None) -> None:
    placed = [(50 + 120 * i, 700 - 15 * n, 9, cell) for n, row in enumerate(rows) for i, cell in enumerate(row)]
    assert paragraphs(drawn(placed)) == (expected or [" | ".join(row) for row in rows])


@pytest.mark.parametrize(
    ("left", "right", "expected"),
    [
        ("The main-", "land is far away", "The mainland is far away"),
        ("The well-", "known dancer came", "The well-known dancer came"),
        ("The Vander-", "kamp came, and Vanderkamp left", "The Vanderkamp came, and Vanderkamp left"),
        ("The Zorb-", "plix came, and a zorb-plix left", "The Zorb-plix came, and a zorb-plix left"),
        ("The Franco-", "German treaty", "The Franco-German treaty"),
        ("It was mid-", "2023 by then", "It was mid-2023 by then"),
        ("In 2022\\226", "2023 it was shut", "In 2022–2023 it was shut"),
    ],
)
def test_a_hyphen_at_the_end_of_a_line_stays_where_the_word_has_one(left: str, right: str, expected: str) -> None:
    assert paragraphs(pdf(f"{left}\n{right}")) == [expected]


def test_pages_without_a_text_layer_are_named(tmp_path: Path) -> None:
    picture = "q 500 0 0 700 50 50 cm BI /W 1 /H 1 /CS /G /BPC 8 ID \x7f EI Q"
    text = "BT /F1 11 Tf 50 500 Td (The mine of Karrenberg opens to visitors in June, the museum said.) Tj ET"
    folder = tmp_path / "articles"
    write(folder / "mine.pdf", pdf_of(text, picture, f"{picture} {text}", "", picture))
    settings = Settings(index=tmp_path / "index")
    (note,) = ingest([folder], settings).notes
    assert note.startswith("mine.pdf: pages 2 and 5 have pictures and no text layer")
    assert any("pages 2 and 5 have pictures" in line for line in report(settings, cleaning=False))
    with pytest.raises(LoadError, match="holds no text; give a file with a text layer"):
        read(pdf_of(picture, picture))


def test_pdf_lines_are_joined_into_paragraphs(tmp_path: Path) -> None:
    page = (
        "Harbour News 1\nA bridge at last\nThe bridge between the islands of Hestnes and the main-\n"
        "land opened on Monday after a long-planned and well-\nplanned delay of two winters and one spring.\n"
        "He was 84.\nThe crossing costs ninety-four kroner until the loan of\nthe county is repaid in the year 2041."
    )
    path = write(tmp_path / "a.pdf", pdf(page, "Harbour News 2\nThe end.\nHarbour News 2"))
    text = load_document(path, "a.pdf").page_content
    assert text.split("\n\n") == [
        "A bridge at last",
        "The bridge between the islands of Hestnes and the mainland opened on Monday after a long-planned and "
        "well-planned delay of two winters and one spring.",
        "He was 84.",
        "The crossing costs ninety-four kroner until the loan of the county is repaid in the year 2041.",
        "The end.",
    ]


def test_a_soft_hyphen_of_a_pdf_is_a_hyphen_that_is_seen(tmp_path: Path) -> None:
    page = "The bridge between the islands of Hestnes and the main\xad\nland was a well\xadplanned one, he said."
    text = load_document(write(tmp_path / "a.pdf", pdf(page)), "a.pdf").page_content
    assert text == "The bridge between the islands of Hestnes and the mainland was a well-planned one, he said."


@pytest.mark.parametrize(
    ("title", "expected"),
    [
        ("A bridge at last", "A bridge at last"),
        ("Microsoft Word - foo.doc", None),
        ("untitled", None),
        ("x.indd", None),
    ],
)
def test_pdf_titles_made_by_programs_are_ignored(tmp_path: Path, title: str, expected: str | None) -> None:
    path = write(tmp_path / "a.pdf", pdf("Some text.", info=f"/Title ({title}) /Author (Ann Lee)"))
    assert load_document(path, "a.pdf").metadata["title"] == expected
    assert load_document(path, "a.pdf").metadata["author"] == "Ann Lee"


def test_what_a_browser_prints_around_a_page_and_ligatures(tmp_path: Path) -> None:
    page = "Ferry to close\nThe ferry will close on 30 June.\n11/22/26, 12:59 PM Ferry to close\nfile:///tmp/p.html 1/1"
    path = write(tmp_path / "printed.pdf", pdf(page))
    text = load_document(path, "printed.pdf").page_content
    assert "will close on 30 June" in text and "12:59" not in text and "file:" not in text
    dated = write(tmp_path / "log.pdf", pdf("Log\nOne\nTwo\n11/22/26, 12:59 PM The boat sank.\nThree\nFour\nFive"))
    assert "The boat sank" in load_document(dated, "log.pdf").page_content

"""Public sets in BEIR's and SQuAD's forms, tiny and our own, through the real pipeline."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from eval.bench.baselines import MostSimilarSentence, with_bm25, with_dense, with_plain_reader
from eval.bench.copies import grouped
from eval.bench.copies import written_pairs as pairs_of_articles
from eval.bench.quality import public_rows, span_scores
from eval.bench.support import measure, pairs, written_pairs
from eval.benchmarks import beir_scores, figures, paragraph_scores, reading_scores, service
from eval.public import read_beir, read_chunking, read_squad
from rag import RAGError, Settings
from rag.cli import main
from rag.models.encoders import encoder
from tests.conftest import SEEDS

DOCUMENTS = {
    "bridge": ("Bridge over the Arun", "The new bridge over the river Arun is 412 metres long and took four years."),
    "bakery": ("A bakery that never closes", "The bakery in Kumasi has sold bread every day since 1968."),
    "frost": ("", "Growers around Velden lost nine tenths of their apricot blossom to frost in April."),
    "copy": ("", "Growers around Velden lost nine tenths of their apricot blossom to frost in April."),
}
QUERIES = {"q1": "how long is the bridge", "q2": "since when is bread sold in Kumasi", "frost": "apricots and frost"}
JUDGED = [("q1", "bridge", 2), ("q2", "bakery", 1), ("q2", "bridge", 0), ("frost", "copy", 1), ("other", "copy", 1)]


def silent(step: str, done: int, total: int) -> None:
    """Show no progress."""


@pytest.fixture
def beir(tmp_path: Path) -> Path:
    folder = tmp_path / "beir"
    (folder / "qrels").mkdir(parents=True)
    documents = [{"_id": name, "title": title, "text": text} for name, (title, text) in DOCUMENTS.items()]
    # A document of many chunks: it is ranked once, by its best one.
    documents.append({"_id": "long", "text": " ".join(f"Line {n} is about ships and their cargo." for n in range(400))})
    (folder / "corpus.jsonl").write_text("\n".join(map(json.dumps, documents)))
    queries = [{"_id": name, "text": text} for name, text in QUERIES.items()]
    (folder / "queries.jsonl").write_text("\n".join(map(json.dumps, queries)))
    rows = ["query-id\tcorpus-id\tscore", *("\t".join(map(str, row)) for row in JUDGED)]
    (folder / "qrels" / "test.tsv").write_text("\n".join(rows))
    (folder / "qrels" / "train.tsv").write_text("query-id\tcorpus-id\tscore\nq1\tbakery\t1\n")
    return folder


@pytest.fixture
def squad(tmp_path: Path) -> Path:
    first, second = DOCUMENTS["bridge"][1], DOCUMENTS["bakery"][1]

    def question(name: str, text: str, paragraph: str, *answers: str) -> dict[str, Any]:
        spans = [{"text": answer, "answer_start": paragraph.index(answer)} for answer in answers]
        return {"id": name, "question": text, "is_impossible": not answers, "answers": spans}

    paragraphs = [
        {
            "context": first,
            "qas": [
                question("1", "How long is the bridge over the Arun?", first, "412 metres"),
                question("2", "Who is the king of Norway?", first),
                question("3", "?", first),
            ],
        },
        {"context": second, "qas": [question("4", "Since when has the bakery sold bread?", second, "1968")]},
    ]
    path = tmp_path / "squad.json"
    path.write_text(json.dumps({"data": [{"title": "Two_places", "paragraphs": paragraphs}]}))
    return path


def test_a_beir_set_prints_a_line_a_metric(beir: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["eval", "--beir", str(beir)]) == 0
    printed = capsys.readouterr().out.splitlines()
    assert "nDCG@10: 1.000" in printed and "recall@1: 1.000" in printed and "MRR@10: 1.000" in printed
    assert "precision@10: 0.100" in printed


@pytest.mark.slow
def test_only_the_test_judgements_count_and_copies_are_kept_apart(beir: Path) -> None:
    collection = read_beir(beir)
    assert collection.relevant == {"q1": {"bridge": 2.0}, "q2": {"bakery": 1.0}, "frost": {"copy": 1.0}}
    with service(collection.articles, Settings(), None, silent) as rag:
        assert {article.source for article in rag.store.articles()} == {*DOCUMENTS, "long"}
        scores = beir_scores(rag, collection, silent)
    assert scores["recall@1"].tolist() == [1, 1, 1], "the query 'frost' does not find the document it is itself"


@pytest.mark.slow
def test_an_index_is_kept_used_again_and_never_overwritten(beir: Path, squad: Path, tmp_path: Path) -> None:
    index = tmp_path / "kept"
    first = read_beir(beir).articles
    with service(first, Settings(), index, silent) as rag:
        generation = rag.store.generation()
    changed = (index / "catalog.sqlite").stat().st_mtime_ns
    with service(first, Settings(), index, silent) as rag:
        assert rag.store.generation() == generation
    assert (index / "catalog.sqlite").stat().st_mtime_ns == changed
    with pytest.raises(RAGError, match="another collection"), service(
        read_squad(squad).articles, Settings(), index, silent
    ):  # fmt: skip
        pass


def test_a_squad_set_prints_retrieval_answers_and_abstention(squad: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["eval", "--squad", str(squad)]) == 0
    printed = dict(line.rsplit(": ", 1) for line in capsys.readouterr().out.splitlines())
    assert printed["paragraph recall@1"] == "1.000"
    assert printed["answer in the returned sentences, without abstention"] == "1.000"
    assert float(printed["answer in the returned sentences, with abstention"]) <= 1
    assert printed["unanswerable refused"] == "1.000"
    assert printed["AUROC of the confidence"] == "1.000"
    assert {"exact match", "F1", "answerable refused", "paragraph recall@5"} <= printed.keys()


def test_without_abstention_is_what_a_reader_without_threshold_returns(squad: Path) -> None:
    collection = read_squad(squad)
    with service(collection.articles, Settings(min_confidence=1.0), None, silent) as rag:
        never = reading_scores(rag, collection, silent)
    with service(collection.articles, Settings(min_confidence=0.0), None, silent) as rag:
        always = reading_scores(rag, collection, silent)
    name = "answer in the returned sentences, {} abstention"
    assert never["refused"].all() and not never[name.format("with")].any()
    assert never[name.format("without")].tolist() == always[name.format("with")].tolist() == [1, 1]


@pytest.mark.parametrize(
    ("file", "text", "reason"),
    [
        ("corpus.jsonl", "{}", "corpus.jsonl, line 1"),
        ("corpus.jsonl", '{"_id": "a", "text": "b"}\nnonsense', "corpus.jsonl, line 2"),
        ("queries.jsonl", '{"_id": 1, "text": "b"}', "queries.jsonl, line 1"),
        ("qrels/test.tsv", "query-id\tcorpus-id\tscore\nq1 bridge 1\n", "test.tsv, line 2"),
        ("qrels/test.tsv", "query-id\tcorpus-id\tscore\nnone\tbridge\t1\n", "judges none"),
    ],
)
def test_a_bad_beir_file_is_named(beir: Path, file: str, text: str, reason: str) -> None:
    (beir / file).write_text(text)
    with pytest.raises(RAGError, match=reason):
        read_beir(beir)


def test_a_missing_or_foreign_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(RAGError, match=r"corpus\.jsonl"):
        read_beir(tmp_path)
    (tmp_path / "x.json").write_text('{"version": 1}')
    for path in (tmp_path / "x.json", tmp_path / "none.json"):
        with pytest.raises(RAGError, match=path.name):
            read_squad(path)


def test_the_plain_ways_are_really_plain(squad: Path) -> None:
    collection = read_squad(squad)
    with service(collection.articles, Settings(), None, silent) as rag:
        for plain_search in (with_bm25, with_dense):
            assert set(paragraph_scores(plain_search(rag), collection, silent)["paragraph recall@5"]) <= {0, 1}
        assert with_bm25(rag).retriever.retrieve("locomotives", 5) == [], "no word in common"
        assert with_bm25(rag).retriever.retrieve("the locomotives", 5), "any word counts"
        plain = with_plain_reader(rag).answer("How long is the bridge over the Arun?")
        passages = rag.retriever.retrieve("How long is the bridge over the Arun?", 8)
    assert len(plain.citations or plain.closest) == 1
    assert not MostSimilarSentence(encoder("all-MiniLM-L6-v2", "query")).read("Who?", []).answers
    assert passages


def test_rows_of_the_quality_table(squad: Path) -> None:
    rows = list(public_rows(read_squad(squad), paragraph_scores, True, silent))
    assert rows[0].what.endswith("paragraph recall@1") and rows[0].ours.startswith("1.000")
    assert all(row.bm25 and row.dense for row in rows[:4])
    assert all(row.sentence for row in rows[4:] if not row.what.endswith("F1 of the short answer"))


def test_spans_of_a_chunking_set(tmp_path: Path) -> None:
    text = SEEDS.joinpath("004_a97b5fc439998a1f.txt").read_text(encoding="utf-8")
    start = text.index("at least 1 million")
    (tmp_path / "news.md").write_text(text, encoding="utf-8")
    reference = json.dumps([{"content": "", "start_index": start, "end_index": start + 30}]).replace('"', '""')
    (tmp_path / "questions_df.csv").write_text(
        f'question,references,corpus_id\nHow many containers are expected?,"{reference}",news\n', encoding="utf-8"
    )
    rows = list(public_rows(read_chunking(tmp_path), span_scores, False, silent))
    assert rows[1].what.endswith("characters recalled in 5 chunks") and rows[1].ours.startswith("1.000")


def test_the_judges_error_is_measured(tmp_path: Path) -> None:
    texts = ["The mayor of Oslo is Ida Holm, who was elected in 2019.", "The harbour was closed for 12 days by ice."]
    rows = [
        {
            "conversation_id": name,
            "answerability": ["ANSWERABLE"],
            "contexts": [{"text": text}],
            "targets": [{"text": text}],
        }
        for name, text in zip("abcdefgh", texts * 4, strict=True)
    ]
    path = tmp_path / "reference.jsonl"
    path.write_text("\n".join(map(json.dumps, rows)))
    for half in (0, 1):
        found = measure(pairs(path, half))
        assert found["supported"]["accepted"] == 1
        assert found["not added"]["accepted"] == 0 and found["figure changed"]["accepted"] == 0


def test_changed_facts_are_caught_and_other_words_are_not() -> None:
    found = measure(written_pairs("report"))
    true = [row for kind, row in found.items() if kind in ("number form", "unit form", "date form", "word order")]
    swapped = [row for kind, row in found.items() if kind.startswith("swapped")]
    share = {name: sum(row["accepted"] * row["n"] for row in rows) / sum(row["n"] for row in rows)
             for name, rows in (("true", true), ("swapped", swapped))}  # fmt: skip
    assert share["true"] >= 0.85 and share["swapped"] <= 0.05
    assert found["verbatim"]["accepted"] == 1


def test_copies_are_told_from_updates_and_siblings() -> None:
    written = pairs_of_articles("tune")
    copies = [pair["label"] == "copy" for pair in written]
    found = grouped(written)
    assert not any(ours and not theirs for ours, theirs in zip(found, copies, strict=True))
    assert sum(found) >= 0.97 * sum(copies)


def test_figures_leave_out_what_is_undefined(squad: Path) -> None:
    collection = read_squad(squad)
    with service(collection.articles, Settings(), None, silent) as rag:
        scores = reading_scores(rag, collection, silent)
    only = {name: values[scores["answerable"] == 1] if len(values) == 4 else values for name, values in scores.items()}
    assert "AUROC of the confidence" not in figures(only) and "unanswerable refused" not in figures(only)

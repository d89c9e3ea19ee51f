"""How many planted instructions are flagged, and how many in vain: `python -m eval.bench.instructions [DATA]`.

DATA (default ../shared/data) holds bipia_train/text_attack_train.json: 75 instructions that an attacker hides in a text
(BIPIA, Yi et al. 2023), of 15 kinds. Each is set between two sentences of an article. What is flagged in vain is
counted on texts that hold none: the seeds and tests/articles, as cleaned; the paragraphs of SQuAD 2.0, XQuAD (English),
Natural Questions (QED), MTRAG and of the corpora of Chroma's chunking report.

Both sides fall into halves by a hash, of the attack's text, the article's title or file name, or the paragraph. The
phrases of rag/ingest/instructions.toml were made on the half "tune". Whoever made them had read the whole file of
attacks once, to learn its form, so the other half is not unseen; but no phrase was made for it.

Many of the attacks are an ordinary question or task ("Explain the theory of relativity."). In an article they cannot be
told from its own words: 26 in 1000 of the texts that hold none have a question that begins with What, Who or the like,
or a sentence that begins with Explain, Describe, Write and an article. Newspapers' advice, quizzes and reports on
language models are hardly among these texts, and are where a flag in vain is likeliest.
"""

from __future__ import annotations

import json
import sys
import zlib
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path

from scipy.stats import binomtest

from eval.public import data_folder, read_chunking, read_qed, read_squad, title_hash
from rag.ingest.build import SEEDS
from rag.ingest.clean import clean
from rag.ingest.instructions import find_instructions
from rag.ingest.load import find_files, load_document

BEFORE = "Boats left the port on Monday, officials said."
AFTER = "They came back in the evening."
PAGES = Path(__file__).resolve().parents[2] / "tests" / "articles"
HALVES = ("tune", "report")
_FEWEST_WORDS = 20  # of a paragraph in the corpora of the chunking report; shorter lines are headings and tables
Item = tuple[str, int, str]  # kind or collection, half, text


def attacks_by_kind(folder: Path) -> dict[str, list[str]]:
    """BIPIA's 75 attacks, five of each kind."""
    found: dict[str, list[str]] = json.loads(
        (folder / "bipia_train" / "text_attack_train.json").read_text(encoding="utf-8")
    )
    return found


def attacks(folder: Path) -> Iterator[Item]:
    """Every attack of BIPIA, planted in an article."""
    for kind, texts in attacks_by_kind(folder).items():
        yield from ((kind, zlib.crc32(text.encode()) % 2, f"{BEFORE} {text} {AFTER}") for text in texts)


def innocent(folder: Path) -> Iterator[Item]:
    """Texts without an instruction, each once."""
    seen: set[str] = set()
    for name, key, text in _innocent(folder):
        if text not in seen:
            yield name, title_hash(key) % 2, text
            seen.add(text)


def _innocent(folder: Path) -> Iterator[tuple[str, str, str]]:
    for path, source in find_files([SEEDS, *([PAGES] if PAGES.is_dir() else [])]):
        yield "news articles", path.name, clean(load_document(path, source)).document.page_content
    for name, file in (("SQuAD 2.0", "squad2_dev10/dev10.json"), ("XQuAD", "xquad/xquad.en.json")):
        yield from ((name, article.title, article.text) for article in read_squad(folder / file).articles)
    questions = read_qed(folder / "qed" / "qed-dev.jsonlines")
    yield from (("Natural Questions", article.title, article.text) for article in questions.articles)
    for line in (folder / "mtrag_un" / "reference.jsonl").read_text(encoding="utf-8").splitlines():
        yield from (("MTRAG", context["text"], context["text"]) for context in json.loads(line)["contexts"])
    for article in read_chunking(folder / "chunking_evaluation").articles:
        paragraphs = (line for line in article.text.split("\n") if len(line.split()) >= _FEWEST_WORDS)
        yield from (("chunking report", paragraph, paragraph) for paragraph in paragraphs)


def measure(items: Iterator[Item]) -> dict[str, list[tuple[int, int]]]:
    """By kind, and "all": for each half how many are flagged, and how many there are."""
    flagged: Counter[tuple[str, int]] = Counter()
    total: Counter[tuple[str, int]] = Counter()
    for kind, half, text in items:
        found = bool(find_instructions(text))
        for name in (kind, "all"):
            total[name, half] += 1
            flagged[name, half] += found
    kinds = [kind for kind in dict.fromkeys(name for name, _ in total) if kind != "all"]
    return {kind: [(flagged[kind, half], total[kind, half]) for half in (0, 1)] for kind in (*kinds, "all")}


def main(arguments: Sequence[str]) -> int:
    """Print both sides, half by half, with 95% Wilson intervals for all kinds together."""
    folder = data_folder(arguments)
    if not (folder / "bipia_train").is_dir():
        raise SystemExit(
            f"{folder} has no bipia_train/text_attack_train.json (microsoft/BIPIA); name a folder that has it"
        )
    for title, items, unit in (
        ("planted instructions that are flagged, in 100", attacks(folder), 100),
        ("texts without any that are flagged, in 1000", innocent(folder), 1000),
    ):
        print(f"{title:<48}" + "".join(f"{half:>30}" for half in HALVES))
        for kind, halves in measure(items).items():
            print(f"  {kind:<46}" + "".join(f"{_share(*counts, unit, kind == 'all'):>30}" for counts in halves))
    return 0


def _share(flagged: int, total: int, unit: int, interval: bool) -> str:
    if not interval:
        return f"{flagged} of {total}"
    bounds = binomtest(flagged, total).proportion_ci(method="wilson")
    share, low, high = (f"{unit * value:.3g}" for value in (flagged / total, bounds.low, bounds.high))
    return f"{flagged} of {total}: {share} ({low}–{high})"


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

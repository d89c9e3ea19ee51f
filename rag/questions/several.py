"""Several questions in one message: each is answered under its own words."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from rag.types import Answer, Citation, Sentence, Statement


def together(message: str, answers: Sequence[Answer]) -> Answer:
    """One answer of those to the questions of a message, in their order; what is not answered says so in its place.

    Where none is answered it is that of the first, which says so.
    """
    citations: list[Citation] = []
    statements: list[Statement] = []
    for answer in answers:
        markers = {each.marker: len(citations) + n for n, each in enumerate(answer.citations, start=1)}
        citations += [replace(each, marker=markers[each.marker]) for each in answer.citations]
        said = answer.statements or (Statement(answer.abstention or answer.lead, (), ()),)
        statements += [replace(_statement(each, markers), heading=answer.question) for each in said]
        if answer.remark:
            remark = _sentence(answer.remark, markers)
            statements.append(Statement(remark.text, remark.markers, (remark,), answer.question))
    answered = [answer for answer in answers if answer.answered or answer.entries]
    first = answers[0]
    if not answered:
        return replace(first, question=message)
    return replace(
        first,
        question=message,
        statements=tuple(statements),
        citations=tuple(citations),
        conflicts=(),
        remark=None,
        abstention="",
        closest=(),
        unsure=False,
        confidence=min(answer.confidence for answer in answered),
        passages=tuple({each.id: each for answer in answers for each in answer.passages}.values()),
        notes=tuple(dict.fromkeys(note for answer in answers for note in answer.notes)),
        entries=tuple(entry for answer in answers for entry in answer.entries),
        kind="several",
        by_model=any(answer.by_model for answer in answers),
        tokens_in=sum(answer.tokens_in for answer in answers),
        tokens_out=sum(answer.tokens_out for answer in answers),
        standalone_question=message,
    )


def _statement(statement: Statement, markers: Mapping[int, int]) -> Statement:
    sentences = tuple(_sentence(each, markers) for each in statement.sentences)
    return replace(statement, markers=tuple(markers[each] for each in statement.markers), sentences=sentences)


def _sentence(sentence: Sentence, markers: Mapping[int, int]) -> Sentence:
    return replace(sentence, markers=tuple(markers[each] for each in sentence.markers))

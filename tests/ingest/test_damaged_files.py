"""Whatever a file holds, each of its articles is read or refused in one line, and nothing else happens."""

from __future__ import annotations

import random
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from rag.ingest.load import Reading, articles_in, document_of, refused
from tests.security.fuzz_files import every_kind, mutated

KINDS = every_kind()


def read(name: str, data: bytes) -> None:
    names = set()
    path = Path("some") / name
    try:
        for found in articles_in(data, path, Reading(1_000_000)):
            assert found.name not in names
            assert found.name.isprintable() or not found.name.isascii()
            names.add(found.name)
            try:
                assert document_of(found.read(), path, name).page_content.strip()
            except Exception as error:
                assert "\n" not in str(refused(error, path))
    except Exception as error:
        if isinstance(error, AssertionError):
            raise
        line = str(refused(error, path))
        assert "\n" not in line and str(path) in line


@pytest.mark.parametrize("name", list(KINDS))
@settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(seed=st.integers(0, 10**9))
def test_damaged(name: str, seed: int) -> None:
    read(name, mutated(KINDS[name], random.Random(seed)))


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(name=st.sampled_from(list(KINDS)), data=st.binary(max_size=400))
def test_anything_under_any_name(name: str, data: bytes) -> None:
    read(name, data)


@settings(max_examples=30, deadline=None)
@given(names=st.tuples(st.sampled_from(list(KINDS)), st.sampled_from(list(KINDS))))
def test_any_format_under_the_name_of_another(names: tuple[str, str]) -> None:
    read(names[0], KINDS[names[1]])

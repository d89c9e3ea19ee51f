"""The page of the collection: its parts and its events. What is shown is made by ui/render_collection.py."""

from __future__ import annotations

import logging
import tempfile
from collections.abc import AsyncIterator, Callable, Generator, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import gradio as gr
from gradio.utils import get_upload_folder

from rag.desk.collection import Collection, Entry
from rag.errors import RAGError
from rag.ingest.load import FORMATS, SUFFIXES
from ui.events import within
from ui.parts import QUIET, TELLING, Update, asker_of, script
from ui.places import CrowdedError, GoneError, Places, Presence
from ui.render_collection import render_added, render_articles, render_difference, render_note

CHANGES_WAITING = 8
LONGEST_SEARCH = 200  # characters of it that are looked for
LOOKS_AT_A_TIME, LOOKS_WAITING = 2, 32  # articles that are read again to be shown
KINDS = [each.name for each in FORMATS]
log = logging.getLogger(__name__)


class Shelf:
    """The articles of a collection, to look at and, unless it is read-only, to change."""

    def __init__(self, collection: Collection, presence: Presence) -> None:
        self.collection = collection
        self.changes = Places(presence, at_a_time=1, most_waiting=CHANGES_WAITING, what="changes")
        self.looks = Places(presence, at_a_time=LOOKS_AT_A_TIME, most_waiting=LOOKS_WAITING, what="articles")

    def build(self, tab: gr.Tab) -> list[Any]:
        """Lay out the tab and connect it; returns the events after which the collection may be another."""
        chosen, sure = gr.State(""), gr.Textbox(visible=False, label="Sure")
        clashing = gr.Textbox(visible=False, label="Names that are taken")
        files = again = None
        with gr.Row(elem_id="shelf"):
            with gr.Column(scale=5):
                search = gr.Textbox(label="Search the list", placeholder="Title, publisher, date or file", max_lines=1)
                table = gr.HTML("", elem_id="table", apply_default_css=False, js_on_load=script("articles.js"))
                note = gr.HTML("", elem_id="collection-note")
                if not self.collection.read_only:
                    files = gr.File(
                        label=f"Add articles: {', '.join(KINDS[:-1])} or {KINDS[-1]}", file_count="multiple",
                        file_types=list(SUFFIXES), elem_id="upload", height=140,
                    )  # fmt: skip
                    again = gr.Button("Index changed files", size="sm")
            with gr.Column(scale=4):
                shown = gr.HTML(render_note("choose an article to see what cleaning removed"), elem_id="article")
                with gr.Row():
                    original = gr.Button("Original file", size="sm", visible=False)
                    remove = gr.Button("Remove from the collection", size="sm", variant="stop", visible=False)
        tab.select(self.articles, [search, chosen], table, **QUIET)
        search.change(self.articles, [search, chosen], table, **QUIET)
        choose = self._look()
        table.choose(choose, search, [chosen, table, shown, original, remove], **TELLING, concurrency_limit=None)
        if files is None or again is None:  # read-only: what would change something is not even there
            return []
        events: dict[str, Any] = {"api_visibility": "private", "show_progress_on": note, "concurrency_limit": None}
        listed = [table, note]
        asked = files.upload(self.clashing, [files], clashing, **events)
        added = asked.then(
            self._turn(self.add, 3), [files, clashing, search], [*listed, files], **events,
            js="(files, names, search) => [files, names && confirm("
               "`In the collection with another content: ${names}. Replace?`) ? 'yes' : 'no', search]",
        )  # fmt: skip
        refreshed = again.click(self._turn(self.refresh, 2), [search], listed, **events)
        removed = remove.click(
            self._turn(self.remove, 6), [chosen, sure, search], [*listed, chosen, shown, original, remove], **events,
            js="(chosen, sure, search) => "
               "[null, confirm('Remove this article from the collection?') ? 'yes' : 'no', search]",
        )  # fmt: skip
        return [added, refreshed, removed]

    def _look(self) -> Callable[..., AsyncIterator[Update]]:
        """Choosing an article as an event, a few at a time: its file is read and cleaned again."""

        async def choose(request: gr.Request, event: gr.EventData, search: str) -> AsyncIterator[Update]:
            def work() -> Generator[Update, None, None]:
                yield self.choose(event, search)

            try:
                async for update in self.looks.run(asker_of(request), work, waiting=(gr.skip(),) * 5):
                    yield update
            except CrowdedError as error:
                yield gr.skip(), gr.skip(), render_note(str(error), error=True), gr.skip(), gr.skip()
            except GoneError:
                log.info("an article was not shown: nobody waits for it")

        return choose

    def _turn(self, change: Callable[..., Update], outputs: int) -> Callable[..., AsyncIterator[Update]]:
        """The change as an event: one after the other, and only while its page waits for it."""

        async def event(
            request: gr.Request,
            *values: Any,
        ) -> AsyncIterator[Update]:
            def work() -> Generator[Update, None, None]:
                yield change(*values, gr.Progress())

            waiting = gr.skip(), render_note("waiting for a change that is under way"), *(gr.skip(),) * (outputs - 2)
            try:
                async for update in self.changes.run(asker_of(request), work, waiting=waiting):
                    yield update
            except CrowdedError as error:
                yield gr.skip(), render_note(str(error), error=True), *(gr.skip(),) * (outputs - 2)
            except GoneError:
                log.info("a change was given up: nobody waits for it")

        event.__name__ = change.__name__
        return event

    def articles(self, search: str | None, chosen: str) -> str:
        """The table of the articles."""
        try:
            return _table(self.collection.entries(), search, chosen)
        except RAGError as error:
            return render_note(str(error), error=True)

    def choose(self, event: gr.EventData, search: str | None) -> Update:
        """One article with what cleaning removed."""
        source = str(event.source)
        try:
            entries = self.collection.entries()
            entry = next((entry for entry in entries if entry.article.source == source), None)
            if entry is None:
                raise RAGError(f"{source} is no longer in the collection; choose another article")
            shown = render_difference(entry, self.collection.difference(source))
        except RAGError as error:
            hidden = gr.Button(visible=False), gr.Button(visible=False)
            return "", gr.skip(), render_note(str(error), error=True), *hidden
        remove = gr.Button(visible=not self.collection.read_only)
        return (
            source,
            _table(entries, search, source),
            shown,
            original_of(self.collection, source),
            remove,
        )

    def clashing(self, files: Sequence[str]) -> str:
        """The names of uploaded files that would replace others, "" if there are none."""
        return ", ".join(
            self.collection.clashing([Path(file) for file in files or () if within(file, get_upload_folder())])
        )

    def add(self, files: Sequence[str], sure: str, search: str, progress: gr.Progress = gr.Progress()) -> Update:  # noqa: B008
        """Take uploaded files into the collection: out of Gradio's folder into one of this event, which then goes.

        `sure` is "yes" where they were meant to replace others of their name.
        """
        try:
            with tempfile.TemporaryDirectory(prefix="adding-", dir=get_upload_folder()) as folder:
                moved = [_moved(file, Path(folder, str(number))) for number, file in enumerate(files or ())]
                results = self.collection.add(moved, _bar(progress), folder=Path(folder), replace=sure == "yes")
            return self.articles(search, ""), render_added(results), None
        except RAGError as error:
            return gr.skip(), render_note(str(error), error=True), None

    def refresh(self, search: str, progress: gr.Progress = gr.Progress()) -> Update:  # noqa: B008
        """Index what has changed in the files."""
        try:
            report = self.collection.refresh(_bar(progress))
        except RAGError as error:
            return gr.skip(), render_note(str(error), error=True)
        done = f"{report.added} added, {report.changed} changed, {report.removed} removed"
        told = "; ".join([done, *report.skipped, *report.notes])
        return self.articles(search, ""), render_note(told, error=bool(report.skipped))

    def remove(self, source: str, sure: str, search: str, progress: gr.Progress = gr.Progress()) -> Update:  # noqa: B008
        """Take the chosen article out of the collection, if it was meant ("yes")."""
        if not source or sure != "yes":
            return (gr.skip(),) * 6
        try:
            self.collection.remove([source], _bar(progress))
        except RAGError as error:
            return gr.skip(), render_note(str(error), error=True), *(gr.skip(),) * 4
        hidden = gr.DownloadButton(visible=False), gr.Button(visible=False)
        return self.articles(search, ""), render_note(f"removed: {source}"), "", "", *hidden


def _table(entries: list[Entry], search: str | None, chosen: str) -> str:
    """The articles that are searched for, by a text that is no longer than the list needs."""
    return render_articles(entries, (search or "")[:LONGEST_SEARCH], chosen)


def original_of(collection: Collection, source: str) -> gr.Button:
    """What fetches the file of an article (`ui.server` answers it)."""
    if collection.file(source) is None:
        return gr.Button("The original file has changed or is gone", link=None, interactive=False, visible=True)
    return gr.Button("Original file", link=f"original?{urlencode({'source': source})}", interactive=True, visible=True)


def _moved(file: str, folder: Path) -> Path:
    """An uploaded file in a folder of its own, and no longer where it was uploaded to.

    Raises:
        RAGError: it was not uploaded, or has been taken in already.
    """
    if not within(file, get_upload_folder()):
        raise RAGError("only files that were uploaded here can be added; choose them anew")
    folder.mkdir()
    try:
        path = Path(file).rename(folder / Path(file).name)
    except OSError as error:
        raise RAGError(f"{Path(file).name} has gone, perhaps because it was added just now; choose it anew") from error
    with suppress(OSError):  # there may be others of the same content
        Path(file).parent.rmdir()
    return path


def _bar(progress: gr.Progress) -> Callable[[str, int, int], None]:
    def show(step: str, done: int, total: int) -> None:
        progress((done, total), desc=f"{step.capitalize()} …")

    return show

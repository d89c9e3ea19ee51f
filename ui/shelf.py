"""The page of the collection: its parts and its events. What is shown is made by ui/render_collection.py."""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import gradio as gr
from gradio.processing_utils import save_file_to_cache
from gradio.utils import get_upload_folder

from rag.collection import Collection
from rag.errors import RAGError
from ui.parts import QUIET, Update, script
from ui.render_collection import render_added, render_articles, render_difference, render_note

FILE_TYPES = [".txt", ".md", ".markdown", ".html", ".htm", ".pdf"]
log = logging.getLogger(__name__)


class Shelf:
    """The articles of a collection, to look at and, unless it is read-only, to change."""

    def __init__(self, collection: Collection) -> None:
        self.collection = collection

    def build(self, tab: gr.Tab) -> list[Any]:
        """Lay out the tab and connect it; returns the events after which the collection may be another."""
        chosen = gr.State("")
        changes = not self.collection.read_only
        with gr.Row(elem_id="shelf"):
            with gr.Column(scale=5):
                search = gr.Textbox(label="Search the list", placeholder="Title, publisher, date or file", max_lines=1)
                table = gr.HTML("", elem_id="table", apply_default_css=False, js_on_load=script("articles.js"))
                note = gr.HTML("", elem_id="collection-note")
                files = gr.File(
                    label="Add articles: text, Markdown, HTML or PDF", file_count="multiple", file_types=FILE_TYPES,
                    elem_id="upload", height=140, visible=changes,
                )  # fmt: skip
                again = gr.Button("Index changed files", size="sm", visible=changes)
            with gr.Column(scale=4):
                shown = gr.HTML(render_note("choose an article to see what cleaning removed"), elem_id="article")
                with gr.Row():
                    original = gr.DownloadButton("Original file", size="sm", visible=False)
                    remove = gr.Button("Remove from the collection", size="sm", variant="stop", visible=False)
        tab.select(self.articles, [search, chosen], table, **QUIET)
        search.change(self.articles, [search, chosen], table, **QUIET)
        table.choose(self.choose, search, [chosen, table, shown, original, remove], **QUIET)
        listed = [table, note]
        added = files.upload(
            self.add, [files, search], [*listed, files], api_visibility="private", show_progress_on=note
        )
        refreshed = again.click(self.refresh, [search], listed, api_visibility="private", show_progress_on=note)
        removed = remove.click(
            self.remove, [chosen, search], [*listed, chosen, shown, original, remove],
            api_visibility="private", show_progress_on=note,
            js="(chosen, search) => [confirm('Remove this article from the collection?') ? chosen : '', search]",
        )  # fmt: skip
        return [added, refreshed, removed]

    def articles(self, search: str, chosen: str) -> str:
        """The table of the articles."""
        try:
            return render_articles(self.collection.entries(), search, chosen)
        except RAGError as error:
            return render_note(str(error), error=True)

    def choose(self, event: gr.EventData, search: str) -> Update:
        """One article with what cleaning removed."""
        source = str(event.source)
        try:
            entries = self.collection.entries()
            entry = next((entry for entry in entries if entry.article.source == source), None)
            if entry is None:
                raise RAGError(f"{source} is no longer in the collection; choose another article")
            shown = render_difference(entry, self.collection.difference(source))
        except RAGError as error:
            hidden = gr.Button(visible=False)
            return "", gr.skip(), render_note(str(error), error=True), gr.DownloadButton(visible=False), hidden
        remove = gr.Button(visible=not self.collection.read_only)
        return source, render_articles(entries, search, source), shown, download_of(self.collection, source), remove

    def add(self, files: Sequence[str], search: str, progress: gr.Progress = gr.Progress()) -> Update:  # noqa: B008
        """Take uploaded files into the collection."""
        try:
            results = self.collection.add([Path(file) for file in files], _bar(progress))
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
        return self.articles(search, ""), render_note("; ".join([done, *report.skipped]), error=bool(report.skipped))

    def remove(self, source: str, search: str, progress: gr.Progress = gr.Progress()) -> Update:  # noqa: B008
        """Take the chosen article out of the collection."""
        if not source:
            return (gr.skip(),) * 6
        try:
            self.collection.remove([source], _bar(progress))
        except RAGError as error:
            return gr.skip(), render_note(str(error), error=True), *(gr.skip(),) * 4
        hidden = gr.DownloadButton(visible=False), gr.Button(visible=False)
        return self.articles(search, ""), render_note(f"removed: {source}"), "", "", *hidden


def download_of(collection: Collection, source: str) -> gr.DownloadButton:
    """The file of an article, copied to where Gradio may serve it from."""
    path = collection.file(source)
    try:
        copy = save_file_to_cache(path, get_upload_folder()) if path else None
    except OSError as error:
        log.warning("the file of %s cannot be copied: %s", source, error)
        copy = None
    if copy is None:
        return gr.DownloadButton("The original file has changed or is gone", None, interactive=False, visible=True)
    return gr.DownloadButton("Original file", copy, interactive=True, visible=True)


def _bar(progress: gr.Progress) -> Callable[[str, int, int], None]:
    def show(step: str, done: int, total: int) -> None:
        progress((done, total), desc=f"{step.capitalize()} …")

    return show

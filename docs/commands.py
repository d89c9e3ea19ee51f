"""Write docs/cli.md from the command's own help; `--check` fails where they differ, or a link leads nowhere.

python docs/commands.py [--check]
"""

from __future__ import annotations

import argparse
import os
import re
import sys
from collections.abc import Iterator
from pathlib import Path

os.environ["COLUMNS"] = "100"  # argparse wraps to the terminal

from rag.cli import build_parser
from rag.settings import Settings

ROOT = Path(__file__).resolve().parent.parent
PAGE = ROOT / "docs" / "cli.md"
LINK = re.compile(r"\]\((?!https?:|#|mailto:)([^)#\s]+)")


def command_page() -> str:
    """docs/cli.md as it should be."""
    parser = build_parser()
    parts = ["# The command `rag`\n", "Written by `python docs/commands.py`; do not edit.\n", _help(parser)]
    parts += [f"## rag {name}\n\n{_help(command)}" for name, command in _commands(parser)]
    rows = [
        f"| `RAG_{name.upper()}` | {field.description} | {_default(name, field.default)} |"
        for name, field in Settings.model_fields.items()
    ]
    parts += ["## Settings\n\n| variable | what it is | default |\n|---|---|---|\n" + "\n".join(rows) + "\n"]
    return "\n".join(parts)


def broken_links() -> Iterator[str]:
    """Links of the pages at the top and of docs to files that are not there."""
    for page in sorted((*ROOT.glob("*.md"), *(ROOT / "docs").glob("*.md"))):
        for target in LINK.findall(page.read_text(encoding="utf-8")):
            if not (page.parent / target).exists():
                yield f"{page.relative_to(ROOT)} links to {target}, which is not there"


def main() -> int:
    """Write the page, or check it."""
    if "--check" not in sys.argv:
        PAGE.write_text(command_page(), encoding="utf-8")
        return 0
    problems = list(broken_links())
    if PAGE.read_text(encoding="utf-8") != command_page():
        problems.append("docs/cli.md is not what the command says; run python docs/commands.py")
    for problem in problems:
        print(problem, file=sys.stderr)
    return int(bool(problems))


def _help(parser: argparse.ArgumentParser) -> str:
    return f"```\n{parser.format_help()}```\n"


def _commands(parser: argparse.ArgumentParser, above: str = "") -> Iterator[tuple[str, argparse.ArgumentParser]]:
    for action in parser._actions:
        if isinstance(action, argparse._SubParsersAction):
            for name, command in action.choices.items():
                yield above + name, command
                yield from _commands(command, f"{above}{name} ")


def _default(name: str, value: object) -> str:
    if name in ("index", "feedback"):
        return f"a {'folder' if name == 'index' else 'file'} of the user's data"
    return "as described" if value is None else f"`{value}`"


if __name__ == "__main__":
    sys.exit(main())

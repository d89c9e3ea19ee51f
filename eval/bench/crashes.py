"""Indexing that is killed, or finds the disk full: `python -m eval.bench.crashes [--kills 200] [--every 1]`.

Four changes of an index of invented articles (a few articles, so that their vectors become a file; the same, and the
catalog's log has grown so that it goes into the catalog; many, so that the graph is written anew; the first indexing)
are begun again and again from the same state, in a process that

- is killed at a random moment (`--kills` times),
- is killed at its n-th call that writes (write, pwrite, writev, ftruncate, rename, unlink, mkdir), for every n,
- finds no space at its n-th call and all that follow, for every n.

Afterwards, each time: every article is as before or as it should become, nothing of the index disagrees
(`rag.index.check`), and indexing again makes it what it should become. Needs gcc, for what stands before those calls.
`--every N` takes each N-th call only.
"""

from __future__ import annotations

import argparse
import ctypes
import os
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import traceback
from collections import Counter
from collections.abc import Callable
from contextlib import closing
from functools import partial
from pathlib import Path
from unittest.mock import patch

from eval.bench.incremental import RandomEncoder, Reading, write_article
from rag.errors import StoreError
from rag.index import publish
from rag.index.catalog import Catalog
from rag.index.check import problems
from rag.index.store import CATALOG
from rag.ingest import build
from rag.settings import Settings

ARTICLES = 40
KINDS = {"few": 1, "few, log": 1, "many": 20, "first": 0}  # with how many articles change
_LONGEST = 120  # seconds of one attempt
SHIM = r"""
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <signal.h>
#include <stdarg.h>
#include <sys/stat.h>
#include <sys/types.h>
#include <sys/uio.h>
#include <unistd.h>
static volatile long count, at; static volatile int mode;  /* mode 1 kills, 2 says that the disk is full */
void arm(long n, int m) { count = 0; at = n; mode = m; }
long counted(void) { return count; }
static int full(int fd) {
    struct stat found;
    if (!mode || (fd >= 0 && fd <= 2)) return 0;
    if (fd >= 0 && (fstat(fd, &found) || !S_ISREG(found.st_mode))) return 0;  /* a pipe is on no disk */
    long now = __sync_add_and_fetch(&count, 1);
    if (mode == 1 && now == at) kill(getpid(), SIGKILL);
    return mode == 2 && now >= at;
}
#define STOP(fd) if (full(fd)) { errno = ENOSPC; return -1; }
#define CALL(name, result, fd, declared, passed) result name declared { \
    static result (*next) declared; \
    if (!next) next = (result (*) declared) dlsym(RTLD_NEXT, #name); \
    STOP(fd) return next passed; }
CALL(write, ssize_t, fd, (int fd, const void *b, size_t n), (fd, b, n))
CALL(pwrite, ssize_t, fd, (int fd, const void *b, size_t n, off_t o), (fd, b, n, o))
CALL(pwrite64, ssize_t, fd, (int fd, const void *b, size_t n, off64_t o), (fd, b, n, o))
CALL(writev, ssize_t, fd, (int fd, const struct iovec *v, int n), (fd, v, n))
CALL(ftruncate, int, fd, (int fd, off_t n), (fd, n))
CALL(ftruncate64, int, fd, (int fd, off64_t n), (fd, n))
CALL(rename, int, -1, (const char *a, const char *b), (a, b))
CALL(mkdir, int, -1, (const char *a, mode_t m), (a, m))
int unlink(const char *a) {  /* a full disk lets remove */
    static int (*next)(const char *);
    if (!next) next = (int (*)(const char *)) dlsym(RTLD_NEXT, "unlink");
    if (mode == 1) full(-1);
    return next(a);
}
"""


class World:
    """A folder of articles, their index, and what the articles then become."""

    def __init__(self, place: Path, kind: str, changed: int) -> None:
        self.place, self.kind = place, kind
        self.old, self.new, self.index = place / "old", place / "new", place / "index"
        for number in range(ARTICLES):
            write_article(self.old, number)
        shutil.copytree(self.old, self.new)
        for number in range(changed):
            write_article(self.new, number, 1)
        write_article(self.new, ARTICLES)
        (self.new / "0" / f"{ARTICLES - 1}.txt").unlink()
        self.before: dict[str, str] = {}
        if kind != "first":
            forked(lambda: self.run(self.old))
            self.before = digests(self.index)
        saved = place / "saved"
        shutil.copytree(self.index, saved) if self.before else saved.mkdir()
        forked(lambda: self.run(self.new))
        self.after = digests(self.index)

    def reset(self) -> None:
        """The state before."""
        shutil.rmtree(self.index, ignore_errors=True)
        shutil.copytree(self.place / "saved", self.index)

    def run(self, files: Path) -> None:
        """Index, and say what is in the way."""
        # What the tests of one folder are to each other: sources are the same, and so is the scope.
        there = self.place / "articles"
        if there.is_symlink():
            there.unlink()
        there.symlink_to(files)
        log = 0 if self.kind == "few, log" else publish._LOG_MAY_HAVE
        with (
            patch.object(build, "Parser", Reading),
            patch.object(build, "encoder", lambda *_: RandomEncoder()),
            patch.object(publish, "_LOG_MAY_HAVE", log),
            patch.object(publish, "_LOG_SHARE", 1_000_000),
        ):
            build.ingest([there / "0"], Settings(index=self.index))

    def attempt(self, shim: ctypes.CDLL, at: int, mode: int) -> None:
        """Index anew, stopped at a call; at none, say how many there are."""
        shim.arm(ctypes.c_long(at), mode)
        self.run(self.new)
        if not at:
            Path(self.place, "calls").write_text(str(shim.counted()))

    def check(self, done: bool) -> None:
        """Whether what is there is whole, is the old state (unless `done`) or the new one, and becomes that."""
        settings = Settings(index=self.index)
        if (self.index / CATALOG).exists() or self.before:
            assert not (found := list(problems(settings))), found
            there = digests(self.index)
            assert there == self.after or (there == self.before and not done), "neither the old state nor the new one"
        self.run(self.new)
        assert not (found := list(problems(settings))), found
        assert digests(self.index) == self.after
        left = [path.name for path in self.index.iterdir() if path.name.endswith((".new", ".draft", ".part"))]
        assert not left, f"left behind: {left}"


def digests(index: Path) -> dict[str, str]:
    """Digest of each article, by source."""
    with closing(Catalog(index / CATALOG)) as catalog:
        return catalog.digests()


def forked(work: Callable[[], object], kill_after: float | None = None) -> int:
    """Run in a process of its own, killed after so many seconds; returns its status."""
    child = os.fork()
    if not child:
        status = 0
        signal.alarm(_LONGEST)
        try:
            work()
        except StoreError as error:
            status = 3 if "space" in str(error) else 4
            if status == 4:
                print(error, file=sys.stderr)
        except BaseException:
            status = 1
            traceback.print_exc()
        finally:
            os._exit(status)
    if kill_after is not None:
        time.sleep(kill_after)
        os.kill(child, signal.SIGKILL)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])


def trial(world: World, attempt: Callable[[], object], seen: Counter[str], kill_after: float | None = None) -> bool:
    """One attempt from the state before, and what became of it; whether all is well."""
    world.reset()
    status = forked(attempt, kill_after)
    said = {0: "done", 3: "said that there is no space", 4: "said that it cannot be written", -9: "killed"}
    seen[said.get(status, f"status {status}")] += 1
    return status in said and forked(lambda: world.check(done=not status)) == 0


def main() -> int:
    """Compile, make the worlds, try, count."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--kills", type=int, default=200)
    parser.add_argument("--every", type=int, default=1)
    parser.add_argument("--kinds", nargs="*", choices=KINDS, default=KINDS)
    options = parser.parse_args()
    if "RAG_CRASHES" not in os.environ:
        with tempfile.TemporaryDirectory() as name:
            source, library = Path(name, "shim.c"), Path(name, "shim.so")
            source.write_text(SHIM)
            subprocess.run(["gcc", "-shared", "-fPIC", "-w", "-o", library, source, "-ldl"], check=True)
            environment = {**os.environ, "LD_PRELOAD": str(library), "RAG_CRASHES": str(library)}
            command = [sys.executable, "-m", "eval.bench.crashes", *sys.argv[1:]]
            return subprocess.run(command, env=environment, check=False).returncode
    shim = ctypes.CDLL(os.environ.pop("RAG_CRASHES"))
    import chromadb  # noqa: F401  # once, for all that are forked

    chance, bad = random.Random(1), 0
    with tempfile.TemporaryDirectory() as name:
        for kind in options.kinds:
            world = World(Path(name, kind), kind, KINDS[kind])
            world.reset()
            started = time.perf_counter()
            forked(lambda: world.attempt(shim, 0, 1))  # noqa: B023  # it is called at once
            took, calls = time.perf_counter() - started, int(Path(world.place, "calls").read_text())
            points = range(1, calls + 1, options.every)
            moments = [chance.uniform(0, took) for _ in range(-(-options.kills // len(options.kinds)))]
            for what, tries in (
                ("killed at a call", [partial(world.attempt, shim, at, 1) for at in points]),
                ("disk full from a call on", [partial(world.attempt, shim, at, 2) for at in points]),
                ("killed at a random moment", [partial(world.run, world.new)] * len(moments)),
            ):
                seen: Counter[str] = Counter()
                after = moments if what.endswith("moment") else [None] * len(tries)
                wrong = [
                    number
                    for number, (attempt, seconds) in enumerate(zip(tries, after, strict=True))
                    if not trial(world, attempt, seen, seconds)
                ]
                of = f" of {calls} calls" if "call" in what else ""
                print(f"{kind}: {what}: {len(tries)}{of}, {dict(seen)}, wrong at {wrong}", flush=True)
                bad += len(wrong)
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())

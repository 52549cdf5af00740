"""
What pages and decisions name in backticks is there: files, names of the code, targets.

Each page has a test of its own, which lists every name that is nowhere, with its line.
What is not ours (a name of a vendor's, a file that the reader makes) stands in FOREIGN.
"""

import re
import subprocess
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

from tests.template_file import ROOT

HISTORY = {ROOT / "CHANGELOG.md"}  # tells of what was, too
PAGES = sorted({*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md")} - HISTORY)

# Patterns of names, and why they are nowhere in the code.
FOREIGN = {
    r"DD_API_KEY|DD_APP_KEY": "Datadog's own variables",
    r"\.local/.*|stack\.json|env\.json": "`make run` and `make sam-local` make them",
    r"layers/common/checkout/kinds/ticket\.py": "the reader makes it",
    r"https://js\.stripe\.com/.*|@stripe/stripe-js": "Stripe's own script",
    r"uv\.lock": "is made by `uv sync`, and not committed",
    r"template-without-[a-z-]+\.yaml": "`make variants` makes them",
    r"usd_\w+": "an attribute is made of a currency and a counter",
    r"charge\.captured|charge\.refund\.updated": "events of Stripe's that nobody sends",
    r"RequestsClient|UrllibClient": "classes of Stripe's SDK",
    r"client_id": "the audience in an access token of Cognito",
    r"SecureString": "a kind of parameter in AWS's Parameter Store",
    r"DDBStreamBatchInfo|batchSize|requestPayload|shardId|startSequenceNumber|streamArn":
        "what Lambda says of an event that it gave up",
    r"(http://localhost:3000)?/client/paidonce\.js": "the storefront serves the client",
    r"/\.well-known/(apple-app-site-association|assetlinks\.json)|app_links|uni_links|"
    r"ContinuousClock|SystemClock\.\w+\(\)|SFSafariViewController|url_launcher|"
    r"inAppBrowserView": "what iOS, Android and Flutter have",
    r"app\.checkout\.\w+": "events that an app sends",
    r"detail\.id|requestContext\.authorizer\.jwt\.claims": "ways into AWS's events",
}  # fmt: skip

IS_TEXT = {
    "", ".css", ".html", ".js", ".json", ".mjs", ".py", ".svg", ".toml",
    ".ts", ".tsx", ".yaml", ".yml",
}  # fmt: skip
FILE = re.compile(r"[\w.@*-]+\.(?:py|mjs|js|toml|yaml|yml|md)")
PATH = re.compile(r"\.{0,2}[\w@*.-]*(?:/[\w.@*-]+)*/?")
NAME = re.compile(r"[A-Za-z_]\w*(?:\.[A-Za-z_]\w*)*(?:\(\))?")
PLAIN_WORD = re.compile(r"[A-Za-z]?[a-z\d]*")


def names(text: str) -> Iterator[tuple[int, str]]:
    """Yield what stands in backticks, without blocks of code, and the line it is on."""
    in_block = False
    for number, line in enumerate(text.splitlines(), 1):
        if line.lstrip().startswith("```"):
            in_block = not in_block
        elif not in_block:
            for name in re.findall(r"`([^`]+)`", line):
                yield number, name


@cache
def files() -> frozenset[str]:
    """Return the paths of all files that are, or could be, committed, and folders."""
    listed = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    found = [Path(line) for line in listed.stdout.splitlines()]
    folders = {str(parent) for path in found for parent in path.parents}
    return frozenset({*map(str, found), *folders} - {"."})


@cache
def code() -> str:
    """Return all that is no prose: a name that only pages say is not there."""
    own = Path(__file__).relative_to(ROOT)
    return "\n".join(
        (ROOT / path).read_text()
        for path in sorted(files())
        if (ROOT / path).is_file()
        and Path(path).suffix in IS_TEXT
        and Path(path) != own
    )


@cache
def targets() -> set[str]:
    makefile = (ROOT / "Makefile").read_text()
    return set(re.findall(r"^([a-z-]+):", makefile, re.MULTILINE))


@cache
def words() -> frozenset[str]:
    return frozenset(re.findall(r"\w+", code()))


@cache
def says(pattern: str) -> bool:
    return re.search(pattern, code(), re.MULTILINE) is not None


def is_a_file(name: str, page: Path) -> bool:
    """Whether there is such a file, from the root, beside the page or in any folder."""
    beside = (page.parent / name).resolve()
    wanted = re.escape(name.strip("/")).replace(r"\*", "[^/]*")
    return beside.exists() or any(
        re.fullmatch(rf"(?:.*/)?{wanted}", path) for path in files()
    )


def is_in_the_code(name: str) -> bool:
    word = name.removesuffix("()")
    owner, _, member = word.rpartition(".")
    if not owner and word == name:
        return word in words()
    before = r"(?<![\w.])" if owner else r"(?<!\w)"
    after = r"\s*\(" if name.endswith("()") else r"(?!\w)"
    return says(f"{before}{re.escape(word)}{after}") or (
        # Where `Terms.prepare()` is defined it has a shorter name.
        any(defines(text, member) for text in bodies(owner.rpartition(".")[2]))
    )


def bodies(owner: str) -> Iterator[str]:
    """Yield each class and each module that is called *owner*."""
    if owner:
        yield from re.findall(
            rf"^(?:export )?class {owner}\b.*?(?=^\S|\Z)",
            code(),
            re.MULTILINE | re.DOTALL,
        )
        for path in files():
            if Path(path).name == f"{owner}.py":
                yield (ROOT / path).read_text()


def defines(text: str, name: str) -> bool:
    return bool(
        re.search(rf"^ *(?:(?:async )?def |class )?{name}\b", text, re.MULTILINE)
    )


def exists(name: str, page: Path) -> bool:
    if any(re.fullmatch(pattern, name) for pattern in FOREIGN):
        return True
    if target := re.match(r"make ([a-z-]+)", name):
        return target[1] in targets()
    if FILE.fullmatch(name.rpartition("/")[2]):
        return is_a_file(name, page)
    if "/" in name and PATH.fullmatch(name):
        return is_a_file(name, page) or says(re.escape(name))
    if NAME.fullmatch(name) and not PLAIN_WORD.fullmatch(name):
        return is_in_the_code(name)
    return True


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_what_a_page_names_is_there(page: Path):
    missing = [
        f"{page.relative_to(ROOT)}:{line}: `{name}`"
        for line, name in names(page.read_text())
        if not exists(name, page)
    ]

    assert not missing, "\n" + "\n".join(missing)


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_what_a_page_points_at_in_a_file_is_in_that_file(page: Path):
    """As in: `terms.py` (`Terms.for_offer()`, `Terms.prepare()`)."""
    missing = [
        f"{page.relative_to(ROOT)}: `{file}` has no `{name}`"
        for file, listed in re.findall(
            r"`([\w./-]+\.\w+|Makefile)` \(((?:`[^`]+`(?:, | and )?)+)\)",
            page.read_text(),
        )
        for name in re.findall(r"`([^`]+)`", listed)
        if not is_in_a_file(name.rpartition(".")[2], file)
    ]

    assert not missing, "\n" + "\n".join(missing)


def is_in_a_file(name: str, file: str) -> bool:
    word, called = re.escape(name.removesuffix("()")), name.endswith("()")
    return any(
        re.search(
            rf"(?<!\w){word}" + (r"\s*\(" if called else r"(?!\w)"),
            (ROOT / path).read_text(),
        )
        for path in files()
        if f"/{path}".endswith(f"/{file}") and (ROOT / path).is_file()
    )


def test_each_foreign_name_is_named():
    named = {name for page in PAGES for _, name in names(page.read_text())}

    assert [
        pattern
        for pattern in FOREIGN
        if not any(re.fullmatch(pattern, name) for name in named)
    ] == []

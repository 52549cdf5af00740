"""
Gives mkdocs the repository's pages under the paths that they have in the repository.

So a relative link that works on a forge works on the site too, also to pages outside of
docs/ and to files of the code: a file that a page links to becomes a page with its
text, or is copied if it is an image.
"""

from __future__ import annotations

import re
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from markdown import Extension
from mkdocs.structure.files import File, Files, InclusionLevel

if TYPE_CHECKING:
    from collections.abc import Iterator

    from markdown import Markdown
    from mkdocs.config.defaults import MkDocsConfig
    from mkdocs.structure.pages import Page

ROOT = Path(__file__).parents[2]
PAGES = (
    "*.md",
    "docs/**/*.md",
    "mocktill/README.md",
    "tests/README.md",
    "clients/*/README.md",
    "examples/*/README.md",
)
ASSETS = ("docs/site/*.js", "docs/site/*.css")
COPIED = {".gif", ".jpg", ".png", ".svg"}
CODE = re.compile(r"^( *```.*?^ *```)", re.DOTALL | re.MULTILINE)
# An item of a list after a line that is neither empty nor an item.
ITEM = re.compile(r"^(?!(?:[-*]|\d+\.) )(.*\S)\n(?=(?:[-*]|\d+\.) )", re.MULTILINE)
WITHOUT_ANCHOR = re.compile(r"\]\(([^):\s#]+)\)")
LINK = re.compile(r"\]\(([^)\s#]+)[^)\s]*\)")


class Source(File):
    """A file of the code that a page links to."""

    def is_documentation_page(self) -> bool:
        return True


class ListsIndentedAsOnAForge(Extension):
    """Lets what belongs to an item of a list be indented as far as the item's text."""

    def extendMarkdown(self, md: Markdown) -> None:  # noqa: N802 - Markdown's name
        md.tab_length = 2
        md.build_parser()  # what reads lists has compiled the length of a tab


def on_config(config: MkDocsConfig) -> None:
    config.markdown_extensions.insert(0, ListsIndentedAsOnAForge())  # type: ignore[arg-type]


def on_files(files: Files, config: MkDocsConfig) -> Files:
    of_the_theme = [file for file in files if file.src_dir != config.docs_dir]
    pages = sorted({path for pattern in PAGES for path in ROOT.glob(pattern)})
    linked = {path for page in pages for path in files_linked_from(page)}
    assets = {path for pattern in ASSETS for path in ROOT.glob(pattern)}
    copied = {path for path in linked if path.suffix in COPIED}
    whole = [file_of(path, config) for path in [*pages, *sorted(assets | copied)]]
    shown = [source_of(path, config) for path in sorted(linked - {*pages} - copied)]
    return Files([*of_the_theme, *whole, *shown])


def on_page_markdown(markdown: str, page: Page, **_: object) -> str:
    """Write what only a forge understands so that Markdown does too."""
    prose_and_code = CODE.split(markdown)
    prose_and_code[::2] = [
        WITHOUT_ANCHOR.sub(partial(readme_of, page), ITEM.sub(r"\1\n\n", prose))
        for prose in prose_and_code[::2]
    ]
    return "".join(prose_and_code)


def readme_of(page: Page, link: re.Match[str]) -> str:
    folder = Path(page.file.abs_src_path or "").parent / link[1]
    is_shown = (folder / "README.md").is_file()
    return f"]({link[1].rstrip('/')}/README.md)" if is_shown else link[0]


def files_linked_from(page: Path) -> Iterator[Path]:
    for link in LINK.findall(CODE.sub("", page.read_text())):
        path = (page.parent / link).resolve()
        if path.is_file() and path.is_relative_to(ROOT):
            yield path


def file_of(path: Path, config: MkDocsConfig) -> File:
    name = str(path.relative_to(ROOT))
    return File.generated(config, name, abs_src_path=str(path))


def source_of(path: Path, config: MkDocsConfig) -> File:
    name = str(path.relative_to(ROOT))
    language = path.suffix.removeprefix(".") or "text"
    # One backtick more than any text has.
    text = f"# {path.name}\n\n`````{language}\n{path.read_text()}`````\n"
    file = Source.generated(config, name, content=text)
    file.dest_uri = f"{name}.html"
    file.inclusion = InclusionLevel.NOT_IN_NAV
    return file

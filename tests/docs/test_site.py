"""The documentation site: built strictly, whole, and asking no other host."""

import os
import re
import subprocess
import threading
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import partial
from html.parser import HTMLParser
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import unquote, urlsplit

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, expect, sync_playwright

from local.browser import ARGUMENTS, find_browser
from tests.template_file import ROOT
from tests.working_copy import copy_repository

pytestmark = pytest.mark.slow

MKDOCS = ROOT / ".venvs/docs/bin/mkdocs"
# What a page loads by itself, as opposed to what a reader may click.
LOADED = {"script": "src", "img": "src", "iframe": "src", "source": "src"}
SERIOUS = {"serious", "critical"}
LOADED_RELATIONS = {"stylesheet", "icon", "preload", "preconnect", "dns-prefetch"}


def build(site: Path, root: Path = ROOT) -> subprocess.CompletedProcess[str]:
    """Build the site as `make site` does."""
    assert MKDOCS.exists(), "`make .venvs/docs/ready` installs mkdocs."
    return subprocess.run(
        [MKDOCS, "build", "--site-dir", site],
        cwd=root,
        env={**os.environ, "NO_MKDOCS_2_WARNING": "1"},
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("site")
    done = build(folder)
    assert done.returncode == 0, done.stderr
    return folder


@dataclass
class Parsed(HTMLParser):
    """The links of a page, what it loads, and the places that links can lead to."""

    links: list[str] = field(default_factory=list)
    loads: list[str] = field(default_factory=list)
    ids: Counter[str] = field(default_factory=Counter)

    def __post_init__(self) -> None:
        super().__init__()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        if "id" in given:
            self.ids[given["id"]] += 1
        if tag == "a" and "href" in given:
            self.links.append(given["href"])
        if loaded := given.get(LOADED.get(tag, "")):
            self.loads.append(loaded)
        if tag == "link" and LOADED_RELATIONS & {*given.get("rel", "").split()}:
            self.loads.append(given["href"])


def parsed(path: Path) -> Parsed:
    page = Parsed()
    page.feed(path.read_text())
    return page


def broken(site: Path) -> Iterator[str]:
    """Yield each link of the site that leads to no file or to no place in it."""
    pages = {path: parsed(path) for path in site.rglob("*.html")}
    for path, page in pages.items():
        if path.name == "404.html":
            continue  # its links begin at the root, wherever it is shown
        for link in [*page.links, *page.loads]:
            to = urlsplit(link)
            if to.scheme or to.netloc:
                continue
            target = (path.parent / unquote(to.path)).resolve() if to.path else path
            anchor = unquote(to.fragment)
            if target.is_dir():
                target /= "index.html"
            if not target.is_file():
                yield f"{path.relative_to(site)}: {link} is no file"
            elif anchor and anchor != "__skip" and anchor not in pages[target].ids:
                yield f"{path.relative_to(site)}: {link} is no place"


def test_every_link_within_the_site_leads_somewhere(site: Path) -> None:
    assert list(broken(site)) == []


def test_a_link_that_leads_nowhere_is_found(tmp_path: Path) -> None:
    page = tmp_path / "site/index.html"
    page.parent.mkdir()
    page.write_text('<a href="gone.html">x</a><a href="#gone">x</a><p id="here">')
    assert list(broken(page.parent)) == [
        "index.html: gone.html is no file",
        "index.html: #gone is no place",
    ]


def test_no_page_loads_anything_of_another_host(site: Path) -> None:
    loaded = {
        link
        for path in site.rglob("*.html")
        for link in parsed(path).loads
        if urlsplit(link).scheme not in {"", "data"} or link.startswith("//")
    }
    styles = "".join(path.read_text() for path in site.rglob("*.css"))
    assert loaded == set()
    assert not re.findall(r"url\([\"']?(?:https?:)?//|@import", styles)


def test_every_page_of_the_repository_for_readers_is_on_the_site(site: Path) -> None:
    pages = [*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md")]
    names = {path.relative_to(ROOT).with_suffix(".html") for path in pages}
    made = {
        name.with_name("index.html") if name.stem == "README" else name
        for name in names
    }
    assert {name for name in made if not (site / name).is_file()} == set()


def build_with(links: list[str], folder: Path) -> subprocess.CompletedProcess[str]:
    """Build the site of a repository whose glossary has *links* too."""
    root = copy_repository(folder)
    with (root / "docs/glossary.md").open("a") as page:
        page.writelines(f"\n[a link]({link})\n" for link in links)
    return build(root / "site", root)


def test_links_of_the_forge_to_code_a_folder_or_a_page_work_on_the_site(
    tmp_path: Path,
) -> None:
    links = ["../Makefile", "adr/", "../mocktill", "../SECURITY.md#reporting"]

    done = build_with(links, tmp_path)

    assert done.returncode == 0, done.stderr
    made = parsed(tmp_path / "site/docs/glossary.html").links
    shown = {"../Makefile.html", "adr/index.html", "../mocktill/index.html"}
    assert shown | {"../SECURITY.html#reporting"} <= {*made}
    assert list(broken(tmp_path / "site")) == []


def test_the_site_is_not_built_with_links_that_lead_nowhere(tmp_path: Path) -> None:
    links = ["gone.md", "../gone.py", "events.md#gone", "images/"]

    done = build_with(links, tmp_path)

    assert done.returncode != 0
    assert [link for link in links if f"'{link}'" not in done.stderr] == []


def test_a_list_reads_as_it_does_on_a_forge(site: Path) -> None:
    """With code within its items, and none of them in the paragraph before it."""
    text = (site / "docs/identity.html").read_text()
    [steps] = re.findall(r'id="auth0".*?<ol>(.*?)</ol>', text, re.DOTALL)
    assert len(re.findall("<li>", steps)) == 6
    assert '<div class="highlight">' in steps


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    path = find_browser()
    if path is None:
        pytest.skip("No browser is here: `make browser` installs one.")
    expect.set_options(timeout=20_000)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=ARGUMENTS)
        yield browser
        browser.close()


@pytest.fixture(scope="module")
def address(site: Path) -> Iterator[str]:
    """Serve the site, as a host of static pages does."""
    handler = partial(SilentHandler, directory=site)
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()


class SilentHandler(SimpleHTTPRequestHandler):
    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture(params=["light", "dark"])
def page(
    browser: Browser, address: str, request: pytest.FixtureRequest
) -> Iterator[Page]:
    """A page of the site, whose requests must all go to the site."""
    context = browser.new_context(base_url=address, color_scheme=request.param)
    page = context.new_page()
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    yield page
    context.close()
    assert asked
    own = (f"{address}/", "data:", f"blob:{address}/")
    assert [url for url in asked if not url.startswith(own)] == []


@pytest.mark.parametrize(
    ("name", "diagrams"),
    [
        ("index.html", 1),
        ("docs/architecture.html", 1),
        ("docs/payment-lifecycle.html", 2),
    ],
)
def test_diagrams_are_drawn_by_the_sites_own_files(
    page: Page, name: str, diagrams: int
) -> None:
    page.goto(name)

    expect(page.locator("div.mermaid")).to_have_count(diagrams)
    expect(page.locator("pre.mermaid")).to_have_count(0)


def test_the_search_finds_a_page(page: Page) -> None:
    page.goto("index.html")

    page.keyboard.press("/")
    page.keyboard.type("dead-letter queue")

    found = page.locator(".md-search-result__link").first
    expect(found).to_have_attribute("href", re.compile("operations"))


@pytest.mark.parametrize("name", ["index.html", "docs/payment-lifecycle.html"])
def test_a_page_has_no_serious_obstacle(page: Page, name: str) -> None:
    page.goto(name)

    found = Axe().run(page).response["violations"]

    assert {each["id"] for each in found if each["impact"] in SERIOUS} == set()

"""docs/glossary.md: each term is in use, and no word that a term replaced is."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.template_file import ROOT

PAGE = ROOT / "docs/glossary.md"
CODE = sorted(
    path
    for folder in ("layers/common/checkout", "functions", "cli")
    for path in (ROOT / folder).rglob("*.py")
)
# The glossary lists what a term replaced.
DOCS = sorted({*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md")} - {PAGE})
DEPLOYED = [ROOT / "template.yaml", ROOT / "samconfig.toml", ROOT / "checkout"]
CHECKED = [*CODE, *DOCS, *DEPLOYED]

# Words that are not used, each with the word that is.
INSTEAD = {
    r"claims?": "sale key",
    r"settle[sd]?|settling|settlements?": "fulfill, fulfillment",
    r"sweeps?|sweeping|swept": "reconcile",
    r"(?<!payment )(?<!payment_)intents?": "payment session, prepared",
    r"in vain": "unfulfillable payment",
    r"(?:do|does|did) not add up": "quarantine",
    r"payable": "live session, can be paid",
    r"told|hears?|heard": "report, publish, receive",
    r"nouns?": "item type",
    r"facts": "fields, details",
    r"deeds?": "operations",
    r"doors?": "client",
    r"the proof": "property tests",
}
BANNED = re.compile(
    "|".join(rf"(?P<w{n}>\b(?:{word})\b)" for n, word in enumerate(INSTEAD)),
    re.IGNORECASE,
)

# Where another party's word is meant, by file and word.
ALLOWED = {
    # A claim of a JSON Web Token.
    ("layers/common/checkout/api/request.py", "claim"),
    ("layers/common/checkout/api/request.py", "claims"),
    ("layers/common/checkout/config.py", "claim"),
    ("template.yaml", "claim"),
    ("docs/api.md", "claim"),
    ("docs/identity.md", "claim"),
    ("docs/sam-local.md", "claims"),
    # In the title of a sample offer.
    ("docs/api.md", "door"),
    # Decisions that are under revision elsewhere, or keep a title of their time.
    ("docs/adr/0002-dependencies.md", "told"),
    ("docs/adr/0013-small-at-cold-start.md", "doors"),
    ("docs/adr/README.md", "doors"),
    ("docs/adr/0028-modules-by-what-they-may-know.md", "noun"),
    ("docs/adr/0028-modules-by-what-they-may-know.md", "nouns"),
}


def rows() -> list[list[str]]:
    table_rows = re.findall(r"^\| (\*\*.*) \|$", PAGE.read_text(), re.MULTILINE)
    return [row.split(" | ") for row in table_rows]


def terms() -> list[str]:
    return [term for row in rows() for term in re.findall(r"\*\*(.+?)\*\*", row[0])]


def banned(text: str) -> Iterator[tuple[int, str, str]]:
    """Yield the line, the word and what to write instead."""
    instead = list(INSTEAD.values())
    for number, line in enumerate(text.splitlines(), 1):
        for found in BANNED.finditer(line):
            assert found.lastgroup
            yield number, found[0], instead[int(found.lastgroup[1:])]


def test_every_term_has_a_sentence_a_contrast_and_a_place():
    assert len(rows()) > 40
    for row in rows():
        assert len(row) == 4 and all(row), row  # noqa: PT018
        _, meaning, _, place = row
        assert meaning.endswith("."), row
        assert re.fullmatch(r"(`[^`]+`(, | )?)+", place), row


def test_no_term_is_listed_twice():
    assert len(set(terms())) == len(terms())


@pytest.mark.parametrize("term", terms())
def test_a_term_is_used_by_code_and_pages(term: str):
    used = re.compile(rf"\b{re.escape(term)}", re.IGNORECASE)
    joined = re.compile(rf"{re.escape(term.replace(' ', ''))}", re.IGNORECASE)
    in_pages = any(used.search(path.read_text()) for path in DOCS)
    in_code = any(
        used.search(re.sub(r"[_\s]+", " ", text)) or joined.search(text)
        for text in (
            path.read_text() for path in [*CODE, *DEPLOYED, *ROOT.glob("tests/**/*.py")]
        )
    )
    assert in_pages, "no page uses it"
    assert in_code, "no code uses it"


def test_every_place_is_a_file_and_a_name_in_it():
    for row in rows():
        source = ""
        for name in re.findall(r"`([^`]+)`", row[3]):
            places = [ROOT / name, ROOT / "layers/common/checkout" / name]
            if found := [path for path in places if path.is_file()]:
                source = found[0].read_text()
                continue
            member = name.removesuffix("()").rpartition(".")[2]
            assert re.search(rf"^ *(?:def |class )?{member}\b", source, re.MULTILINE), (
                row
            )


@pytest.mark.parametrize("path", CHECKED, ids=lambda path: str(path.relative_to(ROOT)))
def test_no_replaced_word_is_used(path: Path):
    name = str(path.relative_to(ROOT))
    assert [
        f"{name}:{line}: {word!r}; write: {instead}"
        for line, word, instead in banned(path.read_text())
        if (name, word.lower()) not in ALLOWED
    ] == []


@pytest.mark.parametrize(
    "line", ["It settles the claim.", "An intent was paid in vain.", "as I heard"]
)
def test_a_replaced_word_is_found(line: str):
    assert list(banned(line))


@pytest.mark.parametrize(
    "line", ["the payment intent", "PaymentIntent", "settlementCurrency", "`claims_it`"]
)
def test_a_word_of_another_party_is_none(line: str):
    assert not list(banned(line))

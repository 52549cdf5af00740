"""The storefront is JavaScript, and so are its tests: Node runs them if it is here."""

from pathlib import Path

from tests.npm import needs_node, run_node_tests

HERE = Path(__file__).parent


@needs_node
def test_what_the_storefront_computes() -> None:
    tests = sorted(HERE.glob("*.test.mjs"))
    assert tests
    run_node_tests("--import", HERE / "served.mjs", "--test", *tests)

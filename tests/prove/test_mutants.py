"""The mutants can be made: their texts are there once, and so are their tests."""

import pytest

from tests.prove.mutants import MUTANTS, ROOT, Mutant, mutated


@pytest.mark.parametrize("mutant", MUTANTS, ids=lambda mutant: mutant.name)
def test_a_mutant_changes_its_module_and_names_its_test(mutant: Mutant) -> None:
    compile(mutated(mutant), mutant.module, "exec")
    path, _, name = mutant.caught_by.partition("::")
    assert f"def {name}(" in (ROOT / path).read_text()

"""What `restore` has rebuilt, and what it could not."""

from dataclasses import dataclass, field


@dataclass
class Rebuilt:
    """How much was rebuilt; *problems* are sentences about what a person must see."""

    purchases: int = 0
    sessions: int = 0
    pointers: int = 0
    ownerships: int = 0
    counters: int = 0
    offers: int = 0
    dismissed: int = 0
    erased: int = 0
    problems: list[str] = field(default_factory=list)

    def problem(self, sentence: str) -> None:
        self.problems.append(sentence)

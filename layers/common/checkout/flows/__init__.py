"""What the system does: one module for each thing."""

from dataclasses import dataclass
from typing import dataclass_transform


@dataclass_transform(kw_only_default=True)
def flow[T](cls: type[T]) -> type[T]:
    """
    Declare a flow, whose annotations are the objects that it works with.

    They are passed by keyword. A flow is never compared nor printed: a frozen dataclass
    would add 3 million instructions to each cold start for nothing.
    """
    return dataclass(kw_only=True, eq=False, repr=False)(cls)

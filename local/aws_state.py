"""
Saves and restores the state of MiniStack: a whole deployment, or the data in it.

It runs in MiniStack's process. MiniStack can persist its state only from one stop to
the next start, so this module calls the parts of that itself. Their names are private:
`NAMES` lists them, and tests/local/test_ministack.py fails when one of them goes.
"""

from __future__ import annotations

import json
from collections import defaultdict
from contextlib import contextmanager
from importlib import import_module
from operator import attrgetter
from typing import TYPE_CHECKING, Any

from ministack import app  # type: ignore[import-not-found]
from ministack.core import persistence  # type: ignore[import-not-found]
from ministack.services import dynamodb, lambda_svc, s3, sqs  # type: ignore[import-not-found]

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

NAMES = {
    "ministack.app": (
        "_build_persistence_save_dict",
        "_get_module",
        "_state_map",
        "app",
        "main",
    ),
    "ministack.core.iam_actions": ("extract_iam_action",),
    "ministack.core.lambda_runtime": (
        "Worker._spawn",
        "_lock",
        "_workers",
        "ensure_spawned",
        "kill_workers",
    ),
    "ministack.core.persistence": (
        "PERSIST_STATE",
        "STATE_DIR",
        "_json_default",
        "_json_object_hook",
        "load_state",
        "save_state",
    ),
    "ministack.services.dynamodb": (
        "_INDEX_MEMBERS",
        "_tables",
        "stream_end_position",
    ),
    "ministack.services.lambda_svc": (
        "CODE_BLOB_DIR",
        "_dynamodb_stream_positions",
        "_iter_all_esms",
        "_resolve_layer_zip",
        "_sqs_esm_concurrency",
    ),
    "ministack.services.s3": ("_buckets",),
    "ministack.services.sqs": ("_queues",),
}

# What the service's own state leaves out: `sam deploy` compares with it.
OBJECTS = "s3-objects.json"


def missing_names() -> list[str]:
    """Return the names that this version of MiniStack does not have any more."""
    return [
        f"{module}.{name}"
        for module, names in NAMES.items()
        for name in names
        if not _has(import_module(module), name)
    ]


def _has(thing: object, name: str) -> bool:
    try:
        attrgetter(name)(thing)
    except AttributeError:
        return False
    return True


def save(folder: Path) -> None:
    """Save everything that is deployed; raise if a part of it cannot be saved."""
    folder.mkdir(parents=True, exist_ok=True)
    with _persisted_in(folder):
        for key, get_state in app._build_persistence_save_dict().items():  # noqa: SLF001
            if (state := get_state()) is not None:
                # It only logs a failure.
                persistence.save_state(key, state)
                if not (folder / f"{key}.json").exists():
                    raise OSError(f"MiniStack could not save the state of {key}.")
        objects = {
            scope: bucket["objects"]
            for scope, bucket in s3._buckets._data.items()  # noqa: SLF001
        }
        _write(folder / OBJECTS, [[*key, value] for key, value in objects.items()])


def restore(folder: Path) -> None:
    """Restore what `save` has saved; raise if a part of it cannot be restored."""
    with _persisted_in(folder):
        for key, module in app._state_map.items():  # noqa: SLF001
            if not (folder / f"{key}.json").exists():
                continue
            state = persistence.load_state(key)
            if state is None:  # it only logs a failure
                raise OSError(f"MiniStack could not read the state of {key}.")
            app._get_module(module).load_persisted_state(state)  # noqa: SLF001
        for account, name, objects in _read(folder / OBJECTS):
            s3._buckets._data[account, name]["objects"] = objects  # noqa: SLF001


def data(names: Mapping[str, str]) -> str:
    """
    Return the items of all tables and the messages of all queues, as JSON.

    *names* has the name in the template of each table and queue by its name here.
    """
    return json.dumps(
        {
            "tables": {
                names.get(name, name): table["items"]
                for (_, _, name), table in dynamodb._tables.all_items()  # noqa: SLF001
            },
            "queues": {
                names.get(queue["name"], queue["name"]): queue["messages"]
                for queue in sqs._queues.all_values()  # noqa: SLF001
            },
        },
        default=persistence._json_default,  # noqa: SLF001
    )


def put_data(saved: str, names: Mapping[str, str]) -> None:
    """
    Put back what `data` has returned, into the tables and queues of the same names.

    The tables' streams get no records: nothing is published a second time.
    """
    read = json.loads(saved, object_hook=persistence._json_object_hook)  # noqa: SLF001
    for (_, _, name), table in dynamodb._tables.all_items():  # noqa: SLF001
        if (items := read["tables"].get(names.get(name, name))) is not None:
            table["items"] = defaultdict(dict, items)
            table["ItemCount"] = sum(map(len, items.values()))
            # The members of its indexes, which are computed anew.
            table.pop(dynamodb._INDEX_MEMBERS, None)  # noqa: SLF001
    for queue in sqs._queues.all_values():  # noqa: SLF001
        for message in read["queues"].get(names.get(queue["name"], queue["name"]), ()):
            # Whoever had received it is gone.
            queue["messages"].append(message | {"visible_at": 0})


def is_published() -> bool:
    """Return whether the functions behind the tables' streams have read all of them."""
    for account, region, mapping in lambda_svc._iter_all_esms():  # noqa: SLF001
        source = mapping.get("EventSourceArn", "")
        if ":dynamodb:" not in source:
            continue
        table = source.partition(":table/")[2].partition("/")[0]
        end = dynamodb.stream_end_position(table, account_id=account, region=region)
        place = account, region, mapping["UUID"]
        positions = lambda_svc._dynamodb_stream_positions._data  # noqa: SLF001
        if positions.get(place, end) < end:
            return False
    return True


@contextmanager
def _persisted_in(folder: Path) -> Iterator[None]:
    """Let MiniStack persist in this folder, and nowhere else afterwards."""
    before = persistence.STATE_DIR, lambda_svc.CODE_BLOB_DIR
    persistence.PERSIST_STATE = True
    persistence.STATE_DIR = str(folder)
    lambda_svc.CODE_BLOB_DIR = str(folder / "lambda-blobs")
    try:
        yield
    finally:
        persistence.PERSIST_STATE = False
        persistence.STATE_DIR, lambda_svc.CODE_BLOB_DIR = before


def _write(path: Path, value: Any) -> None:  # noqa: ANN401 - JSON
    path.write_text(json.dumps(value, default=persistence._json_default))  # noqa: SLF001


def _read(path: Path) -> Any:  # noqa: ANN401 - JSON
    return json.loads(path.read_text(), object_hook=persistence._json_object_hook)  # noqa: SLF001

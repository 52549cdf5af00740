"""Before anything is installed, `make run` knows whether it can."""

import ast
import os
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from local.lock import Lock
from local.settings import StackError

ROOT = Path(__file__).parents[2]
FREE = dict.fromkeys(["AWS_PORT", "STRIPE_PORT", "ISSUER_PORT", "STOREFRONT_PORT"], "0")
# What runs on the Python of the machine, before there is another.
BEFORE = ["__init__", "before_run", "lock", "settings"]


def checked(folder, **env):
    """Run the check as `make run` does, without any package."""
    return subprocess.run(
        [sys.executable, "-S", "-m", "local.before_run"],
        cwd=ROOT,
        env={"PATH": os.environ["PATH"], "CHECKOUT_LOCAL_DIR": str(folder)}
        | FREE
        | env,
        capture_output=True,
        text=True,
        check=False,
    )


# Holds the lock until it is killed.
HOLD = """
import sys, time
from pathlib import Path
from local.lock import Lock
lock = Lock.take(Path(sys.argv[1]))
lock.describe(pid=42, storefront_url="http://localhost:3000")
print("held", flush=True)
time.sleep(600)
"""


@pytest.fixture
def other(tmp_path):
    """Another process that has the folder's lock."""
    with subprocess.Popen(
        [sys.executable, "-c", HOLD, tmp_path], cwd=ROOT, stdout=subprocess.PIPE
    ) as process:
        assert process.stdout.readline() == b"held\n"
        yield process
        process.kill()


# ---------------------------------------------------------------- the lock


@pytest.mark.usefixtures("other")
def test_a_second_run_says_what_runs_where_and_touches_nothing(tmp_path):
    before = {path: path.read_bytes() for path in tmp_path.iterdir()}

    with pytest.raises(StackError) as refusal:
        Lock.take(tmp_path)

    said = str(refusal.value)
    assert f"A stack runs in {os.path.relpath(tmp_path, ROOT)} already" in said
    assert "process 42; its storefront is http://localhost:3000." in said
    assert "press Ctrl-C in its terminal, or run: kill 42\n" in said
    assert f"make run CHECKOUT_LOCAL_DIR={os.path.relpath(tmp_path, ROOT)}/2 " in said
    assert {path: path.read_bytes() for path in tmp_path.iterdir()} == before


@pytest.mark.usefixtures("other")
def test_the_check_says_the_same_even_if_the_ports_are_taken_too(tmp_path):
    """By the stack that runs: its ports are not what is wrong."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        answer = checked(tmp_path, AWS_PORT=str(taken.getsockname()[1]))

    assert answer.returncode == 1
    assert "A stack runs in" in answer.stderr
    assert "in use" not in answer.stderr


def test_a_run_that_crashed_does_not_lock_the_folder(tmp_path, other):
    other.kill()
    other.wait()

    assert checked(tmp_path).returncode == 0
    lock = Lock.take(tmp_path)
    assert str(os.getpid()) in (tmp_path / "lock").read_text()
    lock.close()


def test_the_servers_of_a_run_that_crashed_do_not_keep_its_lock(tmp_path):
    lock = Lock.take(tmp_path)
    with subprocess.Popen(["sleep", "600"], close_fds=False) as server:
        lock.close()

        Lock.take(tmp_path).close()
        server.kill()


@pytest.mark.usefixtures("other")
def test_another_folder_is_another_stack(tmp_path):
    lock = Lock.take(tmp_path / "2")

    assert checked(tmp_path / "3").returncode == 0
    lock.close()


def test_a_lock_that_is_being_written_is_one(tmp_path):
    lock = Lock.take(tmp_path)
    (tmp_path / "lock").write_text("")

    answer = checked(tmp_path)

    assert "another process; it has just been started." in answer.stderr
    lock.close()


# ---------------------------------------------------------------- the check


def test_nothing_is_wrong_in_a_new_folder_and_nothing_is_written(tmp_path):
    answer = checked(tmp_path / "new")

    assert (answer.returncode, answer.stderr) == (0, "")
    assert not (tmp_path / "new").exists()


@pytest.mark.parametrize(
    ("env", "said"),
    [
        ({"AWS_PORT": "http"}, "AWS_PORT must be a port number"),
        ({"ALLOWED_ORIGINS": "*"}, "ALLOWED_ORIGINS has '*'"),
        ({"STRIPE_SECRET_KEY": "sk_live_1"}, "must be a test key"),
    ],
)
def test_a_setting_that_cannot_be_is_named_before_anything_is_installed(
    tmp_path, env, said
):
    answer = checked(tmp_path, **env)

    assert answer.returncode == 1
    assert said in answer.stderr


def test_a_taken_port_is_found_without_a_single_package(tmp_path):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        answer = checked(tmp_path, STRIPE_PORT=str(port))

    assert answer.returncode == 1
    assert f"Port {port} (STRIPE_PORT) is in use." in answer.stderr
    assert "Traceback" not in answer.stderr


@pytest.mark.parametrize("module", BEFORE)
def test_it_runs_on_an_old_python(module):
    """Its syntax and its modules; annotations are never evaluated."""
    source = (ROOT / f"local/{module}.py").read_text()
    tree = ast.parse(source, feature_version=(3, 8))

    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and node.module.startswith("local"):
            names = [node.module.removeprefix("local").lstrip(".")]
            if names == [""]:
                names = [alias.name for alias in node.names]
            assert set(names) <= set(BEFORE)


def test_make_run_checks_before_it_installs():
    answer = subprocess.run(
        [
            *("make", "--dry-run", "--no-print-directory", "run"),
            *("--what-if=requirements/dev.txt", "--what-if=requirements/uv.txt"),
        ],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )

    assert answer.stdout.splitlines()[0] == "python3 -m local.before_run"

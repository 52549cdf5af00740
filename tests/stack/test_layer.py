"""The layer as it is built: what Lambda gets, without an AWS to deploy it to."""

import json
import os
import shutil
import ssl
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

import pytest

from local.sam import FUNCTION_PYTHON
from tests.template_file import ROOT, functions

UNZIPPED_LIMIT = 250 * 1024 * 1024

# Runs in an interpreter that has nothing but a function and the layer.
LOAD = """
import importlib.machinery, sys

def source_to_code(self, data, path, **kwargs):
    raise ImportError(path + " has no valid bytecode")

importlib.machinery.SourceFileLoader.source_to_code = source_to_code
import app
"""
SDK = """
from checkout.clients import stripe_sdk
v1 = stripe_sdk.client("sk_test_1", "http://127.0.0.1:1").v1
v1.checkout.sessions, v1.refunds
"""


WITH_UV = os.environ | {"PATH": f"{ROOT / '.venvs/uv/bin'}:{os.environ['PATH']}"}


def build_layer(folder: Path, env: Mapping[str, str]) -> Path:
    """Build the layer as SAM does: by make, in a copy of its folder."""
    shutil.copytree(ROOT / "layers/common", folder, dirs_exist_ok=True)
    built = folder / "built"
    built.mkdir()
    subprocess.run(
        ["make", "--silent", f"ARTIFACTS_DIR={built}", "build-CommonLayer"],
        check=True,
        cwd=folder,
        env=env,
        stderr=subprocess.PIPE,
        text=True,
    )
    return built / "python"


def build_functions(folder: Path, env: Mapping[str, str]) -> Path:
    """Build each function by the makefile that SAM calls."""
    for name, function in functions().items():
        target = folder / name
        target.mkdir()
        subprocess.run(
            [
                *("make", "--silent", f"ARTIFACTS_DIR={target}"),
                *("--file", str(ROOT / "functions/Makefile"), f"build-{name}"),
            ],
            check=True,
            cwd=ROOT / function["CodeUri"],
            env=env,
        )
    return folder


@pytest.fixture(scope="module")
def layer(tmp_path_factory):
    return build_layer(tmp_path_factory.mktemp("layer"), WITH_UV)


@pytest.fixture(scope="module")
def local_layer(tmp_path_factory):
    """The layer of `make run`, for the interpreter that runs the functions there."""
    return build_layer(
        tmp_path_factory.mktemp("layer"),
        WITH_UV | {"LAYER_PYTHON": str(FUNCTION_PYTHON)},
    )


@pytest.fixture(scope="module")
def built_functions(tmp_path_factory):
    return build_functions(tmp_path_factory.mktemp("functions"), WITH_UV)


@pytest.fixture
def without_uv(tmp_path):
    """Return an environment with plain tools: make, a shell, Python and its pip."""
    tools = tmp_path / "bin"
    tools.mkdir()
    for name in ("awk", "cp", "find", "make", "mkdir", "rm", "sh"):
        (tools / name).symlink_to(shutil.which(name))
    environment = tmp_path / "python"
    subprocess.run([sys.executable, "-m", "venv", environment], check=True)
    return os.environ | {"PATH": f"{environment / 'bin'}:{tools}"}


def files_of(folder: Path) -> dict[str, bytes]:
    return {
        str(path.relative_to(folder)): path.read_bytes()
        for path in folder.rglob("*")
        if path.is_file()
    }


def test_plain_tools_build_what_uv_builds(layer, built_functions, without_uv, tmp_path):
    """`sam build` needs nothing but the SAM CLI, make and Python 3.13."""
    assert shutil.which("uv", path=without_uv["PATH"]) is None

    plain_layer = build_layer(tmp_path / "layer", without_uv)
    (tmp_path / "functions").mkdir()
    plain_functions = build_functions(tmp_path / "functions", without_uv)

    assert files_of(plain_layer) == files_of(layer)
    assert files_of(plain_functions) == files_of(built_functions)


def test_a_build_without_python_3_13_says_what_is_missing(without_uv, tmp_path):
    shutil.rmtree(tmp_path / "python")

    with pytest.raises(subprocess.CalledProcessError) as failed:
        build_layer(tmp_path / "layer", without_uv)

    assert "requires Python 3.13, or uv" in failed.value.stderr


def load(
    function: Path, layer: Path, then: str = "", *, python: str = sys.executable
) -> set[str]:
    """Import a function's module as Lambda does; return what it has loaded."""
    found = subprocess.run(
        [python, "-S", "-c", LOAD + then + "\nprint(*sorted(sys.modules))"],
        check=True,
        capture_output=True,
        text=True,
        env={
            "PYTHONPATH": f"{function}:{layer}",
            "PYTHONDONTWRITEBYTECODE": "1",
            "METRICS_FORMAT": "cloudwatch",
            "POWERTOOLS_METRICS_NAMESPACE": "Checkout",
            "POWERTOOLS_SERVICE_NAME": "test",
        },
    )
    return set(found.stdout.split())


@pytest.mark.parametrize("function", sorted(functions()))
def test_a_function_runs_on_the_layer_alone_and_compiles_nothing(
    layer, built_functions, function
):
    loaded = load(built_functions / function, layer)

    assert "app" in loaded
    # The document is a file of the function, which needs nothing of the layer.
    assert ("checkout" in loaded) == (function != "OpenApiFunction")


def test_the_stripe_sdk_loads_from_bytecode_and_without_requests(
    layer, built_functions
):
    loaded = load(built_functions / "CreateSessionFunction", layer, SDK)

    assert "stripe.checkout._session_service" in loaded
    assert not {"requests", "certifi", "aiohttp", "httpx"} & loaded


def test_the_layer_runs_on_either_processor(layer):
    binaries = {path.name for path in layer.rglob("*.so")}
    for processor in ("aarch64", "x86_64"):
        assert any(processor in name for name in binaries)
    assert len(binaries) % 2 == 0, "a module is built for one of them only"


def test_the_layer_describes_only_the_services_that_are_called(layer):
    data = layer / "botocore/data"
    services = {path.name for path in data.iterdir() if path.is_dir()}
    assert services == {"dynamodb", "events", "secretsmanager", "sqs"}
    for partition in json.loads((data / "endpoints.json").read_text())["partitions"]:
        assert set(partition["services"]) <= services


def test_the_layer_trusts_amazons_own_certificates(layer):
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.load_verify_locations(layer / "amazon-roots.pem")

    names = {
        dict(pair[0] for pair in ca["subject"])["commonName"]
        for ca in context.get_ca_certs()
    }

    assert names == {
        "Amazon Root CA 1",
        "Amazon Root CA 2",
        "Amazon Root CA 3",
        "Amazon Root CA 4",
        "Starfield Services Root Certificate Authority - G2",
    }


def test_the_layer_leaves_room_in_lambdas_limit(layer):
    size = sum(path.stat().st_size for path in layer.rglob("*") if path.is_file())
    assert size < UNZIPPED_LIMIT / 2


# ---------------------------------------------------------------- `make run`


def test_the_local_layer_has_what_one_interpreter_loads_and_nothing_else(local_layer):
    binaries = [path.name for path in local_layer.rglob("*.so")]
    modules = [name.partition(".")[0] for name in binaries]

    assert binaries
    assert len(modules) == len(set(modules))


def test_but_for_the_binaries_it_is_the_layer_of_lambda(local_layer, layer):
    def sources(folder):
        return {
            name: content
            for name, content in files_of(folder).items()
            # Tags of the wheels name the platform.
            if not name.endswith((".so", ".pyc", "/WHEEL"))
        }

    assert sources(local_layer) == sources(layer)


def test_functions_run_on_it_and_compile_nothing(local_layer, built_functions):
    loaded = load(
        built_functions / "CreateSessionFunction",
        local_layer,
        SDK,
        python=str(FUNCTION_PYTHON),
    )

    assert {"app", "checkout", "pydantic_core._pydantic_core"} <= loaded


def test_it_is_built_without_network_once_uv_has_its_packages(local_layer, tmp_path):
    """Only the cache of uv is there: each connection goes to a proxy that is not."""
    nowhere = dict.fromkeys(
        ["HTTPS_PROXY", "HTTP_PROXY", "ALL_PROXY"], "http://[::1]:1"
    )
    offline = WITH_UV | nowhere | {"NO_PROXY": "", "LAYER_PYTHON": str(FUNCTION_PYTHON)}

    again = build_layer(tmp_path, offline)

    assert files_of(again) == files_of(local_layer)


def test_what_is_deployed_is_for_lambda_whatever_the_environment_says():
    answer = subprocess.run(
        ["make", "--dry-run", "--no-print-directory", "build"],
        check=True,
        cwd=ROOT,
        env=os.environ | {"LAYER_PYTHON": "/usr/bin/python3"},
        capture_output=True,
        text=True,
    )

    assert " LAYER_PYTHON= .venvs/sam/bin/sam build\n" in answer.stdout

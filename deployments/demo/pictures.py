"""The documentation's pictures of a real Prefect server and a real report: ``make pictures``.

Three nights run through a server and a worker. Chromium and its chromedriver have to be installed
and port 4277 has to be free. What it makes lies in ``build/pictures``, which is emptied first.
"""

import os
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
import load
from PIL import Image
from selenium.webdriver import Chrome, ChromeOptions, ChromeService
from selenium.webdriver.common.by import By
from selenium.webdriver.support.expected_conditions import element_to_be_clickable
from selenium.webdriver.support.ui import WebDriverWait

HERE = Path(__file__).parent
ROOT = HERE.parents[1]
HOME, PICTURES = ROOT / "build" / "pictures", ROOT / "docs" / "pictures"
SERVER = "http://127.0.0.1:4277"
NIGHTS = ("2026-01-07", "2026-01-08", "2026-01-09")
PATIENCE, DRAWING = 120, 4
"""Seconds for a page to show what it is to show, and for it to be drawn."""
WIDTH, COLOURS = 1360, 96
ENVIRONMENT = {
    **os.environ,
    "NIGHTFLAG_DATABASE_URL": f"sqlite:///{HOME / 'demo.db'}",
    "NIGHTFLAG_HOME": str(HOME),
    "NIGHTFLAG_MONITORS": str(HERE / "monitors"),
    "PREFECT_HOME": str(HOME / "prefect"),
    "PREFECT_API_URL": f"{SERVER}/api",
    "PREFECT_SERVER_API_PORT": SERVER.rpartition(":")[2],
    "PREFECT_SERVER_ANALYTICS_ENABLED": "false",
    "DO_NOT_TRACK": "1",
}


def main() -> None:
    """Write the pictures into ``docs/pictures``."""
    shutil.rmtree(HOME, ignore_errors=True)
    HOME.mkdir(parents=True)
    load.load(ENVIRONMENT["NIGHTFLAG_DATABASE_URL"])
    with running("prefect server start"):
        wait_for_server()
        run("nightflag deploy")
        with running("prefect worker start --pool nightflag"):
            for night in NIGHTS:
                run(f"prefect deployment run nightly/shuttle --param as_of={night}T00:00Z --watch")
        with chromium() as browser:
            photograph(browser)


def photograph(browser: Chrome) -> None:
    """The deployments, a run, its flags, a form of parameters, and the report."""
    shown = f"{SERVER}/deployments"
    take(browser, shown, "prefect_deployments", height=900, sign="shuttle")
    form = asked("GET", "deployments/name/reflag/shuttle")["id"]
    shown = f"{SERVER}/deployments/deployment/{form}/run"
    take(browser, shown, "prefect_form", height=1180, sign="Another alarm rate")
    name = f"shuttle {NIGHTS[0]} 00:00 UTC"
    wanted = {"name": {"any_": [name]}, "parent_task_run_id": {"is_null_": True}}
    [night] = asked("POST", "flow_runs/filter", json={"flow_runs": wanted})
    shown = f"{SERVER}/runs/flow-run/{night['id']}"
    take(browser, shown, "prefect_night", height=900, sign=">Artifacts<", tab="artifacts")
    wanted = {"key": {"any_": ["shuttle-flags"]}}
    [flags] = asked("POST", "artifacts/latest/filter", json={"artifacts": wanted})
    shown = f"{SERVER}/artifacts/artifact/{flags['latest_id']}"
    take(browser, shown, "prefect_flags", height=700, sign="was expected")
    page = HOME / "reports" / "shuttle" / f"{NIGHTS[-1]}T0000Z.html"
    take(browser, page.as_uri(), "report", height=1000, sign="flagged", width=1000)


def take(
    browser: Chrome,
    address: str,
    name: str,
    *,
    height: int,
    sign: str,
    tab: str = "",
    width: int = WIDTH,
) -> None:
    """One picture of the page at ``address`` once ``sign`` is to be read there."""
    size = {"width": width, "height": height, "deviceScaleFactor": 1, "mobile": False}
    browser.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", size)
    browser.get(address)
    WebDriverWait(browser, PATIENCE).until(lambda page: sign in page.page_source)
    if tab:
        WebDriverWait(browser, PATIENCE).until(element_to_be_clickable((By.ID, tab))).click()
    time.sleep(DRAWING)
    path = PICTURES / f"{name}.png"
    browser.save_screenshot(str(path))
    with Image.open(path) as picture:
        small = picture.convert("RGB").quantize(COLOURS, dither=Image.Dither.NONE)
    small.save(path, optimize=True)
    print(f"wrote {path}, {path.stat().st_size // 1000} kB")


@contextmanager
def chromium() -> Iterator[Chrome]:
    """The browser that is installed, without a window."""
    options = ChromeOptions()
    options.binary_location = shutil.which("chromium") or shutil.which("google-chrome") or ""
    for argument in ("--headless=new", "--no-sandbox", "--disable-gpu", "--hide-scrollbars"):
        options.add_argument(argument)
    with Chrome(options, ChromeService(shutil.which("chromedriver"))) as browser:
        yield browser


@contextmanager
def running(command: str) -> Iterator[None]:
    """The command as a process that goes on until the end of the block."""
    with (HOME / "log.txt").open("ab") as log:
        process = subprocess.Popen(typed(command), env=ENVIRONMENT, stdout=log, stderr=log)
        try:
            yield
        finally:
            process.terminate()
            process.wait()


def run(command: str) -> None:
    """The command from start to end; one that fails ends all."""
    print(command)
    subprocess.run(typed(command), env=ENVIRONMENT, check=True, stdout=subprocess.DEVNULL)


def typed(command: str) -> list[str]:
    """The words of the command, its program from this environment."""
    program, *words = command.split()
    return [str(Path(sys.executable).with_name(program)), *words]


def wait_for_server() -> None:
    """Return once the server answers; :class:`TimeoutError` where it never does."""
    end = time.monotonic() + PATIENCE
    while time.monotonic() < end:
        try:
            httpx.get(f"{SERVER}/api/health").raise_for_status()
        except httpx.HTTPError:
            time.sleep(0.5)
        else:
            return
    raise TimeoutError(f"The server does not answer; see {HOME / 'log.txt'}")


def asked(method: str, path: str, **what: Any) -> Any:
    """What the server answers."""
    answer = httpx.request(method, f"{SERVER}/api/{path}", **what)
    return answer.raise_for_status().json()


if __name__ == "__main__":
    main()

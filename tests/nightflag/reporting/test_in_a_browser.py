"""The page in Chromium, where there is one: what it says, does and looks like to its reader."""

import shutil
from base64 import b64decode
from pathlib import Path

import pytest
from selenium.webdriver import Chrome, ChromeOptions, ChromeService, Keys
from selenium.webdriver.common.by import By

from tests.nightflag.reporting.payments import HOSTILE

FAINT = Path(__file__).with_name("contrast.js").read_text(encoding="utf-8")
PHONE = {"width": 360, "height": 740, "deviceScaleFactor": 1, "mobile": True}


@pytest.fixture(scope="module")
def chromium():
    names = ("chromium", "chromium-browser", "google-chrome", "chrome")
    browser = next(filter(None, map(shutil.which, names)), None)
    driver = shutil.which("chromedriver")
    if not (browser and driver):
        pytest.skip("NOT TRIED IN A BROWSER: Chromium with its chromedriver is not installed here")
    options = ChromeOptions()
    options.binary_location = browser
    for argument in ("--headless=new", "--no-sandbox", "--disable-gpu", "--window-size=1200,900"):
        options.add_argument(argument)
    options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
    with Chrome(options, ChromeService(driver)) as chrome:
        yield chrome


@pytest.fixture(params=["light", "dark"])
def themed(request, chromium):
    scheme = {"name": "prefers-color-scheme", "value": request.param}
    chromium.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": [scheme]})
    yield chromium
    chromium.execute_cdp_cmd("Emulation.setEmulatedMedia", {"media": "", "features": []})


@pytest.fixture(params=["night", "list"])
def path(request, written):
    return written if request.param == "night" else written.with_name("index.html")


@pytest.fixture
def flags(chromium, written):
    chromium.get(written.as_uri())
    return chromium.find_element(By.ID, "flags")


def column(chromium, name):
    cells = f"#flags tbody tr:not([hidden]) td[data-name={name}]"
    read = "return [...document.querySelectorAll(arguments[0])].map((cell) => +cell.dataset.value)"
    return chromium.execute_script(read, cells)


def heading(flags, name):
    return flags.find_element(By.XPATH, f".//thead//button[.='{name}']")


def test_every_theme_is_legible_and_nothing_is_complained_of(themed, path):
    themed.get(path.as_uri())
    assert themed.execute_script(FAINT) == {}
    assert themed.get_log("browser") == []


def test_the_themes_differ(chromium, written):
    chromium.get(written.as_uri())
    grounds = set()
    for scheme in ("light", "dark"):
        feature = {"name": "prefers-color-scheme", "value": scheme}
        chromium.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": [feature]})
        body = chromium.find_element(By.TAG_NAME, "body")
        grounds.add(body.value_of_css_property("background-color"))
    assert len(grounds) == 2


def test_a_click_on_a_heading_sorts_and_the_next_one_turns_it_round(flags, chromium):
    before = column(chromium, "score")
    heading(flags, "score").click()
    assert column(chromium, "score") == sorted(before) != before
    heading(flags, "score").click()
    assert column(chromium, "score") == sorted(before, reverse=True)
    marked = flags.find_elements(By.CSS_SELECTOR, "[aria-sort]")
    assert [(one.text, one.get_attribute("aria-sort")) for one in marked] == [
        ("score", "descending")
    ]


def test_the_keyboard_sorts_as_well(flags, chromium):
    before = column(chromium, "score")
    heading(flags, "score").send_keys(Keys.ENTER)
    assert column(chromium, "score") == sorted(before)


def test_all_words_that_are_searched_for_have_to_be_there(flags, chromium):
    every = len(column(chromium, "score"))
    field = chromium.find_element(By.ID, "flags-search")
    found = chromium.find_element(By.CSS_SELECTOR, "output[for=flags-search]")
    assert (field.accessible_name, found.text) == ("Search the flags", "")
    field.send_keys(f"AMOUNT {HOSTILE}")
    assert (len(column(chromium, "score")), found.text) == (1, f"1 of {every} shown")
    field.send_keys(" nowhere")
    assert (len(column(chromium, "score")), found.text) == (0, f"0 of {every} shown")
    field.send_keys(Keys.CONTROL, "a", Keys.DELETE)
    assert len(column(chromium, "score")) == every


def test_a_phone_never_scrolls_sideways(chromium, path):
    chromium.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", PHONE)
    try:
        chromium.get(path.as_uri())
        width = chromium.execute_script("return document.documentElement.scrollWidth")
        heads = chromium.find_elements(By.CSS_SELECTOR, "table.sortable thead button")
        shown = [head.is_displayed() for head in heads]
    finally:
        chromium.execute_cdp_cmd("Emulation.clearDeviceMetricsOverride", {})
    assert width == PHONE["width"]
    assert shown
    assert all(shown)


def test_everything_to_see_or_to_operate_has_a_name(chromium, path):
    chromium.get(path.as_uri())
    found = chromium.find_elements(By.CSS_SELECTOR, "a, button, input, svg, summary, [role=group]")
    assert found
    assert all(one.accessible_name for one in found)
    assert len(chromium.find_elements(By.TAG_NAME, "h1")) == 1


def test_what_is_printed_has_no_controls_and_white_paper(chromium, written):
    chromium.get(written.as_uri())
    chromium.execute_cdp_cmd("Emulation.setEmulatedMedia", {"media": "print"})
    body = chromium.find_element(By.TAG_NAME, "body")
    assert body.value_of_css_property("background-color") in (
        "rgb(255, 255, 255)",
        "rgba(255, 255, 255, 1)",
    )
    assert not chromium.find_element(By.ID, "flags-search").is_displayed()
    chromium.execute_cdp_cmd("Emulation.setEmulatedMedia", {"media": ""})
    assert b64decode(chromium.print_page()).startswith(b"%PDF")

"""The report in headless Chromium: light and dark, a desk and a phone; skipped where there is no Chromium with its driver."""

import json
import shutil

import pytest

from rnnlab.report import html

CHROMIUM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
DRIVER = shutil.which("chromedriver")
pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(not (CHROMIUM and DRIVER), reason="needs chromium and chromedriver on the PATH"),
]

OVERLAPS = """
const seen = [...document.querySelectorAll("svg text")].filter((text) => text.getClientRects().length);
const boxes = seen.map((text) => [text.textContent, text.ownerSVGElement, text.getBoundingClientRect()]);
const cross = (a, b) => Math.min(a.right, b.right) - Math.max(a.left, b.left) > 1
  && Math.min(a.bottom, b.bottom) - Math.max(a.top, b.top) > 3;
return boxes.flatMap(([name, svg, box], i) => boxes.slice(i + 1)
  .filter(([, other, place]) => svg === other && cross(box, place)).map(([other]) => [name, other]));
"""
OUTSIDE = """
return [...document.querySelectorAll("svg text")].filter((text) => text.getClientRects().length)
  .filter((text) => text.getBoundingClientRect().right > document.documentElement.clientWidth
    || text.getBoundingClientRect().left < 0).map((text) => text.textContent);
"""


@pytest.fixture(scope="module")
def browser():
    from selenium import webdriver
    from selenium.webdriver.chrome.service import Service

    options = webdriver.ChromeOptions()
    options.binary_location = CHROMIUM
    for argument in ("--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage"):
        options.add_argument(argument)
    options.set_capability("goog:loggingPrefs", {"browser": "ALL", "performance": "ALL"})
    driver = webdriver.Chrome(options=options, service=Service(DRIVER))
    yield driver
    driver.quit()


def opened(browser, path, width, scheme):
    """Open the file as a reader with this width and colour scheme sees it; return the addresses it asked for."""
    metrics = {"width": width, "height": 900, "deviceScaleFactor": 1, "mobile": width < 600}
    browser.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", metrics)
    features = [{"name": "prefers-color-scheme", "value": scheme}]
    browser.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": features})
    browser.get_log("performance"), browser.get_log("browser")
    browser.get(path.as_uri())
    events = [json.loads(entry["message"])["message"] for entry in browser.get_log("performance")]
    return [one["params"]["request"]["url"] for one in events if one["method"] == "Network.requestWillBeSent"]


@pytest.fixture
def path(make):
    folder = make.experiment({"none": 0, "variational": -9, "a_longer_name": 4, "zoneout": -1})
    make.change(folder, "zoneout", 3, status="diverged")
    return html.write(folder)


@pytest.fixture
def grid(make):
    """A report on a grid, whose variants have long names."""
    effects = {f"small,cell={cell},dropout={rate}": -rate for cell in ("lstm", "gru") for rate in (0.0, 0.25, 0.5)}
    patches = {"small": {}}
    return html.write(make.experiment(effects, patches=patches, grid={"cell": ["lstm", "gru"], "dropout": [0.0, 0.25, 0.5]}))


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [1200, 360])
def test_every_reader_finds_the_table_and_the_plots(browser, path, width, scheme):
    asked = opened(browser, path, width, scheme)
    assert [address for address in asked if not address.startswith(("data:", path.as_uri()))] == []
    assert browser.get_log("browser") == []
    rows = browser.find_elements("css selector", "#table tbody tr")
    assert [row.find_element("css selector", "th").text for row in rows][:2] == ["none", "variational"]
    plots = [plot for plot in browser.find_elements("css selector", "svg[role=img]") if plot.is_displayed()]
    assert len(plots) == 5
    assert all(plot.accessible_name and plot.size["width"] > 0.8 * min(width, 800) - 40 for plot in plots)
    assert browser.execute_script("return document.documentElement.scrollWidth") <= width, (
        "the page itself never scrolls sideways"
    )
    assert browser.execute_script(OVERLAPS) == []
    assert browser.execute_script(OUTSIDE) == []
    paper = browser.execute_script("return getComputedStyle(document.body).backgroundColor")
    assert paper == ("rgb(255, 255, 255)" if scheme == "light" else "rgb(20, 24, 29)")


@pytest.mark.parametrize("width", [1200, 360])
def test_long_names_have_a_place_of_their_own(browser, grid, width):
    opened(browser, grid, width, "light")
    assert browser.execute_script(OVERLAPS) == []
    assert browser.execute_script(OUTSIDE) == []
    shown = """
        return [...document.querySelectorAll("#seeds svg text")]
          .filter((one) => one.getClientRects().length).map((one) => one.textContent)"""
    assert "small,cell=gru,dropout=0.25" in browser.execute_script(shown)
    assert browser.execute_script("return document.documentElement.scrollWidth") <= width


def test_headings_sort_by_value_with_mouse_and_keyboard(browser, path):
    from selenium.webdriver.common.keys import Keys

    opened(browser, path, 1200, "light")
    column = next(one for one in browser.find_elements("css selector", "#table thead th") if "perplexity" in one.text)
    column.find_element("css selector", "button").click()
    assert names(browser) == ["variational", "zoneout", "none", "a_longer_name"]
    assert column.get_attribute("aria-sort") == "ascending"
    column.find_element("css selector", "button").send_keys(Keys.ENTER)
    assert names(browser) == ["a_longer_name", "none", "zoneout", "variational"]
    assert column.get_attribute("aria-sort") == "descending"


def test_many_variants_are_filtered_by_the_keyboard(browser, make):
    from selenium.webdriver.common.keys import Keys

    patches = {f"{kind}-{number}": {"training.epochs": number + 1} for kind in ("locked", "Zoneout") for number in range(6)}
    folder = make.experiment({name: -place for place, name in enumerate(patches)}, patches=patches, seeds=3)
    opened(browser, html.write(folder), 1200, "light")
    box = browser.find_element("id", "filter")
    for _ in range(100):
        if browser.switch_to.active_element == box:
            break
        browser.switch_to.active_element.send_keys(Keys.TAB)
    assert browser.switch_to.active_element == box
    assert box.accessible_name == "Show only variants whose name contains"
    box.send_keys("zone")
    assert [name for name in names(browser) if name] == [f"Zoneout-{number}" for number in range(6)]
    assert browser.find_element("id", "shown").text == "6 of 12"
    drawn = """return [...document.querySelectorAll("#seeds .wide [class^=series]")]
      .filter((one) => one.getClientRects().length).map((one) => one.classList[0])"""
    assert set(browser.execute_script(drawn)) == {f"series-{place}" for place in range(6, 12)}
    box.send_keys(Keys.BACKSPACE * 4)
    assert len([name for name in names(browser) if name]) == 12


def test_pointing_at_a_row_leaves_only_its_variant_in_the_pictures(browser, path):
    from selenium.webdriver import ActionChains

    opened(browser, path, 1200, "light")
    row = browser.find_elements("css selector", "#table tbody tr")[1]
    ActionChains(browser).move_to_element(row).perform()
    parts = browser.execute_script("""
        return [...document.querySelectorAll("#seeds .wide [class^=series]")]
          .map((one) => [one.classList[0], getComputedStyle(one).opacity])""")
    shown = {name for name, opacity in parts if opacity == "1"}
    assert shown == {"series-1"}


def names(browser):
    return [cell.text for cell in browser.find_elements("css selector", "#table tbody th")]

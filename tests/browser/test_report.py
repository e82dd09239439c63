"""The built report in a real browser, from a file, with the network cut: no request, no error, accessible."""

import subprocess
import sys

import pytest
from axe_playwright_python.sync_playwright import Axe

from tools import chapters
from vaepaper import paths

WIDTHS = {"laptop": (1366, 768), "phone": (390, 844)}
PAGES = ["index", *(source.stem for source in chapters.select([]))]


@pytest.fixture(scope="module")
def report():
    """build/report, made by this very code."""
    subprocess.run([sys.executable, "-m", "tools.site"], check=True)
    return paths.BUILD / "report"


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("device", WIDTHS)
@pytest.mark.parametrize("name", PAGES)
def test_page(browser, report, name, device, scheme):
    width, height = WIDTHS[device]
    context = browser.new_context(
        viewport={"width": width, "height": height}, color_scheme=scheme, offline=True
    )
    page, asked, errors = context.new_page(), [], []
    page.on("request", lambda request: asked.append(request.url))
    page.on("console", lambda message: errors.append(message.text) if message.type == "error" else None)
    page.on("pageerror", lambda error: errors.append(str(error)))
    page.goto(f"file://{report / name}.html")
    page.wait_for_load_state("load")
    assert all(url.startswith(("file://", "data:", "blob:")) for url in asked), asked
    assert not errors, errors
    wide = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
    assert wide <= 1, f"{wide} pixels wider than the screen"
    formulas = page.locator("math")
    sizes = [formulas.nth(i).bounding_box() for i in range(formulas.count())]
    assert all(box and box["height"] > 5 and box["width"] > 5 for box in sizes)
    assert formulas.count() > 3 or name != "03_vae_clusters"
    assert page.evaluate(
        "[...document.images].every(i => i.loading === 'lazy' || (i.complete && i.naturalWidth > 0))"
    )
    found = Axe().run(page).response["violations"]
    serious = [
        f"{v['id']}: {v['nodes'][0]['html'][:150]}" for v in found if v["impact"] in ("serious", "critical")
    ]
    assert not serious, serious
    folder = paths.writable(paths.BUILD / "browser")
    page.screenshot(path=folder / f"report_{name}_{device}_{scheme}.png")
    context.close()


def test_latent_spaces_turn(browser, report):
    page = browser.new_page(viewport={"width": 1366, "height": 900})
    page.goto(f"file://{report / 'index'}.html")
    scene = page.locator(".turn").first
    scene.scroll_into_view_if_needed()
    page.wait_for_selector(".turn canvas")
    page.wait_for_timeout(1500)
    before, box = scene.screenshot(), scene.bounding_box()
    x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    page.mouse.move(x, y)
    page.mouse.down()
    page.mouse.move(x + 160, y + 60, steps=8)
    page.mouse.up()
    page.wait_for_timeout(500)
    assert scene.screenshot(path=paths.BUILD / "browser" / "report_turned.png") != before


def test_code_opens_with_one_switch_and_a_figure_at_full_size(browser, report):
    page = browser.new_page(viewport={"width": 390, "height": 844})
    page.goto(f"file://{report / '04_anomaly_threshold'}.html")
    code, figure = page.locator(".input").first, page.locator(".output img").first
    assert not code.is_visible()
    page.get_by_label("Show the code").check()
    assert code.is_visible()
    before = figure.bounding_box()["width"]
    figure.click()
    large = page.locator("dialog img")
    assert large.bounding_box()["width"] > 2 * before
    large.click()
    assert not large.is_visible()
    assert page.locator("nav ul").bounding_box()["height"] < 40, "one line"
    page.close()

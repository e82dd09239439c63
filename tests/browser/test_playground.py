"""The playground as a visitor meets it: a real JupyterLab, browser and pointer.

Leaves pictures in build/.
"""

import os
import random
import re
import time
from itertools import pairwise

import numpy as np
import psutil
import pytest
from conftest import SHOTS
from PIL import Image

MINUTES = float(os.environ.get("MINUTES", "0.5"))  # of random pointer input


def choose(page, menu, *items):
    """Click through a menu of JupyterLab's."""
    page.get_by_role("menuitem", name=menu, exact=True).click()
    for item in items:
        page.locator(".lm-Menu-itemLabel", has_text=re.compile(f"^{item}$")).click()


def until(true):
    """Wait until `true()`, ten seconds at most, and say whether it came."""
    end = time.monotonic() + 10
    while not (found := true()) and time.monotonic() < end:
        time.sleep(0.05)
    return found


def settle(page, errors):
    """Wait until no cell runs any more and every tool is there, none of those marked as old."""
    there = "[...document.querySelectorAll('.jp-Notebook canvas')].filter(c => !c.old).length === 9"
    page.wait_for_function(there, timeout=120_000)
    page.wait_for_function(
        "![...document.querySelectorAll('.jp-InputPrompt')].some(p => p.textContent.includes('*'))",
        timeout=120_000,
    )
    page.wait_for_timeout(500)
    assert not errors, errors


def mark_old(cells):
    """Mark the canvases of these cells, which a run is to replace: a slow machine still shows them
    meanwhile.
    """
    cells.locator("canvas").evaluate_all("found => found.forEach(c => { c.old = true; })")


@pytest.fixture(scope="module")
def playground(browser, lab):
    """The notebook, opened and run as a visitor would, with the errors that the page reports."""
    page, errors = browser.new_page(viewport={"width": 1366, "height": 900}), []
    page.on("pageerror", lambda error: errors.append(str(error)))
    page.goto(lab.format("08_playground.ipynb"))
    page.wait_for_selector("text=Python 3 (ipykernel) | Idle", timeout=60_000)
    news = page.get_by_role("button", name="No", exact=True)
    if news.count():
        news.click()
    choose(page, "Run", "Run All Cells")
    settle(page, errors)
    return page, errors


def canvas(page, number):
    """The tool's canvas: 0 and 2 planes, 1 and 3 their digits, 4 and 5 spaces, 6 board, 7 alike, 8 scale."""
    found = page.locator(".jp-Notebook canvas").nth(number)
    found.scroll_into_view_if_needed()
    return found


def pixels(page, number):
    """What a canvas shows."""
    return page.locator(".jp-Notebook canvas").nth(number).evaluate("c => c.toDataURL()")


def ink(page):
    """The board's left picture as the visitor sees it: darkness [28, 28] in [0, 1]."""
    seen = "getContext('2d').getImageData(0, 0, 28, 28).data"
    data = page.evaluate(f"() => [...[...document.querySelectorAll('canvas.digits')].at(-2).{seen}]")
    return 1 - np.array(data).reshape(28, 28, 4)[..., 0] / 255


def drag(page, number, *places):
    """Press at the first place of a canvas (shares of its sides), move as a hand does, let go at the last."""
    found = canvas(page, number)
    box = found.bounding_box()
    page.wait_for_timeout(150)
    while box != (moved := found.bounding_box()):  # the notebook still scrolls
        box = moved
        page.wait_for_timeout(150)
    points = [(box["x"] + x * box["width"], box["y"] + y * box["height"]) for x, y in places]
    page.mouse.move(*points[0])
    page.mouse.down()
    for start, end in pairwise(points):
        for share in np.linspace(0, 1, 13)[1:]:  # 60 places a second, as a screen shows them
            page.mouse.move(*((1 - share) * a + share * b for a, b in zip(start, end, strict=True)))
            page.wait_for_timeout(16)
    page.mouse.up()


def verdict(page):
    return page.locator(".widget-html").last.inner_text()


@pytest.mark.parametrize(
    ("pointed", "changed", "places", "shot"),
    [
        (0, (1, 3), [(0.3, 0.3), (0.8, 0.8)], "plane"),  # a digit follows the pointer in both planes
        (4, (4, 5), [(0.4, 0.5), (0.7, 0.4)], "space"),  # both spaces turn
    ],
)
def test_latent_spaces_follow_the_pointer(playground, pointed, changed, places, shot):
    page, errors = playground
    canvas(page, pointed)
    before = [pixels(page, number) for number in changed]
    drag(page, pointed, *places)
    assert until(lambda: all(pixels(page, n) != old for n, old in zip(changed, before, strict=True)))
    page.screenshot(path=SHOTS / f"playground_{shot}.png")
    assert not errors


STROKE = (0.05, 0.5), (0.28, 0.5)  # across the left third of the board


def blank_page(page):
    page.get_by_role("button", name="blank page").click()
    assert until(lambda: ink(page).max() == 0)


def test_a_stroke_is_judged_at_once(playground):
    page, errors = playground
    canvas(page, 6)
    blank_page(page)
    page.wait_for_timeout(300)
    blank = verdict(page)
    drag(page, 6, *STROKE)
    assert until(lambda: ink(page)[13:15, 6:23].min() > 0.5) and ink(page)[:10].max() == 0
    assert until(lambda: verdict(page) != blank) and "score" in verdict(page)
    page.screenshot(path=SHOTS / "playground_drawn.png")
    page.get_by_role("button", name="erase").click()
    drag(page, 6, *STROKE)
    assert until(lambda: ink(page).max() < 0.5)
    page.get_by_role("button", name="draw").click()
    assert not errors


def test_ranks_rules_and_rates(playground):
    page, errors = playground
    number = page.get_by_label("rank by score")
    for rank, said in (("2", "No alarm"), ("1", "ALARM")):  # a 2 and a 0, the largest sums
        number.fill(rank)
        number.press("Enter")
        assert until(lambda said=said: said in verdict(page) and ink(page).max() > 0.9)
    page.screenshot(path=SHOTS / "playground_rank.png")
    bench = page.locator(".jp-Cell", has=number).locator(".jp-OutputArea-output").last
    bench.screenshot(path=SHOTS / "playground_bench.png")  # `make refresh` takes it into the READMEs
    for label, option in (("threshold", "maximum"), ("threshold", "tail"), ("false alarms", "10 %")):
        said = verdict(page)
        page.get_by_label(label).select_option(option)
        assert until(lambda said=said: verdict(page) != said), option
    assert not errors


def test_own_pictures_and_wrong_files(playground, tmp_path):
    page, errors = playground
    digit = np.full((200, 120), 250, np.uint8)
    digit[20:180, 50:70] = 10  # a one, black on white
    Image.fromarray(digit).save(tmp_path / "one.png")
    Image.fromarray(digit).resize((3000, 5000)).convert("RGB").save(tmp_path / "large.bmp")  # 45 MB
    (tmp_path / "wrong.png").write_text("no picture")

    def choose_file(name):
        with page.expect_file_chooser() as chooser:
            page.get_by_role("button", name="own picture").click()
        chooser.value.set_files(tmp_path / name)

    for name in ("one.png", "one.png", "large.bmp"):  # the same file can be chosen again
        blank_page(page)
        choose_file(name)
        assert until(lambda: ink(page).max(axis=1)[5:22].min() > 0.9) and "score" in verdict(page)
    choose_file("wrong.png")
    assert until(lambda: "not a PNG or JPEG" in verdict(page)) and "Traceback" not in verdict(page)
    assert not errors


@pytest.mark.parametrize("theme", ["JupyterLab Dark", "JupyterLab Light"])
def test_a_narrow_screen_and_both_themes(playground, theme):
    page, errors = playground
    choose(page, "Settings", "Theme", theme)
    page.set_viewport_size({"width": 390, "height": 844})
    page.keyboard.press("Control+b")  # the file list goes
    page.wait_for_timeout(800)
    for number in (0, 6):
        box = canvas(page, number).bounding_box()
        page.wait_for_timeout(300)
        page.screenshot(path=SHOTS / f"playground_phone_{theme.split()[1].lower()}_{number}.png")
        assert box["width"] > 200 and box["x"] + box["width"] <= 390
    page.keyboard.press("Control+b")
    page.set_viewport_size({"width": 1366, "height": 900})
    page.wait_for_timeout(800)
    assert not errors


def kernel_megabytes():
    """What the notebook's kernel holds in memory."""
    ours = psutil.Process().children(recursive=True)
    kernels = [process for process in ours if "ipykernel_launcher" in " ".join(process.cmdline())]
    return sum(process.memory_info().rss for process in kernels) / 1e6


def test_random_input_leaves_memory_as_it_was(playground):
    """Anything, anywhere, for a while; MINUTES=10 for the long run."""
    page, errors = playground
    chance, seen = random.Random(1), []
    end = time.monotonic() + 60 * MINUTES
    while time.monotonic() < end:
        for _ in range(20):
            number = chance.choice([0, 2, 4, 5, 6, 6, 6])
            drag(page, number, *((chance.uniform(0.01, 0.99), chance.uniform(0.01, 0.99)) for _ in range(3)))
        page.get_by_role("button", name=chance.choice(["draw", "erase", "blank page"])).click()
        rule = chance.choice(["maximum", "quantile", "conformal", "tail"])
        page.get_by_label("threshold").select_option(rule)
        drag(page, 6, (0.1, 0.1), (0.3, 0.3))
        page.wait_for_timeout(600)
        seen.append([kernel_megabytes(), page.evaluate("performance.memory.usedJSHeapSize / 1e6")])
    fifth = max(len(seen) // 5, 1)
    kernel, browser = np.median(seen[-fifth:], axis=0) - np.median(seen[:fifth], axis=0)
    assert kernel < 100 and browser < 150
    assert not errors


def test_run_twice_out_of_order_and_after_a_restart(playground):
    page, errors = playground
    cells = page.locator(".jp-Notebook .jp-Cell")
    mark_old(cells)
    choose(page, "Run", "Run All Cells")
    settle(page, errors)
    board = page.locator(".jp-Notebook .jp-CodeCell", has_text="bench(judge")
    board.locator(".cm-content").click()
    mark_old(board)
    page.keyboard.press("Control+Enter")  # once more, alone
    settle(page, errors)
    for restart in (False, True):
        if restart:
            mark_old(cells)
            choose(page, "Kernel", "Restart Kernel and Run All Cells…")
            page.locator(".jp-Dialog .jp-mod-accept").click()
            settle(page, errors)
        blank_page(page)
        drag(page, 6, *STROKE)
        assert until(lambda: ink(page)[13:15, 6:23].min() > 0.5) and "score" in verdict(page)

"""The page in a headless browser: parsing, stepping, keyboard, accessibility, and no requests to other servers.

$CLEARPARSE_CHROMIUM names the browser; the default is chromium on the PATH.
"""

from __future__ import annotations

import os
import shutil
import threading
from collections.abc import Iterator
from http import HTTPStatus
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest

from clearparse.model.model import load
from clearparse.treebank.conllu import parse_block

WITHOUT = "the page is not tested: {} is missing, pip install 'clearparse[test-full]'"
server = pytest.importorskip("clearparse.web.server", reason=WITHOUT.format("its extra"))
playwright = pytest.importorskip("playwright.sync_api", reason=WITHOUT.format("playwright"))
axe = pytest.importorskip("axe_playwright_python.sync_playwright", reason=WITHOUT.format("axe"))

pytestmark = pytest.mark.full

SAMPLE = Path(__file__).resolve().parents[1] / "data" / "sample"
DEV = SAMPLE / "dev.conllu"
FLAGS = [
    "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
    "--disable-background-networking", "--disable-component-update", "--disable-sync",
]  # fmt: skip
SENTENCE = "The small dog sleeps in the garden."
PHONE = {"width": 360, "height": 740}
DESKTOP = {"width": 1280, "height": 900}


@pytest.fixture(scope="module")
def address(text_model: Path) -> Iterator[str]:
    limits = server.Limits(size=200_000)
    running = server.Server(server.Application({"english": load(text_model)}, limits))
    with server.listen("127.0.0.1", 0) as listening:
        thread = threading.Thread(target=running.run, kwargs={"sockets": [listening]})
        thread.start()
        yield server.address(listening)
        running.should_exit = True
        thread.join()


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    path = os.environ.get("CLEARPARSE_CHROMIUM") or shutil.which("chromium") or shutil.which("chromium-browser")
    if path is None:
        pytest.skip("no browser: install chromium, or name it in CLEARPARSE_CHROMIUM")
    with playwright.sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=path, args=FLAGS)
        yield browser
        browser.close()


@pytest.fixture
def visit(browser: Any, address: str) -> Iterator[Any]:
    """Opens the page with some options; at the end there must be no errors and no requests to other servers."""
    wrong: list[str] = []
    contexts = []

    def opened(**options: Any) -> Any:
        context = browser.new_context(**{"viewport": DESKTOP, **options})
        contexts.append(context)
        page = context.new_page()
        page.set_default_timeout(60_000)
        page.on("console", lambda message: wrong.append(f"{message.type}: {message.text}"))
        page.on("pageerror", lambda error: wrong.append(str(error)))
        page.on("request", lambda request: wrong.append(request.url) if is_external(request.url) else None)
        page.goto(address)
        playwright.expect(page.locator("#model")).to_contain_text("english · arc-standard · m = 84 slots")
        return page

    def is_external(url: str) -> bool:
        return not url.startswith((address, f"blob:{address}"))

    opened.expected = []  # type: ignore[attr-defined]
    yield opened
    for context in contexts:
        context.close()
    assert wrong == opened.expected  # type: ignore[attr-defined]


def parse(page: Any, text: str = SENTENCE) -> None:
    page.get_by_label("Text", exact=True).fill(text)
    page.get_by_role("button", name="Parse", exact=True).click()
    playwright.expect(page.locator("#tree svg")).to_be_visible()
    playwright.expect(page.locator("#caption")).to_contain_text("The tree is complete")


def wait_for_details(page: Any) -> None:
    """Wait until scores and computation of the step are shown."""
    playwright.expect(page.locator("#scores tr.chosen")).to_have_count(1)
    playwright.expect(page.locator("article[data-key=x] canvas")).to_be_visible()


def number(text: str) -> float:
    return float(text.replace("−", "-").replace("+", ""))


def test_a_sentence_is_parsed_and_stepped_through(visit: Any) -> None:
    page = visit()
    parse(page)
    words = page.locator("#tree .node").count()
    assert page.locator("#tree .arc:not(.later)").count() == words
    assert page.locator("#details").is_hidden()
    page.get_by_role("button", name="First step").click()
    wait_for_details(page)
    steps = int(page.locator("#count").inner_text().split(" / ")[1])
    assert steps == 2 * words
    assert page.locator("#stack li .form").all_inner_texts() == ["ROOT"]
    assert page.locator("#buffer li .form").count() == words
    arcs = 0
    for k in range(1, steps + 1):
        assert page.locator("#count").inner_text() == f"{k} / {steps}"
        assert page.locator("#tree .arc:not(.later):not(.now)").count() == arcs
        arcs += page.locator("#tree .arc.now").count()
        page.keyboard.press("ArrowRight")
        playwright.expect(page.locator("#count")).not_to_have_text(f"{k} / {steps}")
    assert arcs == words
    playwright.expect(page.locator("#caption")).to_contain_text("The tree is complete")
    page.keyboard.press("ArrowLeft")
    playwright.expect(page.locator("#caption")).to_contain_text("ROOT_ARC root")
    page.keyboard.press("Home")
    playwright.expect(page.locator("#count")).to_have_text(f"1 / {steps}")
    page.keyboard.press("End")
    playwright.expect(page.locator("#count")).to_have_text(f"{steps} / {steps} ✓")


def test_an_arc_shows_its_step_and_attribution(visit: Any) -> None:
    page = visit()
    parse(page)
    arc = page.locator("#tree .arc").last
    step = int(arc.get_attribute("aria-label").rsplit(" ", 1)[1])
    arc.locator(".label").click()
    wait_for_details(page)
    assert page.locator("#count").inner_text().startswith(f"{step} /")
    assert page.locator("#tree .arc.now").get_attribute("data-word") == arc.get_attribute("data-word")
    for by in ("word", "channel", "slot"):
        page.locator(f"[name=by][value={by}]").check()
        playwright.expect(page.locator(f"#parts.{by}")).to_be_visible()
        more = page.locator("#all-parts")
        if more.is_visible() and more.get_attribute("aria-expanded") == "false":
            more.click()
            playwright.expect(more).to_have_attribute("aria-expanded", "true")
        parts = [number(text) for text in page.locator("#parts .number").all_inner_texts()]
        total = number(page.locator("#sum b").inner_text())
        assert sum(parts) == pytest.approx(total, abs=0.005 * (len(parts) + 1))
        assert len(parts) == 86 or by != "slot"
    assert page.locator("#tree .node.for, #tree .node.against").count() > 0
    page.get_by_label("compared with").select_option("")
    chosen = page.locator("#scores tr.chosen")
    playwright.expect(page.locator("#sum")).not_to_contain_text(" − θ")
    assert page.locator("#sum b").inner_text() == chosen.locator("td.number").first.inner_text()


def test_another_score_and_another_transition(visit: Any) -> None:
    page = visit()
    parse(page)
    page.get_by_role("button", name="First step").click()
    for step in (2, 3):  # the first with a choice: two words are on the stack
        page.keyboard.press("ArrowRight")
        playwright.expect(page.locator("#count")).to_contain_text(f"{step} /")
    wait_for_details(page)
    other = page.locator("#scores tbody tr:not(.chosen)").first
    name = other.locator(".name").inner_text()
    other.locator(".name").click()
    playwright.expect(page.locator("#scores tr.chosen .name")).to_have_text(name)
    playwright.expect(page.locator("#sum")).to_contain_text(name)
    page.get_by_role("button", name=f"Take {name} instead").click()
    playwright.expect(page.locator("#manual")).to_contain_text("You chose the transition in step 3.")
    playwright.expect(page.locator("#caption .move")).to_have_text(name)
    playwright.expect(page.locator("#caption")).to_contain_text("The parser predicts a different transition.")
    page.get_by_role("button", name="Back to the predicted transitions").click()
    playwright.expect(page.locator("#manual")).to_be_hidden()
    playwright.expect(page.locator("#caption")).not_to_contain_text("The parser predicts a different transition.")


def test_a_file_with_gold_trees(visit: Any) -> None:
    page = visit()
    page.set_input_files("#file", str(DEV))
    playwright.expect(page.locator("#score")).to_contain_text("Correct heads: ")
    gold = list(parse_block(DEV.read_bytes(), trees=True))
    assert page.locator("#sentence option").count() == len(gold)
    longest = max(range(len(gold)), key=lambda i: len(gold[i]))
    page.get_by_label("Sentence", exact=True).select_option(str(longest))
    playwright.expect(page.locator("#tree .node")).to_have_count(len(gold[longest]))
    page.get_by_role("button", name="Show the gold tree").click()
    labels = page.locator("#gold-tree .label").all_text_contents()
    assert sorted(labels) == sorted(gold[longest].deprels)
    page.get_by_label("oracle transitions, as in training").check()
    playwright.expect(page.locator("#tree .arc.wrong")).to_have_count(0)
    page.get_by_role("button", name="First step").click()
    page.locator("#timeline i").nth(3).click()
    playwright.expect(page.locator("#count")).to_contain_text("4 /")
    wait_for_details(page)
    playwright.expect(page.locator("#advice")).to_be_visible()
    while page.locator("#loss").is_hidden():
        page.keyboard.press("ArrowRight")
        wait_for_details(page)
    assert number(page.locator("article[data-key=J] .value").inner_text()) >= 0
    for key in ("delta_1", "delta_2", "dJ/dL", "dJ/dU", "dJ/dW"):
        assert page.locator(f'article[data-key="{key}"] .shape').inner_text()
    assert page.locator("#scores .gold-only").first.is_visible()


def test_saved_files(visit: Any, text_model: Path) -> None:
    page = visit()
    parse(page)
    saved = {}
    for name in ("Save SVG", "Save CoNLL-U"):
        with page.expect_download() as download:
            page.get_by_role("button", name=name).click()
        saved[download.value.suggested_filename] = Path(download.value.path()).read_text(encoding="utf-8")
    assert saved["sentence-1.conllu"] == str(load(text_model)(SENTENCE)[0])
    assert "style" in {each.tag.rsplit("}")[-1] for each in ElementTree.fromstring(saved["sentence-1.svg"])}


def test_errors_are_shown_until_the_next_success(visit: Any) -> None:
    page = visit()
    bad = {"name": "bad.conllu", "mimeType": "text/plain", "buffer": b"1\ttwo columns\n"}
    page.set_input_files("#file", files=[bad])
    playwright.expect(page.get_by_role("alert")).to_have_text(
        "bad.conllu:1: 2 columns, a CoNLL-U line has 10, separated by tabs"
    )
    visit.expected.append("error: Failed to load resource: the server responded with a status of 400 (Bad Request)")
    for content, message in ((b"\xff", "bad.conllu: not UTF-8 text"), (b"x" * 200_000, "the limit is 200,000")):
        page.set_input_files("#file", files=[{**bad, "buffer": content}])
        playwright.expect(page.get_by_role("alert")).to_contain_text(message)
    page.get_by_label("Text", exact=True).fill(" ")
    page.keyboard.press("Enter")
    playwright.expect(page.get_by_role("alert")).to_have_text("There is no sentence in the input.")
    parse(page)
    playwright.expect(page.locator("#error")).to_be_hidden()
    page.set_input_files("#file", files=[{**bad, "buffer": b"\xff"}])
    playwright.expect(page.get_by_role("alert")).to_be_visible()
    playwright.expect(page.locator("#result")).to_be_hidden()


def test_a_sentence_too_long_to_explain_leaves_no_earlier_tree(visit: Any) -> None:
    def conllu(words: int) -> bytes:
        lines = [f"{k}\tw\tw\tNOUN\tNN\t_\t{k - 1}\t{'dep' if k > 1 else 'root'}\t_\t_\n" for k in range(1, words + 1)]
        return "".join([*lines, "\n"]).encode()

    page = visit()
    parse(page)
    page.set_input_files("#file", files=[{"name": "x", "mimeType": "text/plain", "buffer": conllu(251) + conllu(2)}])
    playwright.expect(page.get_by_role("alert")).to_contain_text("251 words; at most 250 are explained")
    for hidden in ("#tree", "#steps", "#details", "#score"):
        playwright.expect(page.locator(hidden)).to_be_hidden()
    playwright.expect(page.get_by_role("button", name="Save CoNLL-U")).to_be_disabled()
    page.get_by_role("button", name="Next sentence").click()
    playwright.expect(page.locator("#tree .node")).to_have_count(2)
    playwright.expect(page.locator("#error")).to_be_hidden()
    phrase = HTTPStatus(413).phrase
    visit.expected.append(f"error: Failed to load resource: the server responded with a status of 413 ({phrase})")


def test_everything_works_by_keys_alone(visit: Any) -> None:
    """From the top of the page: type, parse, choose an arc, the scores, another transition."""
    page = visit()

    def tab_to(what: str) -> None:
        for _ in range(200):
            page.keyboard.press("Tab")
            if page.evaluate("what => document.activeElement.matches(what)", what):
                return
        raise AssertionError(f"{what} cannot be reached")

    tab_to(".skip")
    tab_to("#text")
    page.keyboard.press("ControlOrMeta+a")
    page.keyboard.type(SENTENCE)
    page.keyboard.press("Enter")
    playwright.expect(page.locator("#tree svg")).to_be_visible()
    tab_to(".arc")
    page.keyboard.press("Enter")
    wait_for_details(page)
    before = page.locator("#count").inner_text()
    page.keyboard.press("ArrowLeft")
    playwright.expect(page.locator("#count")).not_to_have_text(before)
    tab_to("#scores tbody tr:not(.chosen) .name")
    page.keyboard.press("Enter")
    playwright.expect(page.locator("#scores .chosen .name")).to_be_focused()
    tab_to("[name=by]")
    page.keyboard.press("ArrowRight")
    playwright.expect(page.locator("#parts.channel")).to_be_visible()
    outline = page.evaluate("getComputedStyle(document.activeElement).outlineStyle")
    assert outline == "solid"


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("size", [DESKTOP, PHONE], ids=["desktop", "phone"])
def test_contrast_names_and_roles(visit: Any, scheme: str, size: dict[str, int]) -> None:
    """axe finds no violation of WCAG 2.2 at level AA, and nothing is wider than the screen."""
    page = visit(color_scheme=scheme, viewport=size, reduced_motion="reduce")
    page.set_input_files("#file", str(DEV))
    playwright.expect(page.locator("#score")).to_be_visible()
    for end in (True, False):
        if not end:
            page.locator("#timeline i").nth(4).click()
            wait_for_details(page)
            while page.locator("#loss").is_hidden():
                page.keyboard.press("ArrowRight")
                wait_for_details(page)
            page.locator("#all-scores").click()
            playwright.expect(page.locator("#all-scores")).to_have_attribute("aria-expanded", "true")
        tags = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
        found = axe.Axe().run(page, options={"runOnly": tags})
        assert [violation["id"] for violation in found.response["violations"]] == [], found.generate_report()
        assert page.evaluate("document.documentElement.scrollWidth") == size["width"]
    background = page.evaluate("getComputedStyle(document.body).backgroundColor")
    assert (background == "rgb(20, 21, 26)") == (scheme == "dark")


def test_animation_respects_the_users_preference(visit: Any) -> None:
    for motion, expected in (("reduce", "0s"), ("no-preference", "0.18s")):
        page = visit(reduced_motion=motion)
        parse(page)
        duration = page.evaluate("getComputedStyle(document.querySelector('#tree .arc path')).transitionDuration")
        assert set(duration.split(", ")) == {expected}


def test_right_to_left_scripts(visit: Any) -> None:
    """The first word is the rightmost one in tree and buffer, and the buffer is left of the stack."""
    page = visit()
    parse(page, "قرأ الولد كتابا")
    page.get_by_role("button", name="First step").click()
    wait_for_details(page)
    for words in ("#tree .word", "#buffer .form"):
        places = [page.locator(words).nth(k).bounding_box()["x"] for k in range(page.locator(words).count())]
        assert len(places) > 2
        assert places == sorted(places, reverse=True)
    assert page.locator("#buffer").bounding_box()["x"] < page.locator("#stack").bounding_box()["x"]

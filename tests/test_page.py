"""The page in a headless browser: parsing, stepping, keyboard, accessibility, and no requests to other servers.

$CLEARPARSE_CHROMIUM names the browser; the default is chromium on the PATH.
"""

from __future__ import annotations

import os
import re
import shutil
import threading
from collections.abc import Iterator
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
playwright.expect.set_options(timeout=60_000)

SAMPLE = Path(__file__).resolve().parents[1] / "data" / "sample"
DEV = SAMPLE / "dev.conllu"
FLAGS = [
    "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
    "--disable-background-networking", "--disable-component-update", "--disable-sync",
]  # fmt: skip
SENTENCE = "The small dog sleeps in the garden."
PHONE = {"width": 360, "height": 740}
PHONE_TALL = {"width": 390, "height": 844}
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
        wait_for_details(page)  # it opens on an example
        return page

    def is_external(url: str) -> bool:
        return not url.startswith((address, f"blob:{address}"))

    opened.expected = []  # type: ignore[attr-defined]
    yield opened
    for context in contexts:
        context.close()
    assert wrong == opened.expected  # type: ignore[attr-defined]


def parse(page: Any, text: str = SENTENCE) -> None:
    """Enter a text and parse it; the page shows its first step with a close decision."""
    if page.get_by_role("button", name="Edit", exact=True).is_visible():
        page.get_by_role("button", name="Edit", exact=True).click()
    page.get_by_label("Text", exact=True).fill(text)
    page.get_by_role("button", name="Parse", exact=True).click()
    playwright.expect(page.locator("#shown-text")).to_have_text(text)
    playwright.expect(page.locator("#result:not(.waiting) #tree svg")).to_be_visible()
    wait_for_details(page)


def wait_for_details(page: Any) -> None:
    """Wait until scores and computation of the step are shown."""
    playwright.expect(page.locator("#result:not(.waiting)")).to_be_visible()
    playwright.expect(page.locator("#scores tr.chosen")).to_have_count(1)
    playwright.expect(page.locator("article[data-key=x] canvas")).to_be_visible()


def go_to_step(page: Any, step: int) -> None:
    """Go to a step, counted from 1."""
    page.locator("#timeline i").nth(step - 1).click()
    playwright.expect(page.locator("#count")).to_contain_text(f"{step} /")
    playwright.expect(page.locator("#scores tr.chosen .badge.taken")).to_have_count(1)


def sample(page: Any) -> None:
    """Open the sample treebank."""
    page.get_by_role("button", name="Edit", exact=True).click()
    page.get_by_role("button", name="Sample treebank").click()
    playwright.expect(page.locator("#score")).to_contain_text("Correct heads: ")
    wait_for_details(page)


def number(text: str) -> float:
    return float(text.replace("−", "-").replace("+", ""))


def test_a_sentence_is_parsed_and_stepped_through(visit: Any) -> None:
    page = visit()
    parse(page)
    words = page.locator("#tree .node").count()
    page.get_by_role("button", name="Complete tree").click()
    playwright.expect(page.locator("#caption")).to_contain_text("The tree is complete")
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
    go_to_step(page, 3)  # the first with a choice: two words are on the stack
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
    page.get_by_label("gold tree below the words").check()
    playwright.expect(page.locator("#tree .other")).to_have_count(len(gold[longest]))
    labels = page.locator("#tree .other .label").all_text_contents()
    assert sorted(labels) == sorted(gold[longest].deprels)
    page.get_by_label("oracle transitions, as in training").check()
    playwright.expect(page.locator("#tree .arc.wrong")).to_have_count(0)
    go_to_step(page, 4)
    playwright.expect(page.locator("#advice")).to_be_visible()
    playwright.expect(page.locator("#target-line")).to_contain_text("the transition of lowest cost")
    assert number(page.locator("article[data-key=J] .value").inner_text()) >= 0
    for key in ("delta_1", "delta_2", "dJ/dL", "dJ/dU", "dJ/dW"):
        assert page.locator(f'article[data-key="{key}"] .shape').inner_text()
    assert page.locator("#scores .gold-only").first.is_visible()


def test_saved_files(visit: Any, text_model: Path) -> None:
    page = visit()
    parse(page)
    saved = {}
    page.locator("#save summary").click()
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
    playwright.expect(page.locator("#result")).to_be_hidden()
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


def conllu(words: int) -> bytes:
    lines = [f"{k}\tw\tw\tNOUN\tNN\t_\t{k - 1}\t{'dep' if k > 1 else 'root'}\t_\t_\n" for k in range(1, words + 1)]
    return "".join([*lines, "\n"]).encode()


def test_a_sentence_too_long_to_explain_has_a_tree_without_steps(visit: Any) -> None:
    page = visit()
    page.set_input_files("#file", files=[{"name": "x", "mimeType": "text/plain", "buffer": conllu(251) + conllu(2)}])
    playwright.expect(page.locator("#notes")).to_contain_text("251 words; steps are shown for at most 250")
    playwright.expect(page.locator("#tree .node")).to_have_count(251)
    for hidden in ("#steps", "#details"):
        playwright.expect(page.locator(hidden)).to_be_hidden()
    page.locator("#save summary").click()
    with page.expect_download() as download:
        page.get_by_role("button", name="Save CoNLL-U").click()
    saved = Path(download.value.path()).read_text(encoding="utf-8")
    assert len(saved.splitlines()) == 252
    page.get_by_role("button", name="Next sentence").click()
    playwright.expect(page.locator("#tree .node")).to_have_count(2)
    playwright.expect(page.locator("#steps")).to_be_visible()
    playwright.expect(page.locator("#notes")).to_be_hidden()


def test_a_file_is_named_and_its_text_is_shown(visit: Any) -> None:
    page = visit()
    page.set_input_files("#file", str(DEV))
    playwright.expect(page.locator("#source")).to_have_text("dev.conllu")
    gold = list(parse_block(DEV.read_bytes(), trees=True))
    playwright.expect(page.locator("#shown-text")).to_have_text(gold[0].text)
    page.get_by_role("button", name="Edit", exact=True).click()
    assert page.get_by_label("Text", exact=True).input_value().startswith(gold[0].text)


def test_a_link_leads_to_the_same_step_and_choice(visit: Any) -> None:
    page = visit()
    parse(page)
    go_to_step(page, 3)
    other = page.locator("#scores tbody tr:not(.chosen) .name").first
    name = other.inner_text()
    other.click()
    playwright.expect(page.locator("#scores tr.chosen .name")).to_have_text(name)
    page.get_by_role("button", name=f"If {name} were right").click()
    playwright.expect(page.locator("#loss-line")).to_contain_text(name)
    page.get_by_role("button", name="Copy link").click()
    link = page.get_by_label("Link to this step").input_value()
    again = visit()
    again.goto("about:blank")
    again.goto(link)
    wait_for_details(again)
    playwright.expect(again.locator("#shown-text")).to_have_text(SENTENCE)
    playwright.expect(again.locator("#count")).to_contain_text("3 /")
    playwright.expect(again.locator("#scores tr.chosen .name")).to_have_text(name)
    again.get_by_role("tab", name="Loss and gradients").click()
    playwright.expect(again.locator("#loss-line")).to_contain_text(name)


def test_learning_changes_the_transition_and_is_undone(visit: Any) -> None:
    page = visit()
    parse(page)
    go_to_step(page, 3)
    first = page.locator("#scores tr.chosen .name").inner_text()
    other = page.locator("#scores tbody tr:not(.chosen, .illegal) .name").first.inner_text()
    page.get_by_role("button", name=f"If {other} were right").click()
    playwright.expect(page.locator("#loss-line")).to_contain_text(other)
    losses = [number(page.locator("#loss-line b").last.inner_text())]
    page.get_by_label("learning rate").fill("0.05")
    for times in range(1, 6):
        page.get_by_role("button", name="Learn this").click()
        playwright.expect(page.locator("#learned")).to_contain_text(
            "Learned" if times == 1 else f"Step {times} of learning"
        )
        wait_for_details(page)
        losses.append(number(page.locator("#learned b").nth(1).inner_text()))
    assert losses == sorted(losses, reverse=True)
    playwright.expect(page.locator("#caption .move")).to_have_text(other)
    for _ in range(5):
        page.get_by_role("button", name="Undo", exact=True).click()
        wait_for_details(page)
    playwright.expect(page.locator("#learned")).to_be_hidden()
    playwright.expect(page.locator("#caption .move")).to_have_text(first)


def test_the_layers_lead_to_cards_and_heat_maps_are_read_by_keys(visit: Any) -> None:
    page = visit()
    parse(page)
    go_to_step(page, 3)
    for key in ("x", "z", "h", "theta", "y_hat", "J", "delta_1", "delta_2", "dJ/dU", "dJ/dW", "dJ/dL"):
        page.locator(f'#layers [data-to="{key}"]').click()
        card = page.locator(f'article[data-key="{key}"]')
        playwright.expect(card).to_be_focused()
        if key != "J":
            count = page.locator("#count").inner_text()
            card.locator("canvas").focus()
            page.keyboard.press("ArrowRight")
            page.keyboard.press("ArrowDown")
            assert re.search(r": −?[\d.]+(e−?\d+)?$", card.locator(".reading").inner_text()), key
            assert page.locator("#count").inner_text() == count  # the keys do not step
    largest = number(re.search(r"value (\S+)$", page.locator('article[data-key="dJ/dW"] .first').inner_text())[1])
    shown = page.locator('article[data-key="dJ/dW"] canvas').get_attribute("aria-label")
    ends = [abs(number(end)) for end in re.search(r"from (\S+) to (\S+);", shown).groups()]
    assert max(ends) == pytest.approx(largest, rel=0.01, abs=1e-4)


def test_cause_and_effect_are_visible_together(visit: Any) -> None:
    """Tree, stack and buffer, scores and reasons are on the screen at every step, without scrolling."""
    for size, last in ((DESKTOP, "#parts li >> nth=3"), (PHONE_TALL, "#why-pane [role=tablist]")):
        page = visit(viewport=size)
        for _ in range(3):
            page.keyboard.press("ArrowRight")
            wait_for_details(page)
            for part in ("#tree svg", "#stack", "#buffer", "#scores tr.chosen", last):
                box = page.locator(part).bounding_box()
                assert box["y"] >= 0, part
                assert box["y"] + (0 if part == "#tree svg" else box["height"]) <= size["height"], part


def test_an_arc_names_the_close_decision_that_ruled_out_another_head(visit: Any) -> None:
    page = visit()
    sample(page)
    named = page.locator("#caption button")
    for sentence in range(10):
        page.get_by_label("Sentence", exact=True).select_option(str(sentence))
        playwright.expect(page.locator("#result:not(.waiting)")).to_be_visible()
        for k in range(page.locator("#timeline i").count()):
            page.locator("#timeline i").nth(k).click()
            if named.count():
                break
        if named.count():
            break
    text = named.inner_text()
    step = int(re.search(r"step (\d+)", text)[1])
    assert step < k + 1
    named.click()
    playwright.expect(page.locator("#count")).to_contain_text(f"{step} /")
    assert "close" in page.locator("#timeline i.now").get_attribute("class").split()
    assert text.split("”")[0].strip("“") in page.locator("#stack .form").all_inner_texts()


def test_loss_and_gradients_come_into_view_on_phones(visit: Any) -> None:
    page = visit(viewport=PHONE_TALL)
    page.get_by_role("button", name=re.compile("^If .* were right")).last.click()
    playwright.expect(page.locator("#loss-line")).to_be_in_viewport()
    box, bar = page.get_by_role("button", name="Learn this").bounding_box(), page.locator(".controls").bounding_box()
    assert box["y"] + box["height"] <= bar["y"]


def test_autoplay_ends_at_the_complete_tree(visit: Any) -> None:
    page = visit()
    parse(page, "Dogs bark.")
    page.get_by_role("button", name="First step").click()
    page.get_by_role("button", name="Play").click()
    playwright.expect(page.get_by_role("button", name="Pause")).to_be_visible()
    playwright.expect(page.locator("#caption")).to_contain_text("The tree is complete", timeout=60_000)
    playwright.expect(page.locator("#play")).to_have_attribute("aria-pressed", "false")


def test_everything_works_by_keyboard(visit: Any) -> None:
    """From the top of the page: type, parse, choose an arc, the scores, another transition."""
    page = visit()

    def tab_to(what: str) -> None:
        for _ in range(200):
            page.keyboard.press("Tab")
            if page.evaluate("what => document.activeElement.matches(what)", what):
                return
        raise AssertionError(f"{what} cannot be reached")

    tab_to(".skip")
    tab_to("#edit")
    page.keyboard.press("Enter")
    playwright.expect(page.locator("#text")).to_be_focused()
    page.keyboard.press("ControlOrMeta+a")
    page.keyboard.type(SENTENCE)
    page.keyboard.press("Enter")
    playwright.expect(page.locator("#shown-text")).to_have_text(SENTENCE)
    wait_for_details(page)
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


def check_with_axe(page: Any, size: dict[str, int]) -> None:
    tags = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
    found = axe.Axe().run(page, options={"runOnly": tags})
    assert [violation["id"] for violation in found.response["violations"]] == [], found.generate_report()
    assert page.evaluate("document.documentElement.scrollWidth") == size["width"]


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("size", [DESKTOP, PHONE], ids=["desktop", "phone"])
def test_contrast_names_and_roles(visit: Any, scheme: str, size: dict[str, int]) -> None:
    """axe finds no violation of WCAG 2.2 at level AA, and nothing is wider than the screen."""
    page = visit(color_scheme=scheme, viewport=size, reduced_motion="reduce")
    check_with_axe(page, size)
    sample(page)
    page.get_by_label("gold tree below the words").check()
    page.get_by_role("tab", name="Loss and gradients").click()
    go_to_step(page, 5)
    check_with_axe(page, size)
    page.get_by_role("button", name="Complete tree").click()
    playwright.expect(page.locator("#caption")).to_contain_text("The tree is complete")
    page.locator("#about-model summary").click()
    check_with_axe(page, size)
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
    parse(page, "قرأ الولد كتابا.")
    page.get_by_role("button", name="First step").click()
    wait_for_details(page)
    for words in ("#tree .word", "#buffer .form"):
        places = [page.locator(words).nth(k).bounding_box()["x"] for k in range(page.locator(words).count())]
        assert len(places) > 2
        assert places == sorted(places, reverse=True)
    assert page.locator("#buffer").bounding_box()["x"] < page.locator("#stack").bounding_box()["x"]

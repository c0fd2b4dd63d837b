"""A screenshot of the page of `scripts/serve.py` in a headless Chromium."""

from __future__ import annotations

from pathlib import Path
from urllib.parse import urlencode

from clearparse.io.optional import optional_import

FLAGS = ["--headless", "--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking"]
WIDTH, HEIGHT = 1280, 900  # pixels
TIMEOUT = 120_000  # milliseconds, on a busy machine


def screenshot(browser: str, address: str, sentence: str, step: int, path: Path) -> Path:
    """Open a link to a step of a sentence, and save the screen as a PNG.

    browser: path of Chromium. Raises ClearparseError without playwright.
    """
    with optional_import("test-full", "the screenshot"):
        from playwright import sync_api
    with sync_api.sync_playwright() as driver:
        chromium = driver.chromium.launch(executable_path=browser, args=FLAGS)
        page = chromium.new_page(viewport={"width": WIDTH, "height": HEIGHT}, color_scheme="light")
        page.set_default_timeout(TIMEOUT)
        page.goto(f"{address}#{urlencode({'text': sentence, 'step': step})}")
        page.wait_for_selector("#result:not(.waiting) #tree svg")
        sync_api.expect(page.locator("#count")).to_contain_text(f"{step} / ", timeout=TIMEOUT)
        page.wait_for_selector("#scores tr.chosen")
        page.wait_for_selector("#parts li")
        page.wait_for_timeout(500)  # milliseconds, for transitions of the style sheet
        page.screenshot(path=path)
        chromium.close()
    return path

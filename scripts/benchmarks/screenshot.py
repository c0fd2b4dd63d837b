"""A screenshot of the page of `scripts/serve.py` in a headless Chromium."""

from __future__ import annotations

from pathlib import Path

from clearparse.io.optional import optional_import

FLAGS = ["--headless", "--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking"]
WIDTH, HEIGHT, MARGIN = 1180, 1165, 12  # pixels


def screenshot(browser: str, address: str, sentence: str, step: int, path: Path) -> Path:
    """Parse a sentence on the page, go to one of its steps, and save what is below the form as a PNG.

    browser: path of Chromium. Raises ClearparseError without playwright.
    """
    with optional_import("test-full", "the screenshot"):
        from playwright import sync_api
    with sync_api.sync_playwright() as driver:
        chromium = driver.chromium.launch(executable_path=browser, args=FLAGS)
        page = chromium.new_page(viewport={"width": WIDTH, "height": 2 * HEIGHT}, color_scheme="light")
        page.goto(address)
        page.fill("#text", sentence)
        page.click("form [type=submit]")
        page.wait_for_selector("#tree svg")
        page.fill("#slider", str(step - 1))
        sync_api.expect(page.locator("#count")).to_contain_text(f"{step} / ")
        page.wait_for_selector("#scores tr.chosen")
        page.wait_for_selector("#parts li")
        page.wait_for_timeout(500)  # milliseconds, for transitions of the style sheet
        box = page.locator("#result").bounding_box() or {"y": 0}
        page.screenshot(path=path, clip={"x": 0, "y": box["y"] - MARGIN, "width": WIDTH, "height": HEIGHT})
        chromium.close()
    return path

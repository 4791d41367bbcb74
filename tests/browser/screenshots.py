"""Pictures of every page, wide and phone, light and dark: `python -m tests.browser.screenshots FOLDER`.

They show the made-up company as of NOON, so that two runs give the same pictures.
"""

import io
import sys
import tempfile
from pathlib import Path

from PIL import Image
from playwright.sync_api import Browser

from tests.browser.conftest import a_browser, serving
from tests.browser.screens import LOOKS, Look

SIZES = {"wide": {"width": 1440, "height": 900}, "phone": {"width": 390, "height": 844}}
SETTLING_MILLISECONDS = 1500
LONGEST = 4000
COLOURS = 256  # As many as a small file holds, and no eye misses the rest.


def main() -> None:
    """Take all pictures."""
    folder = Path(sys.argv[1])
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as data, serving(Path(data)) as address, a_browser() as browser:
        for look in LOOKS:
            for size in SIZES:
                for scheme in ("light", "dark"):
                    _picture(browser, address, look, size, scheme, folder)


def _picture(browser: Browser, address: str, look: Look, size: str, scheme: str, folder: Path) -> None:
    context = browser.new_context(viewport=SIZES[size], color_scheme=scheme)
    page = context.new_page()
    page.goto(address + look.path)
    page.locator(look.wait).first.wait_for()
    page.wait_for_timeout(SETTLING_MILLISECONDS)
    height = page.evaluate("document.querySelector('[data-testid=stMain]').scrollHeight")
    page.set_viewport_size({**SIZES[size], "height": min(height, LONGEST)})
    page.wait_for_timeout(SETTLING_MILLISECONDS)
    target = folder / f"{look.name}-{size}-{scheme}.png"
    Image.open(io.BytesIO(page.screenshot())).convert("RGB").quantize(COLOURS).save(target, optimize=True)
    print(target)
    context.close()


if __name__ == "__main__":
    main()

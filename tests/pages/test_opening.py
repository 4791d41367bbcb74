"""Each page opens on a company with everything in it, from its own address, and no part of it fails."""

import pytest

from app.screens import SCREENS

OWN = {"item": {"item": "stalled-1"}}


@pytest.mark.parametrize("screen", [each for each in SCREENS if not each.is_for_demo], ids=lambda each: each.name)
def test_a_page_opens_whole(show, company, screen):
    page = show(company, f"pages/{screen.name}.py", **OWN.get(screen.name, {}))

    assert not page.exception
    assert not page.error
    assert page.title[0].value.endswith(screen.title.replace("&", "\\&"))

"""What only a browser can show of Bottlenecks: a dot that is clicked, charts that fit, and paper."""

import re

import pytest

from tests.browser.screens import AS_OF

pytestmark = [pytest.mark.browser, pytest.mark.timeout(180)]

CHART = ".js-plotly-plot .main-svg"
ADDRESS = f"/bottlenecks?{AS_OF}&period=1h"
A3_LANDSCAPE_POINTS = (1191, 842)


def test_a_click_on_a_dot_names_the_item(visit):
    page = visit(ADDRESS, wait=CHART)
    dots = page.locator(".st-key-bottlenecks\\.aging\\.stage .scatterlayer .point, [class*=aging] .scatterlayer .point")
    dots.first.wait_for()
    dots.first.click(force=True)

    page.get_by_text(re.compile(r"^(request|asked)-\d+: \w+ for ")).wait_for()


def test_every_chart_fits_into_its_card(visit):
    page = visit(ADDRESS, wait=CHART)
    page.locator(CHART).nth(3).wait_for()
    over = page.locator(".js-plotly-plot").evaluate_all(
        "charts => charts.map((each) => each.querySelector('.main-svg').clientWidth - each.parentElement.clientWidth)"
    )

    assert len(over) >= 4
    assert all(each <= 1 for each in over)


@pytest.mark.parametrize("phone", [False, True], ids=["wide", "phone"])
def test_every_stage_is_named_below_aging_work_and_no_name_is_cut_off(visit, phone):
    page = visit(ADDRESS, wait=CHART, phone=phone)
    page.locator("[class*=aging] .xtick text").first.wait_for()
    # What Plotly finds no room for stays in the page, but is not shown.
    names = page.locator("[class*=aging] .xtick text").evaluate_all(
        """texts => texts.filter((each) => each.checkVisibility({opacityProperty: true, visibilityProperty: true}))
            .map((each) => each.textContent)"""
    )
    over = page.locator(".js-plotly-plot .annotation text").evaluate_all(
        """texts => texts.filter((each) => {
            const box = each.closest('.js-plotly-plot').getBoundingClientRect(), own = each.getBoundingClientRect();
            return own.right > box.right + 1 || own.left < box.left - 1;
        }).map((each) => each.textContent)"""
    )

    assert names == ["Request", "Classification", "Quote", "Approval", "Delivery", "Billing", "Follow-up"]
    assert over == []


def test_the_print_view_is_a_few_pages_of_paper(visit):
    page = visit(f"{ADDRESS}&print=true", wait=CHART)
    page.locator(CHART).nth(5).wait_for()
    page.get_by_role("heading", name="Systems").wait_for()
    pdf = page.pdf(prefer_css_page_size=True)
    sizes = {
        tuple(round(float(side)) for side in found)
        for found in re.findall(rb"/MediaBox \[0 0 ([\d.]+) ([\d.]+)\]", pdf)
    }

    assert 3 <= len(re.findall(rb"/Type /Page\b", pdf)) <= 8
    assert sizes == {A3_LANDSCAPE_POINTS}

"""Charts are drawn in our colours, and say nothing that a workflow wrote."""

import plotly.graph_objects as go
import pytest

from app import theme
from app.ui import charts
from tests.app.test_theme import AA_TEXT, contrast

BARS = {"data": [{"type": "bar", "x": ["a"], "y": [1]}], "layout": {"yaxis": {"title": {"text": "items"}}}}


@pytest.mark.parametrize("is_dark", [False, True])
def test_a_chart_is_one_that_plotly_accepts(is_dark):
    shown = go.Figure(charts.styled(BARS, is_dark=is_dark, picks=True))

    assert shown.layout.yaxis.title.text == "items"
    assert shown.layout.template.layout.font.color == theme.INK[is_dark]
    assert shown.layout.clickmode == "event+select"


@pytest.mark.parametrize("is_dark", [False, True])
@pytest.mark.parametrize("colours", [theme.INK, theme.QUIET], ids=["ink", "quiet"])
def test_words_on_a_chart_can_be_read(is_dark, colours):
    assert contrast(colours[is_dark], theme.GROUND[is_dark]) >= AA_TEXT


def test_what_a_figure_says_wins_over_the_template_and_the_figure_stays_as_it_was():
    figure = {"data": [], "layout": {"height": 90}}

    assert charts.styled(figure, is_dark=False, height=400)["layout"]["height"] == 90
    assert figure == {"data": [], "layout": {"height": 90}}


def test_a_name_keeps_its_colour_and_colours_are_used_again_when_there_are_no_more():
    names = [f"stage {number}" for number in range(len(theme.CATEGORIES) + 1)]

    assert charts.colours(names)["stage 0"] == charts.colours(names)[names[-1]] == theme.CATEGORIES[0]


def test_text_from_outside_cannot_be_html():
    assert charts.text('<a href="x">&') == '&lt;a href="x"&gt;&amp;'

"""Colours can be read, by all and everywhere."""

import re

import pytest
from streamlit import config

from app import theme
from app.theme import HEAT, STREAMLIT_OPTIONS, heat_step

GROUND = {"light": "#FFFFFF", "dark": "#12161B"}
AA_TEXT = 4.5


def luminance(colour):
    parts = [int(colour[index : index + 2], 16) / 255 for index in (1, 3, 5)]
    linear = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(one, other):
    lighter, darker = sorted((luminance(one), luminance(other)), reverse=True)
    return (lighter + 0.05) / (darker + 0.05)


@pytest.mark.parametrize("step", HEAT, ids=lambda step: step.label)
@pytest.mark.parametrize("mode", ["light", "dark"])
def test_every_step_of_the_scale_can_be_read(step, mode):
    assert contrast(*getattr(step, mode)) >= AA_TEXT


@pytest.mark.parametrize(("mode", "direction"), [("light", -1), ("dark", 1)])
def test_the_scale_survives_greyscale(mode, direction):
    grey = [luminance(getattr(step, mode)[0]) * direction for step in HEAT]

    assert grey == sorted(grey)
    assert len(set(grey)) == len(grey)


@pytest.mark.parametrize("name", ["rework", "undrawn", "good", "watch", "bad"])
def test_signs_can_be_read_on_the_page(name):
    light, dark = re.findall(rf"--{name}: (#[0-9A-F]{{6}})", theme.CSS)

    assert contrast(light, GROUND["light"]) >= AA_TEXT
    assert contrast(dark, GROUND["dark"]) >= AA_TEXT


@pytest.mark.parametrize(
    ("share", "step"), [(None, None), (0.0, 0), (0.001, 1), (0.1, 1), (0.11, 2), (0.5, 3), (0.51, 4), (1.0, 5)]
)
def test_the_scale_is_fixed(share, step):
    assert heat_step(share) == step


def test_streamlit_knows_every_setting():
    known = config.get_config_options()

    assert [name for name in STREAMLIT_OPTIONS if name not in known] == []
    assert STREAMLIT_OPTIONS["theme.dark.backgroundColor"] == GROUND["dark"]

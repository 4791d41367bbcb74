"""Fixtures that every test may ask for; what starts a server lives in tests/fixtures."""

from hypothesis import settings

# No test is timed: how long an example takes says how busy the machine is.
settings.register_profile("untimed", deadline=None)
settings.load_profile("untimed")

pytest_plugins = ["tests.fixtures.mariadb", "tests.fixtures.postgres", "tests.fixtures.temporal"]

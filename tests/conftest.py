"""Fixtures that every test may ask for; what starts a server lives in tests/fixtures."""

pytest_plugins = ["tests.fixtures.mariadb", "tests.fixtures.postgres", "tests.fixtures.temporal"]

"""The parts of the Decisions page."""

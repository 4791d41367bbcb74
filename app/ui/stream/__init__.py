"""The parts of the Stream page."""

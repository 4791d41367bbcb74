"""A company that does not exist: its value streams, its people, its database, and the Temporal workflows it runs on.

Minutes here stand for what would be hours: a stage lasts 20 seconds to 5 minutes, an item about ten minutes.
"""

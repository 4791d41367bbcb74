"""Read tables of PostgreSQL, MariaDB, MySQL and SQLite. Read-only: every transaction is opened so.

`config` is what a `[[databases]]` of the configuration says, `reading` makes one round, `check` says whether it would
work, `errors` of the folder above is what goes wrong.
"""

"""Fetch what other systems know: Temporal namespaces and databases. Read-only; nothing here changes the outside."""

"""Every test here may ask for `con` or `warehouse`."""

from tests.fixtures.warehouses import con, kept_warehouse, warehouse

__all__ = ["con", "kept_warehouse", "warehouse"]

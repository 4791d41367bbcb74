"""The page Item: everything about one."""

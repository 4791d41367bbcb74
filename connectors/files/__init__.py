"""Read workflow histories from files, in the many shapes in which people keep them."""

from connectors.files.histories import FileFault, FoundHistory, histories_in
from connectors.files.imports import ImportBatch, find_files, read_files

__all__ = ["FileFault", "FoundHistory", "ImportBatch", "find_files", "histories_in", "read_files"]

"""Read workflow histories from files, in the many shapes in which people keep them."""

from connectors.files.histories import FileFault, FoundHistory, histories_in
from connectors.files.imports import Excerpt, ImportBatch, find_files, read_files
from connectors.files.versions import row_versions

__all__ = [
    "Excerpt",
    "FileFault",
    "FoundHistory",
    "ImportBatch",
    "find_files",
    "histories_in",
    "read_files",
    "row_versions",
]

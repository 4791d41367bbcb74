"""What runs can be found by, in lists and queries, besides their type and their times."""

from temporalio.common import SearchAttributeKey

STAGE = SearchAttributeKey.for_keyword("Stage")
REGION = SearchAttributeKey.for_keyword("Region")
PRIORITY = SearchAttributeKey.for_int("Priority")

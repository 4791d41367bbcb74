"""Temporal's times as ours: UTC, microseconds, nothing rounded up."""

from datetime import UTC, datetime, timedelta

from google.protobuf.duration_pb2 import Duration
from google.protobuf.timestamp_pb2 import Timestamp

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
YEAR_ONE_ENDS = -62_104_060_800  # Go's zero time lies in year 1 and means: none.
LAST_SECOND = 253_402_300_799  # 9999-12-31T23:59:59Z, the last that datetime can say.
LONGEST_MICROS = 2**63 - 1


def instant(timestamp: Timestamp) -> datetime | None:
    """A protobuf time, nanoseconds cut to microseconds; None for unset and for times in year 1, which mean unset."""
    seconds = timestamp.seconds
    if (not seconds and not timestamp.nanos) or seconds < YEAR_ONE_ENDS:
        return None
    return EPOCH + timedelta(seconds=min(seconds, LAST_SECOND), microseconds=timestamp.nanos // 1000)


def micros(duration: Duration) -> int | None:
    """A protobuf duration in microseconds; None where it is unset or nil."""
    return min(duration.seconds * 1_000_000 + duration.nanos // 1000, LONGEST_MICROS) or None

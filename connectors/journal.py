"""Read the journal of nudges: a file of JSON Lines beside the warehouse, written by nobody but this program."""

from dataclasses import dataclass
from pathlib import Path

from connectors.errors import ConnectorError
from warehouse.nudge_record import NudgeRecord, record_from_json

NAME = "journal"
"""The name of the source."""


@dataclass(frozen=True)
class JournalPart:
    """What stood in the journal from an offset on.

    faults: one sentence for each line that is no record, as a crash in the middle of writing leaves it. end: where to
    go on, in bytes; a line that is not ended yet is left for the next time. is_torn: such a line is there.
    """

    records: tuple[NudgeRecord, ...]
    faults: tuple[str, ...]
    end: int
    is_torn: bool


def read_journal(path: Path, offset: int = 0) -> JournalPart:
    """Everything whole from `offset` on; nothing when there is no journal.

    Raises ConnectorError when it cannot be read, or is shorter than it was.
    """
    try:
        with path.open("rb") as file:
            size = file.seek(0, 2)
            if size < offset:
                raise ConnectorError(
                    f"The journal {path} is shorter than it was ({size} bytes, {offset} were read). Put all of it "
                    "back: it is the only record of what was done.",
                    retryable=False,
                )
            file.seek(offset)
            content = file.read()
    except FileNotFoundError:
        if offset:
            raise ConnectorError(f"The journal {path} is gone. Put it back.", retryable=False) from None
        return JournalPart((), (), 0, False)
    except OSError as error:
        raise ConnectorError(f"The journal {path} could not be read: {error.strerror}.", retryable=True) from error
    whole, newline, rest = content.rpartition(b"\n")
    return _parsed(whole + newline, path, offset, is_torn=bool(rest))


def _parsed(content: bytes, path: Path, offset: int, *, is_torn: bool) -> JournalPart:
    records, faults, place = [], [], offset
    for line in content.splitlines(keepends=True):
        if line.strip():
            try:
                records.append(record_from_json(line))
            except ValueError as error:
                faults.append(
                    f"{len(line)} bytes of the journal {path} at byte {place} are no record ({_short(error)}); a crash "
                    "leaves that. What stood there is lost; everything else was read."
                )
        place += len(line)
    return JournalPart(tuple(records), tuple(faults), place, is_torn)


def _short(error: ValueError) -> str:
    return str(error).splitlines()[0][:100]

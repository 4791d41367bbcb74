"""The drawn stream as the map needs it: what is in the stream file, nothing that was counted."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from app.value_stream_map.grid import Box, Move
from value_stream import Stream


@dataclass(frozen=True)
class Drawing:
    """Stages, moves, and the words for them."""

    boxes: tuple[Box, ...]
    moves: tuple[Move, ...]
    titles: Mapping[str, str]
    kinds: Mapping[str, str] = field(default_factory=dict)
    bad_ends: frozenset[str] = frozenset()
    item: str = "item"


def drawing_of(stream: Stream) -> Drawing:
    """The map of a stream file."""
    return Drawing(
        boxes=tuple(Box(stage.name, stage.lane, stage.is_end) for stage in stream.stages),
        moves=tuple(Move(move.from_stage, move.to_stage, move.rework) for move in stream.moves),
        titles={stage.name: stage.title for stage in stream.stages},
        kinds={stage.name: stage.kind for stage in stream.stages if stage.kind},
        bad_ends=frozenset(stage.name for stage in stream.stages if stage.bad),
        item=stream.item.name,
    )

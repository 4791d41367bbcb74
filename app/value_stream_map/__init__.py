"""The value stream as a live map: swim lanes, stages with what is in them, moves with what flows through them."""

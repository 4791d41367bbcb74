"""Compare how long stages last live and in the recorded past of a demo that runs, or has run, at speed 1.

`python tests/live_against_recorded.py DEMO_FOLDER/streamgauge.toml`. The live side leaves out the demo's first minutes:
its first cases are walked quickly to every stage. The recorded side leaves out the vendor's bad days: it is the longer
of the stretch before them and the one after them. Stages that nobody works in, passed in well under a second, are
listed but not judged: what they last is the machine's speed, not the company's.
"""

import argparse
import json
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

from app.config import load, stream_files
from app.demo import PAST_NOTE
from sample_data.past.seasons import BAD_DAYS, RECOVERED_ON
from value_stream import load_all

ROOT = Path(__file__).parents[1]
FAR_APART = 0.2
WORK_SECONDS = 1.0
ENOUGH_EXITS = 30


def usual_days(ends_at: datetime) -> tuple[datetime, datetime]:
    """The longer stretch of the past without the vendor's trouble."""
    monday = ends_at.replace(hour=0, minute=0, second=0, microsecond=0) - timedelta(days=ends_at.weekday())
    bad_at = monday - timedelta(days=7)
    recovered_at = bad_at + timedelta(days=RECOVERED_ON - BAD_DAYS[0])
    return max((ends_at - timedelta(days=14), bad_at), (recovered_at, ends_at), key=lambda days: days[1] - days[0])


def stays(config: Path, stream: str, source: str, between: tuple[datetime, datetime]) -> dict[str, tuple[float, int]]:
    """Median seconds and number of exits of each stage."""
    window = "..".join(instant.isoformat(timespec="seconds") for instant in between)
    command = [sys.executable, "-m", "app.cli", "show", "time_in_state", f"--config={config}", f"--stream={stream}"]
    command += ["--format=json", f"--where=source={source}", f"--window={window}"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
    rows = json.loads(done.stdout)["rows"]
    return {row["stage"]: (row["p50_seconds"], row["exits"]) for row in rows if row["p50_seconds"] is not None}


def main() -> int:
    """Print the comparison. Exit code 1 when a stage with work and 30 exits on each side is more than 20 % apart."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("config", type=Path)
    parser.add_argument("--after", type=float, default=180, metavar="SECONDS", help="left out at the demo's beginning")
    parser.add_argument("--minutes", type=float, help="how long the live side lasts (default: until now)")
    options = parser.parse_args()
    ends_at = datetime.fromisoformat((options.config.parent / PAST_NOTE).read_text())
    begins_at = ends_at + timedelta(seconds=options.after)
    until = datetime.now(UTC) if options.minutes is None else begins_at + timedelta(minutes=options.minutes)
    far = 0
    for stream in load_all(stream_files(load(options.config))):
        live = stays(options.config, stream.stream, "main/default", (begins_at, until))
        recorded = stays(options.config, stream.stream, "recorded", usual_days(ends_at))
        print(f"{stream.stream}: seconds, live (n) and recorded (n)")
        for stage in (name for name in recorded if name in live):
            (now, n_now), (then, n_then) = live[stage], recorded[stage]
            apart = now / then - 1 if then else 0.0
            is_judged = min(n_now, n_then) >= ENOUGH_EXITS and max(now, then) >= WORK_SECONDS
            far += is_judged and abs(apart) > FAR_APART
            print(f"  {stage:16} {now:7.1f} ({n_now:4}) {then:7.1f} ({n_then:4}) {apart:+6.0%}")
    return 1 if far else 0


if __name__ == "__main__":
    sys.exit(main())

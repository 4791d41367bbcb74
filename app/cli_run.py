"""`streamgauge up` and `streamgauge demo`: what runs until Ctrl-C."""

from contextlib import closing
from pathlib import Path

from rich.console import Console

from app.api_client import running_service
from app.config import Config, find, load
from app.demo import Wish
from app.errors import ServiceError
from app.signals import end_if_asked, treat_sigterm_as_ctrl_c


def run_up(config_option: Path | None, port: int | None) -> None:
    """Serve until Ctrl-C. Raises ServiceError when a service owns the warehouse already or the port is taken."""
    config = load(find(config_option))
    other = running_service(config.warehouse)
    if other is not None:
        raise ServiceError(f"A service (pid {other.notice.pid}) runs on this warehouse already, at {other.notice.url}.")
    if port is not None:
        config = config.model_copy(update={"server": config.server.model_copy(update={"port": port})})
    treat_sigterm_as_ctrl_c()
    try:
        _serve(config, Console(stderr=True))
    except KeyboardInterrupt:
        return


def run_demo(wish: Wish) -> None:
    """The demo until Ctrl-C, or for as long as wished."""
    from app.demo import run

    treat_sigterm_as_ctrl_c()
    try:
        run(wish, Console(stderr=True))
    except KeyboardInterrupt:
        return


def _serve(config: Config, progress: Console) -> None:
    from app.server import address_of, listen, serve
    from app.service import open_service

    with listen(config.server) as listening, closing(open_service(config)) as service:
        progress.print(f"Pages at {address_of(listening)}. Ctrl-C ends them.", soft_wrap=True)
        end_if_asked()
        serve(service, listening)

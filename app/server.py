"""Pages, HTTP API and rounds in one process: Streamlit's ASGI application, run by uvicorn."""

import errno
import logging
import os
import socket
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path

import streamlit as st
import uvicorn
from starlette.middleware import Middleware
from starlette.middleware.gzip import GZipMiddleware
from streamlit.web import bootstrap

from app import api, lasting, service_file, users
from app.config import ServerConfig
from app.errors import ServiceError
from app.rounds import Rounds
from app.security import LOOPBACK_HOSTS, KnownHosts, SecurityHeaders
from app.service import Service, install
from app.service_file import Notice
from app.signals import run_until_asked
from app.sources import sources_of
from app.theme import STREAMLIT_OPTIONS
from app.write_turn import WriteTurn

MAIN_PAGE = Path(__file__).with_name("main.py")
# Browsers keep their connection open; they get this long to close it when the service ends.
GOODBYE_SECONDS = 3
BACKLOG = 2048
# A round reads new and open work first and then, for as long as this, the past.
ROUND_SECONDS = 3.0
LOG = logging.getLogger("streamgauge.server")


def serve(service: Service, listening: socket.socket) -> None:
    """Answer on `listening` until SIGINT or SIGTERM; then rounds end, the service file goes, the warehouse closes.

    Raises ConfigError when a secret that signing in needs is not set.
    """
    users.check_secrets(service.config.users, os.environ)
    url = address_of(listening)
    notice = service_file.write(service.config.warehouse, url)
    try:
        _run(service, listening, notice)
    finally:
        service_file.remove(service.config.warehouse, notice)
        listening.close()


def listen(config: ServerConfig) -> socket.socket:
    """A socket on the configured address and port. Raises ServiceError when the port is taken."""
    family = socket.AF_INET6 if ":" in config.address else socket.AF_INET
    listening = socket.socket(family, socket.SOCK_STREAM)
    listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listening.bind((config.address, config.port))
        # Only now is the port ours: two sockets may be bound to one port as long as neither listens.
        listening.listen(BACKLOG)
    except OSError as error:
        listening.close()
        if error.errno != errno.EADDRINUSE:
            raise ServiceError(f"Could not listen on {config.address}:{config.port}: {error.strerror}.") from error
        raise ServiceError(
            f"Port {config.port} on {config.address} is in use. Stop what uses it, or choose another --port (0: any)."
        ) from error
    return listening


def address_of(listening: socket.socket) -> str:
    """URL of what answers there."""
    host, port = listening.getsockname()[:2]
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"


def application(service: Service, rounds: Rounds, notice: Notice, options: Mapping[str, object]) -> st.App:
    """The ASGI application. `options` are Streamlit's own settings."""
    hosts = (*LOOPBACK_HOSTS, *service.config.server.hosts)
    # Streamlit reads its settings when the application is built; whatever a config.toml of the user says, these win.
    bootstrap.load_config_options({**options, "server.allowedHosts": [host.strip("[]") for host in hosts]})

    @asynccontextmanager
    async def lifespan(_: st.App) -> AsyncIterator[None]:
        set_aside = lasting.set_aside()
        LOG.debug("%d objects last as long as the process.", set_aside)
        rounds.start()
        yield
        rounds.stop()

    return st.App(
        MAIN_PAGE,
        lifespan=lifespan,
        routes=api.routes(service, rounds, notice.token),
        secrets=users.secrets_of(service.config.users, os.environ),
        middleware=[
            Middleware(KnownHosts, hosts=hosts),
            Middleware(SecurityHeaders),
            Middleware(GZipMiddleware, minimum_size=1000, compresslevel=5),
        ],
    )


def _run(service: Service, listening: socket.socket, notice: Notice) -> None:
    install(service)
    turn = WriteTurn()
    sources = sources_of(service, turn, limit_seconds=ROUND_SECONDS)
    rounds = Rounds(sources, service.config.sync.every_seconds, turn)
    options = {
        **STREAMLIT_OPTIONS,
        "server.address": service.config.server.address,
        "server.port": listening.getsockname()[1],
    }
    server = uvicorn.Server(
        uvicorn.Config(
            application(service, rounds, notice, options),
            log_level="warning",
            access_log=False,
            ws="websockets-sansio",
            timeout_graceful_shutdown=GOODBYE_SECONDS,
        )
    )
    run_until_asked(server.serve(sockets=[listening]))
    if not server.started:
        raise ServiceError("The pages could not start; the reason is in the lines above.")

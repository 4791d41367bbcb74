"""Commands that need the warehouse for themselves."""

from pathlib import Path

from app.api_client import running_service
from app.errors import ServiceError


def require_sole_use(warehouse: Path, command: str) -> None:
    """Raise ServiceError while a service runs on this warehouse: it reads stream files only when it starts."""
    service = running_service(warehouse)
    if service is not None:
        raise ServiceError(
            f"{command} needs the warehouse for itself, and the service at {service.notice.url} "
            f"(pid {service.notice.pid}) holds it. Stop it, run this again, and start it again."
        )

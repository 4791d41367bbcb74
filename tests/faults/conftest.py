"""A company as the command line's tests have it, and disks that are full or cannot be written."""

import ctypes
import os
import resource
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.app.conftest import ROOT, Company, company, filled

__all__ = ["Company", "SmallDisk", "company", "filled", "run_without_privilege", "small_disk"]

_PR_CAPBSET_DROP, _CAP_DAC_OVERRIDE, _CAP_DAC_READ_SEARCH = 24, 1, 2
_LIBC = ctypes.CDLL(None)


@dataclass
class SmallDisk:
    """A folder that holds little until there is room."""

    folder: Path
    make_room: Callable[[], None]


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Callable[[int], SmallDisk]]:
    """Makes a disk of so many bytes: a file system of its own where we may mount one, else a limit to files' sizes."""
    mounted: list[Path] = []
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)

    def make(size: int) -> SmallDisk:
        folder = tmp_path / "disk"
        folder.mkdir()
        if _mount(f"size={size}", "-t", "tmpfs", "tmpfs", str(folder)):
            mounted.append(folder)
            return SmallDisk(folder, lambda: _must(_mount("remount,size=512m", str(folder))))
        resource.setrlimit(resource.RLIMIT_FSIZE, (size, limits[1]))
        return SmallDisk(folder, lambda: resource.setrlimit(resource.RLIMIT_FSIZE, limits))

    yield make
    resource.setrlimit(resource.RLIMIT_FSIZE, limits)
    for folder in mounted:
        subprocess.run(["umount", "--lazy", folder], check=True)


def _mount(options: str, *words: str) -> bool:
    """Whether it could be mounted: it cannot without the right to, or where there is no such program."""
    program = shutil.which("mount")
    return program is not None and subprocess.run([program, "-o", options, *words], capture_output=True).returncode == 0


def _must(is_done: bool) -> None:
    assert is_done


@contextmanager
def read_only(path: Path) -> Iterator[None]:
    """The path as its owner left it who took away the right to write."""
    mode = path.stat().st_mode
    path.chmod(0o555 if path.is_dir() else 0o444)
    try:
        yield
    finally:
        path.chmod(mode)


def run_without_privilege(company: Company, *words: str) -> subprocess.CompletedProcess[str]:
    """A command that has to respect the rights of files, even when the tests run as root."""
    command = [sys.executable, "-m", "app.cli", *words, "--config", str(company.config)]
    return subprocess.run(
        command, capture_output=True, text=True, cwd=ROOT, timeout=100, preexec_fn=_give_up_privilege, check=False
    )


def _give_up_privilege() -> None:
    # Without the privilege to override rights there is nothing to give up, and the call fails: that is what is wanted.
    if os.geteuid() == 0:
        for capability in (_CAP_DAC_OVERRIDE, _CAP_DAC_READ_SEARCH):
            _LIBC.prctl(_PR_CAPBSET_DROP, capability, 0, 0, 0)

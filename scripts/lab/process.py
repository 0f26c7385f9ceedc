# SPDX-License-Identifier: PostgreSQL
"""Child processes that never outlive us, and free ports for them."""

import os
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from pathlib import Path

# Files of a throwaway server: making and removing them on a disk is a third of what tests cost.  By
# default half of the memory may be used so, and a container has 64 MB.
MEMORY = Path("/dev/shm")
MEMORY_BYTES_MIN = 4 << 30

POSTGRES_ACCOUNT = "postgres"  # made by Debian's package; PostgreSQL refuses to run as root


class LabError(Exception):
    """Something of the laboratory itself failed; the text says what to look at."""


def is_root():
    return os.geteuid() == 0


def server_account():
    """Arguments of setpriv that leave root, empty when we are not root."""
    if not is_root():
        return []
    return [f"--reuid={POSTGRES_ACCOUNT}", f"--regid={POSTGRES_ACCOUNT}", "--init-groups"]


def as_server_account(argv):
    account = server_account()
    return ["setpriv", *account, *map(str, argv)] if account else [str(a) for a in argv]


def spawn(argv, *, account=(), death_signal="TERM", **options):
    """
    Start a process in a session of its own, so that Ctrl-C reaches only us, and with a death
    signal, so that it ends with us even when we are killed.
    """
    command = ["setpriv", *account, "--pdeathsig", death_signal, *map(str, argv)]
    return subprocess.Popen(command, start_new_session=True, **options)


def interruptible():
    """SIGINT, SIGTERM and SIGHUP raise KeyboardInterrupt, also where a shell had us ignore the first."""
    for sig in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(sig, signal.default_int_handler)


def temporary_directory(prefix, in_memory=False):
    """A folder that the server account may enter; in memory only where there is plenty."""
    parent = "/tmp" if is_root() else None  # root's TMPDIR may be closed to others
    if in_memory and MEMORY.is_dir() and shutil.disk_usage(MEMORY).free >= MEMORY_BYTES_MIN:
        parent = MEMORY
    path = Path(tempfile.mkdtemp(prefix=f"{prefix}-", dir=parent))
    path.chmod(0o711)
    return path


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


def wait_until(condition, what, timeout=30.0, every=0.02):
    """Return the first true value of condition(); raise LabError with `what` after timeout."""
    deadline = time.monotonic() + timeout
    while time.monotonic() < deadline:
        value = condition()
        if value:
            return value
        time.sleep(every)
    raise LabError(f"gave up after {timeout:.0f} s waiting for {what}")


def accepts(port, host="127.0.0.1"):
    try:
        socket.create_connection((host, port), timeout=1).close()
        return True
    except OSError:
        return False


def stop(process, sig=signal.SIGTERM, timeout=30.0):
    """Send sig, wait, return the exit status; kill and raise LabError when it does not end."""
    if process.poll() is None:
        process.send_signal(sig)
    try:
        return process.wait(timeout)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
        raise LabError(f"{process.args[-1]}: did not end within {timeout:.0f} s of {sig!r}") from None


def cpu_seconds(pid):
    """User and system time of all threads so far."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def resident_bytes(pid):
    for line in Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith("VmRSS:"):
            return int(line.split()[1]) * 1024
    raise LabError(f"no VmRSS of {pid}")

# SPDX-License-Identifier: PostgreSQL
"""Protocol 3 by hand: for what no driver would send, and for reading what no driver would show."""

import socket
import ssl
import struct

SSL_REQUEST = 80877103
GSSENC_REQUEST = 80877104
CANCEL_REQUEST = 80877102


def cstring(text):
    return (text if isinstance(text, bytes) else text.encode()) + b"\0"


def message(kind, body=b""):
    return kind.encode() + struct.pack("!I", len(body) + 4) + body


def startup_packet(parameters, version=(3, 0)):
    body = struct.pack("!HH", *version)
    body += b"".join(cstring(k) + cstring(v) for k, v in parameters) + b"\0"
    return struct.pack("!I", len(body) + 4) + body


def request(code, more=b""):
    return struct.pack("!II", 8 + len(more), code) + more


def query(text):
    return message("Q", cstring(text))


def parse(text, name="", types=()):
    return message("P", cstring(name) + cstring(text) + struct.pack(f"!H{len(types)}I", len(types), *types))


def bind(name="", portal="", values=(), result_formats=()):
    body = cstring(portal) + cstring(name) + struct.pack("!HH", 0, len(values))
    for value in values:
        value = value.encode() if isinstance(value, str) else value
        body += struct.pack("!i", -1) if value is None else struct.pack("!I", len(value)) + value
    return message("B", body + struct.pack(f"!H{len(result_formats)}H", len(result_formats), *result_formats))


def execute(portal="", rows=0):
    return message("E", cstring(portal) + struct.pack("!I", rows))


def describe(kind="S", name=""):
    return message("D", kind.encode() + cstring(name))


def close(kind="S", name=""):
    return message("C", kind.encode() + cstring(name))


SYNC = message("S")
FLUSH = message("H")
TERMINATE = message("X")


def extended(text, values=()):
    """One statement in the extended protocol, without its Sync."""
    return parse(text) + bind(values=values) + execute()


class Message:
    """One backend message: its type as a letter, and the body."""

    def __init__(self, kind, body):
        self.kind = kind
        self.body = body

    @property
    def fields(self):
        """Of ErrorResponse and NoticeResponse, by field letter."""
        parts = self.body.split(b"\0")
        return {part[:1].decode(): part[1:].decode(errors="replace") for part in parts if part}

    @property
    def sqlstate(self):
        return self.fields.get("C")

    @property
    def text(self):
        return self.fields.get("M", "")

    @property
    def status(self):
        """Of ReadyForQuery."""
        return self.body.decode()

    @property
    def tag(self):
        """Of CommandComplete."""
        return self.body[:-1].decode()

    @property
    def values(self):
        """Of DataRow: text or None for every column."""
        (n,), at, result = struct.unpack_from("!H", self.body), 2, []
        for _ in range(n):
            (size,) = struct.unpack_from("!i", self.body, at)
            at += 4
            result.append(None if size < 0 else self.body[at:at + size].decode(errors="replace"))
            at += max(size, 0)
        return result

    @property
    def bytes(self):
        return message(self.kind, self.body)

    def __repr__(self):
        return f"{self.kind}{self.body[:120]!r}"


def kinds(messages):
    """ "TDCZ": the shape of an answer."""
    return "".join(m.kind for m in messages)


def rows(messages):
    return [m.values for m in messages if m.kind == "D"]


def errors(messages):
    return [m for m in messages if m.kind == "E"]


class Closed(Exception):
    """The other side ended the connection; what it had sent before is in .messages."""

    def __init__(self, messages=()):
        super().__init__(f"connection closed after {list(messages)!r}")
        self.messages = list(messages)


class Wire:
    """One connection.  Every wait is bounded by `timeout` seconds."""

    def __init__(self, target, timeout=20.0):
        self.socket = socket.create_connection((target.host, target.port), timeout=timeout)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.buffer = b""
        self.parameters = {}
        self.key = None

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.socket.close()

    def send(self, data):
        self.socket.sendall(data)

    def receive(self, n):
        """Exactly n bytes."""
        while len(self.buffer) < n:
            try:
                chunk = self.socket.recv(65536)
            except (ConnectionResetError, ssl.SSLEOFError):
                chunk = b""
            if not chunk:
                raise Closed
            self.buffer += chunk
        data, self.buffer = self.buffer[:n], self.buffer[n:]
        return data

    def message(self):
        header = self.receive(5)
        (size,) = struct.unpack("!I", header[1:])
        return Message(header[:1].decode("latin-1"), self.receive(size - 4))

    def until(self, stop="Z", count=1):
        """Messages up to and with the count-th of type stop."""
        seen = []
        while count:
            try:
                seen.append(self.message())
            except Closed:
                raise Closed(seen) from None
            count -= seen[-1].kind == stop
        return seen

    def until_closed(self):
        """Everything up to the end of the connection."""
        seen = []
        try:
            while True:
                seen.append(self.message())
        except Closed:
            return seen

    def silent(self, seconds=0.3):
        """True when nothing arrives for that long."""
        before = self.socket.gettimeout()
        self.socket.settimeout(seconds)
        try:
            self.buffer += self.socket.recv(65536)
            return not self.buffer
        except TimeoutError:
            return True
        finally:
            self.socket.settimeout(before)

    def startup(self, database="postgres", user="postgres", version=(3, 0), **parameters):
        """Log in without a password; returns everything up to ReadyForQuery."""
        words = [("user", user), ("database", database), *parameters.items()]
        self.send(startup_packet(words, version))
        answer = self.until("Z")
        for m in answer:
            if m.kind == "S":
                name, value = m.body[:-1].split(b"\0")
                self.parameters[name.decode()] = value.decode()
            elif m.kind == "K":
                self.key = m.body
        return answer

    def start_tls(self, context=None):
        self.send(request(SSL_REQUEST))
        answer = self.receive(1)
        if answer == b"S":
            context = context or insecure_context()
            self.socket = context.wrap_socket(self.socket, server_hostname="localhost")
        return answer

    def query(self, text):
        self.send(query(text))
        return self.until("Z")


def insecure_context():
    """TLS without a look at the certificate: the tests know whom they talk to."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    return context


def cancel(target, key, timeout=5.0):
    """Send a CancelRequest with this BackendKeyData body; returns what came back (b"" as a rule)."""
    with socket.create_connection((target.host, target.port), timeout=timeout) as s:
        s.sendall(request(CANCEL_REQUEST, key))
        return s.recv(100)

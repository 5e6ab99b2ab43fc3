# mypy: disable-error-code="import-untyped, no-any-return"
"""A client for services of zmqrpc, written by zmqrpc out of their description: change that, not this file.

    with Connection("tcp://127.0.0.1:30000") as connection:
        ...Client(connection)

It takes pyzmq and msgpack, and Python 3.9 or newer. The services are the classes at the end. A connection may be shared
by threads, whose calls take turns.
"""

from __future__ import annotations

import itertools
import struct
import threading
import time
import warnings
from dataclasses import dataclass, field as _field
from datetime import datetime, timedelta, timezone
from ipaddress import IPv4Address, IPv6Address
from typing import Any, Callable, Dict, List, Literal, Mapping, Optional, Tuple, Union
from uuid import UUID

import msgpack
import zmq


class CallFailed(Exception):
    """A call that has neither a reply nor an error of the service's own.

    `executed` says whether the method was executed: False if surely not, so that the call may be repeated, True if it
    was, None if nobody knows. `status` is the number that the server gives, None if the failure is not the server's.
    """

    def __init__(
        self, method: str, detail: str, executed: Optional[bool], status: Optional[int] = None
    ) -> None:
        known = {False: "it was not executed", True: "it was executed"}
        whether = known.get(executed, "it may have been executed")  # type: ignore[arg-type]
        number = "" if status is None else f" (status {status})"
        super().__init__(f"{method}: {detail}{number}; {whether}")
        self.method = method
        self.detail = detail
        self.executed = executed
        self.status = status


class TimedOut(CallFailed):
    """A call that took longer than it may."""


class ServiceError(Exception):
    """The service's own error. Those that are structs or enums are subclasses, with fields."""

    def __str__(self) -> str:
        return repr(self)


class PlainServiceError(ServiceError):
    """The service's own error, where its type has no class of its own: `value`."""

    def __init__(self, value: Any) -> None:
        super().__init__(value)
        self.value = value


class Connection:
    """A connection to a server, made anew as long as it is there. It is closed by `close`, or at the end of `with`."""

    def __init__(
        self,
        endpoint: str,
        *,
        timeout: float = 10.0,
        metadata: Optional[Mapping[str, str]] = None,
        prepare: Optional[Callable[[zmq.Socket[bytes]], None]] = None,
    ) -> None:
        """Calls may take `timeout` seconds, unless the call or the method says otherwise. `metadata` goes with each
        request. `prepare` gets each socket before it is connected, to set a login or a limit on it."""
        self.endpoint = endpoint
        self.timeout = timeout
        self._metadata = _metadata(metadata or {})
        self._prepare = prepare
        self._lock = threading.Lock()
        self._ids = itertools.count(1)
        self._unanswered = False
        self._is_over = False
        self._closed = False
        self._socket = self._open()

    def __enter__(self) -> Connection:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def call(self, method: str, *arguments: Any, timeout: Optional[float] = None, **named: Any) -> Any:
        """Calls any method by its full name, with values as MessagePack has them."""
        if arguments and named:
            raise TypeError("arguments go in order or by name, not both")
        untyped = _Method(method, [], _ANY, _ANY)
        return self._call(untyped, named if named else list(arguments), timeout)

    def flush(self, timeout: float = 1.0) -> bool:
        """Waits until the server has all notifications, and returns whether it has."""
        deadline = _deadline(timeout)
        if not self._lock.acquire(timeout=_remaining(deadline)):
            return False
        try:
            return self._flush(deadline)
        finally:
            self._lock.release()

    def close(self) -> None:
        """Closes the connection. Notifications have a second to leave."""
        with self._lock:
            if not self._closed:
                self._flush(_deadline(1.0))
                self._closed = True
                self._socket.close(linger=0)

    def _open(self) -> zmq.Socket[bytes]:
        opened: zmq.Socket[bytes] = zmq.Context.instance().socket(zmq.DEALER)
        # Nothing is left waiting for a server that is not there: it would be executed after its time.
        opened.immediate = True
        opened.linger = 0
        opened.maxmsgsize = 32 << 20
        if self._prepare:
            self._prepare(opened)
        opened.connect(self.endpoint)
        return opened

    def _call(self, method: _Method, body: Any, timeout: Optional[float]) -> Any:
        limit = next(each for each in (timeout, method.timeout, self.timeout) if each is not None)
        deadline = _deadline(limit)
        if not self._lock.acquire(timeout=_remaining(deadline)):
            raise TimedOut(method.name, "another call was under way", False)
        try:
            if self._closed:
                raise CallFailed(method.name, "the connection is closed", False)
            return self._exchange(method, body, deadline)
        finally:
            self._lock.release()

    def _exchange(self, method: _Method, body: Any, deadline: float) -> Any:
        name = method.name.encode()
        packed = method.pack(body)
        number = next(self._ids)
        while self._receive(None, 0.0) is not None and _remaining(deadline) > 0:
            pass
        if self._is_over:
            self._socket.close(linger=1000)
            self._socket = self._open()
            self._is_over = self._unanswered = False
        kind = 2 if method.oneway else 1

        def frame() -> bytes:
            # How long the caller waits is counted where the request leaves.
            remaining = _varint(max(1, int(_remaining(deadline) * 1000)))
            header = b"\x02\x01" + _varint(len(name)) + name + remaining + self._metadata
            return _HEAD.pack(0xC1, 1, kind, number) + header + packed

        if not self._send(frame, deadline):
            raise TimedOut(method.name, f"there is no connection to {self.endpoint}", False)
        if method.oneway:
            self._unanswered = True
            return None
        while True:
            reply = self._receive(number, _remaining(deadline))
            if reply is not None and reply[2] == 0x81:
                self._unanswered = False
                return method.unpack(reply)
            if _remaining(deadline) <= 0:
                # The call is cancelled, and the next one goes another way: this one may lead nowhere.
                self._send(lambda: _HEAD.pack(0xC1, 1, 4, number), 0.0)
                self._is_over = True
                raise TimedOut(method.name, "there is no reply in time", None)

    def _send(self, frame: Callable[[], bytes], deadline: float) -> bool:
        while True:
            try:
                self._socket.send(frame(), zmq.NOBLOCK)
                return True
            except zmq.Again:
                remaining = _remaining(deadline)
                if remaining <= 0:
                    return False
                self._socket.poll(_milliseconds(remaining), zmq.POLLOUT)

    def _receive(self, number: Optional[int], seconds: float) -> Optional[bytes]:
        """Returns the next frame that has this id, or any frame if there is none; None if none came in time, or if one
        came that is for the connection alone."""
        if not self._socket.poll(_milliseconds(seconds)):
            return None
        frame = self._socket.recv_multipart()[-1]
        if len(frame) < _HEAD.size or frame[0] != 0xC1:
            return None if number is not None else b""
        _, _, kind, found = _HEAD.unpack_from(frame)
        if kind == 0x89:
            # The server ends. It waits until it is answered, and wants nothing more from here.
            self._send(lambda: _HEAD.pack(0xC1, 1, 5, found), 0.0)
            self._is_over = True
        return frame if number in (None, found) else None

    def _flush(self, deadline: float) -> bool:
        if self._closed or not self._unanswered:
            return True
        number = next(self._ids)
        if not self._send(lambda: _HEAD.pack(0xC1, 1, 5, number), deadline):
            return False
        while True:
            # What came before a ping has arrived when its answer is there.
            frame = self._receive(number, _remaining(deadline))
            if frame is not None and frame[2] == 0x85:
                self._unanswered = False
                return True
            if _remaining(deadline) <= 0:
                return False


def _deprecated(reason: str) -> None:
    warnings.warn(reason, DeprecationWarning, stacklevel=3)


class _Service:
    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def _call(self, method: _Method, arguments: Tuple[Any, ...], timeout: Optional[float]) -> Any:
        return self._connection._call(method, arguments, timeout)


_HEAD = struct.Struct("<BBBQ")


def _deadline(seconds: float) -> float:
    return time.monotonic() + min(seconds, 1e6)


def _remaining(deadline: float) -> float:
    return max(0.0, deadline - time.monotonic())


def _milliseconds(seconds: float) -> int:
    # Rounded up: who waits for nothing, again and again, spends a processor on it.
    return int(seconds * 1000 + 0.999)


def _varint(number: int) -> bytes:
    out = bytearray()
    while number > 0x7F:
        out.append(number & 0x7F | 0x80)
        number >>= 7
    out.append(number)
    return bytes(out)


def _text(text: str) -> bytes:
    return _varint(len(text.encode())) + text.encode()


def _metadata(entries: Mapping[str, str]) -> bytes:
    return _varint(len(entries)) + b"".join(_text(each) for entry in entries.items() for each in entry)


class _Frame:
    """Reads a frame; raises IndexError where it ends too early."""

    def __init__(self, frame: bytes, at: int) -> None:
        self.frame, self.at = frame, at

    def byte(self) -> int:
        self.at += 1
        return self.frame[self.at - 1]

    def varint(self) -> int:
        number = 0
        for shift in range(0, 70, 7):
            byte = self.byte()
            number |= (byte & 0x7F) << shift
            if byte < 0x80:
                return number
        raise IndexError("a number that does not end")

    def text(self) -> bytes:
        length = self.varint()
        self.at += length
        if self.at > len(self.frame):
            raise IndexError("a text that does not end")
        return self.frame[self.at - length : self.at]

    def rest(self) -> bytes:
        return self.frame[self.at :]


class _Method:
    def __init__(
        self,
        name: str,
        arguments: List[Tuple[str, _Shape]],
        reply: _Shape,
        error: _Shape,
        *,
        oneway: bool = False,
        timeout: Optional[float] = None,
    ) -> None:
        self.name, self.arguments, self.reply, self.error = name, arguments, reply, error
        self.oneway, self.timeout = oneway, timeout

    def pack(self, values: Any) -> bytes:
        """Returns a body; raises ValueError if a value does not fit."""
        try:
            if isinstance(values, tuple):
                pairs = zip(self.arguments, values)
                values = [_at(name, shape.pack, value) for (name, shape), value in pairs]
            return msgpack.packb(values)
        except (_Misfit, TypeError, ValueError, OverflowError, RecursionError) as reason:
            raise ValueError(f"{self.name}: {reason}") from None

    def unpack(self, reply: bytes) -> Any:
        """Returns the value of a reply; raises what else it may be."""
        frame = _Frame(reply, 11)
        try:
            status, _ = frame.byte(), frame.byte()
            metadata = {}
            for _ in range(frame.varint()):
                key = frame.text()
                metadata[key] = frame.text()
            executed = {0: False, 2: True}.get(frame.byte()) if status > 1 else True
        except IndexError:
            raise CallFailed(self.name, "the reply cannot be read", None) from None
        if status > 1:
            detail = frame.rest()[:1024].decode(errors="replace")
            raise CallFailed(self.name, detail or "it was refused", executed, status)
        if status == 0 and b"zmqrpc-accepted" in metadata:
            if self.reply is _UNIT:
                return None
            detail = "a proxy has accepted it for later, so there is no reply"
            raise CallFailed(self.name, detail, None, status)
        shape = self.error if status == 1 else self.reply
        try:
            body = frame.rest()
            # Lists may be keys of maps if they are tuples.
            found = msgpack.unpackb(body, use_list=False, strict_map_key=False) if body else None
            value = shape.unpack(found)
        except Exception as reason:
            detail = f"the reply does not fit: {reason}"
            raise CallFailed(self.name, detail, True) from reason
        if status == 1:
            raise value if isinstance(value, ServiceError) else PlainServiceError(value)
        return value

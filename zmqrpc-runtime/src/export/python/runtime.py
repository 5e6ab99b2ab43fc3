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
        prepare: Optional[Callable[[zmq.Socket], None]] = None,
    ) -> None:
        """Calls may take `timeout` seconds, unless the call or the method says otherwise. `metadata` goes with each
        request. `prepare` gets each socket before it is connected, to set a login on it."""
        self.endpoint = endpoint
        self.timeout = timeout
        self._metadata = _metadata(metadata or {})
        self._prepare = prepare
        self._lock = threading.Lock()
        self._ids = itertools.count(1)
        self._unanswered = False
        self._ending = False
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

    def _open(self) -> zmq.Socket:
        opened = zmq.Context.instance().socket(zmq.DEALER)
        # Nothing is left waiting for a server that is not there: it would be executed after its time.
        opened.immediate = True
        opened.linger = 0
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
        if self._ending:
            self._socket.close(linger=1000)
            self._socket = self._open()
            self._ending = False
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
                self._send(lambda: _HEAD.pack(0xC1, 1, 4, number), 0.0)
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
            self._ending = True
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


class _Misfit(Exception):
    """A value that does not fit where it stands: `path` leads there, the last step first."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.path: List[str] = []

    def __str__(self) -> str:
        path = "".join(reversed(self.path)).lstrip(".")
        return f"{path}: {self.args[0]}" if path else str(self.args[0])


def _at(step: str, convert: Callable[[Any], Any], value: Any) -> Any:
    try:
        return convert(value)
    except _Misfit as misfit:
        misfit.path.append(step)
        raise


def _expected(what: str, value: Any) -> _Misfit:
    shown = repr(value)
    return _Misfit(f"{what} is expected, not {shown if len(shown) < 60 else shown[:57] + '...'}")


class _Shape:
    """How values become what MessagePack carries, and back."""

    def __init__(self, pack: Callable[[Any], Any], unpack: Callable[[Any], Any]) -> None:
        self.pack, self.unpack = pack, unpack


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
            detail = frame.rest().decode(errors="replace")
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


_TYPES: Dict[str, _Shape] = {}


def _type(name: str) -> _Shape:
    # Types are found when values come: they may hold each other.
    return _Shape(lambda value: _TYPES[name].pack(value), lambda value: _TYPES[name].unpack(value))


def _one_of(what: str, *types: type) -> _Shape:
    def same(value: Any) -> Any:
        if isinstance(value, types):
            return value
        raise _expected(what, value)

    return _Shape(same, same)


def _integer(low: int, high: int) -> _Shape:
    def same(value: Any) -> Any:
        if isinstance(value, int) and not isinstance(value, bool) and low <= value <= high:
            return value
        raise _expected(f"an integer from {low} to {high}", value)

    def pack(value: Any) -> Any:
        # What 64 bits do not hold travels as 16 bytes.
        number = same(value)
        wide = not -(2**63) <= low or not high < 2**64
        return number.to_bytes(16, "big", signed=low < 0) if wide else number

    def unpack(value: Any) -> Any:
        if isinstance(value, bytes) and len(value) == 16:
            value = int.from_bytes(value, "big", signed=low < 0)
        return same(value)

    return _Shape(pack, unpack)


def _float(value: Any) -> Any:
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        return float(value)
    raise _expected("a number", value)


def _char(value: Any) -> Any:
    if isinstance(value, str) and len(value) == 1:
        return value
    raise _expected("one character", value)


def _bytes(value: Any) -> Any:
    if isinstance(value, tuple) and all(isinstance(each, int) and 0 <= each < 256 for each in value):
        return bytes(value)
    if isinstance(value, (bytes, bytearray, memoryview)):
        return bytes(value)
    raise _expected("bytes", value)


def _with_lists(value: Any) -> Any:
    if isinstance(value, tuple):
        return [_with_lists(each) for each in value]
    if isinstance(value, dict):
        return {key: _with_lists(each) for key, each in value.items()}
    return value


_ANY = _Shape(lambda value: value, _with_lists)
_UNIT = _one_of("None", type(None))
_BOOL = _one_of("a bool", bool)
_STR = _one_of("a text", str)
_CHAR = _Shape(_char, _char)
_BYTES = _Shape(_bytes, _bytes)
_FLOAT = _Shape(_float, _float)
_I8, _I16, _I32, _I64, _I128 = (_integer(-(2**bits), 2**bits - 1) for bits in (7, 15, 31, 63, 127))
_U8, _U16, _U32, _U64, _U128 = (_integer(0, 2**bits - 1) for bits in (8, 16, 32, 64, 128))


def _option(inner: _Shape) -> _Shape:
    return _Shape(
        lambda value: None if value is None else inner.pack(value),
        lambda value: None if value is None else inner.unpack(value),
    )


def _sequence(what: str, value: Any, length: Optional[int] = None) -> Any:
    if not isinstance(value, (list, tuple)):
        raise _expected(what, value)
    if length is not None and len(value) != length:
        raise _Misfit(f"{length} elements are expected, not {len(value)}")
    return value


def _list(inner: _Shape, length: Optional[int] = None) -> _Shape:
    def each(convert: Callable[[Any], Any], value: Any) -> Any:
        found = _sequence("a list", value, length)
        return [_at(f"[{index}]", convert, element) for index, element in enumerate(found)]

    return _Shape(lambda value: each(inner.pack, value), lambda value: each(inner.unpack, value))


def _tuple(*parts: _Shape) -> _Shape:
    def each(converts: List[Callable[[Any], Any]], value: Any) -> Any:
        pairs = enumerate(zip(converts, _sequence("a tuple", value, len(parts))))
        return tuple(_at(f"[{index}]", convert, element) for index, (convert, element) in pairs)

    return _Shape(
        lambda value: each([part.pack for part in parts], value),
        lambda value: each([part.unpack for part in parts], value),
    )


def _map(key: _Shape, inner: _Shape) -> _Shape:
    def each(key: Callable[[Any], Any], convert: Callable[[Any], Any], value: Any) -> Any:
        if not isinstance(value, dict):
            raise _expected("a dict", value)
        return {
            _at(f"[{name!r}]", key, name): _at(f"[{name!r}]", convert, inner)
            for name, inner in value.items()
        }

    return _Shape(
        lambda value: each(key.pack, inner.pack, value),
        lambda value: each(key.unpack, inner.unpack, value),
    )


def _unit(made: Any) -> _Shape:
    def pack(value: Any) -> Any:
        if isinstance(value, made):
            return []
        raise _expected(made.__name__, value)

    return _Shape(pack, lambda value: made())


def _struct(
    made: Any, fields: List[Tuple[str, str, _Shape, bool]], others: Optional[str] = None
) -> _Shape:
    """`fields` are the name in the message, the one here, the shape, and whether None is left out."""
    known = {name for name, _, _, _ in fields}

    def pack(value: Any) -> Any:
        if not isinstance(value, made):
            raise _expected(made.__name__, value)
        packed = dict(getattr(value, others)) if others else {}
        for name, here, shape, optional in fields:
            inner = getattr(value, here)
            if inner is not None or not optional:
                packed[name] = _at(f".{name}", shape.pack, inner)
        return packed

    def unpack(value: Any) -> Any:
        if not isinstance(value, dict):
            raise _expected("a map", value)
        found = {}
        for name, here, shape, optional in fields:
            # What is not there is read as None, which an option takes.
            left_out = optional and value.get(name) is None
            inner = value.get(name)
            found[here] = None if left_out else _at(f".{name}", shape.unpack, inner)
        if others:
            found[others] = {name: inner for name, inner in value.items() if name not in known}
        return made(**found)

    return _Shape(pack, unpack)


def _single(made: Any, inner: _Shape) -> _Shape:
    return _Shape(lambda value: inner.pack(value.value), lambda value: made(inner.unpack(value)))


def _several(made: Any, *parts: _Shape) -> _Shape:
    inner = _tuple(*parts)
    names = [f"item{index}" for index in range(len(parts))]
    return _Shape(
        lambda value: list(inner.pack([getattr(value, name) for name in names])),
        lambda value: made(*inner.unpack(value)),
    )


def _words(*names: str, others: bool = False) -> _Shape:
    known = frozenset(names)

    def same(value: Any) -> Any:
        if isinstance(value, str) and (others or value in known):
            return value
        raise _expected(f"one of {', '.join(map(repr, names))}" if names else "nothing", value)

    return _Shape(same, same)


def _enum(variants: List[Tuple[Tuple[str, ...], Any, Optional[_Shape]]], others: bool = False) -> _Shape:
    """`variants` are names, of which the first is written, the class, and the shape of what it holds."""
    by_class = {made: (names[0], shape) for names, made, shape in variants}
    by_name = {name: (made, shape) for names, made, shape in reversed(variants) for name in names}

    def pack(value: Any) -> Any:
        if others and isinstance(value, str):
            return value
        if type(value) not in by_class:
            raise _expected(" or ".join(made.__name__ for made in by_class) or "nothing", value)
        name, shape = by_class[type(value)]
        return name if shape is None else {name: _at(f".{name}", shape.pack, value)}

    def unpack(value: Any) -> Any:
        if isinstance(value, str) and (value in by_name or others):
            made, shape = by_name.get(value, (None, None))
            if made is None:
                return value
            if shape is None:
                return made()
        if isinstance(value, dict) and len(value) == 1:
            ((name, inner),) = value.items()
            made, shape = by_name.get(name, (None, None))
            if shape is not None:
                return _at(f".{name}", shape.unpack, inner)
        raise _expected("a variant", value)

    return _Shape(pack, unpack)


def _instance(
    of: Any, pack: Callable[[Any], Any], unpack: Callable[[Any], Any]
) -> _Shape:
    def checked(value: Any) -> Any:
        if isinstance(value, of):
            return pack(value)
        raise _expected(of.__name__ if isinstance(of, type) else "an address", value)

    return _Shape(checked, unpack)


def _since_zero(value: timedelta) -> Tuple[int, int]:
    if value < timedelta(0):
        raise _expected("a time that is not negative", value)
    return value.days * 86400 + value.seconds, value.microseconds * 1000


def _span(seconds: int, nanos: int) -> timedelta:
    return timedelta(seconds=seconds, microseconds=nanos // 1000)


def _pack_time(value: datetime) -> Any:
    if value.tzinfo is None:
        raise _expected("a datetime with a time zone", value)
    seconds, nanos = _since_zero(value - _EPOCH)
    return {"secs_since_epoch": seconds, "nanos_since_epoch": nanos}


_EPOCH = datetime(1970, 1, 1, tzinfo=timezone.utc)
_UUID = _instance(UUID, lambda value: value.bytes, lambda value: UUID(bytes=_bytes(value)))
_DURATION = _instance(
    timedelta,
    lambda value: dict(zip(("secs", "nanos"), _since_zero(value))),
    lambda value: _span(value["secs"], value["nanos"]),
)
_SYSTEM_TIME = _instance(
    datetime,
    _pack_time,
    lambda value: _EPOCH + _span(value["secs_since_epoch"], value["nanos_since_epoch"]),
)
_IPV4 = _instance(
    IPv4Address, lambda value: tuple(value.packed), lambda value: IPv4Address(_bytes(value))
)
_IPV6 = _instance(
    IPv6Address, lambda value: tuple(value.packed), lambda value: IPv6Address(_bytes(value))
)
_IP = _instance(
    (IPv4Address, IPv6Address),
    lambda value: {f"V{value.version}": tuple(value.packed)},
    lambda value: _IPV4.unpack(value["V4"]) if "V4" in value else _IPV6.unpack(value["V6"]),
)



# How values become what MessagePack carries, and back.


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

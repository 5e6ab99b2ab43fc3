

Color = Union[Literal["Red", "Blue", "Green"], str]
"""Words.

Red: As a rose."""


_TYPES["Color"] = _words("Red", "Blue", "Green", "Grün", others=True)


@dataclass
class ExprAdd:
    item0: Expr
    item1: Expr


@dataclass
class ExprNumber:
    value: int


@dataclass
class ExprNone:
    pass


@dataclass
class ExprCall:
    name: str
    args: List[Expr]


Expr = Union[ExprAdd, ExprNumber, ExprNone, ExprCall]


_TYPES["Expr"] = _enum([
    (("Add",), ExprAdd, _several(ExprAdd, _type("Expr"), _type("Expr"))),
    (("Number",), ExprNumber, _single(ExprNumber, _I64)),
    (("None",), ExprNone, None),
    (("Call", "Apply",), ExprCall, _struct(ExprCall, [
    ("name", "name", _STR, False),
    ("args", "args", _list(_type("Expr")), False),
])),
])


@dataclass
class Extras:
    id: int
    others: Dict[str, Any] = _field(default_factory=dict)
    """What else is there."""


_TYPES["Extras"] = _struct(Extras, [
    ("id", "id", _U32, False),
], others="others")


@dataclass
class Filter:
    tags: List[str]
    limit: Optional[int] = None
    """At most."""
    by: Optional[Color] = None


_TYPES["Filter"] = _struct(Filter, [
    ("limit", "limit", _U8, True),
    ("tags", "tags", _list(_STR), False),
    ("by", "by", _option(_type("Color")), False),
])


Iban = str


_TYPES["Iban"] = _STR


class LabError(ServiceError):
    """Why the lab says no."""


@dataclass
class LabErrorBroken(LabError):
    pass


@dataclass
class LabErrorBurnt(LabError):
    args_: List[str]
    """An exception has `args` already."""


_TYPES["LabError"] = _enum([
    (("Broken",), LabErrorBroken, None),
    (("Burnt",), LabErrorBurnt, _struct(LabErrorBurnt, [
    ("args", "args_", _list(_STR), False),
])),
])


@dataclass
class Later:
    x: int


_TYPES["Later"] = _struct(Later, [
    ("x", "x", _U8, False),
])


Meters = float
"""A length."""


_TYPES["Meters"] = _FLOAT


@dataclass
class Nothing:
    pass


_TYPES["Nothing"] = _unit(Nothing)


@dataclass
class Page_Item:
    items: List[v1_Item_2]
    next: Optional[Optional[int]] = None


_TYPES["Page_Item"] = _struct(Page_Item, [
    ("items", "items", _list(_type("v1_Item_2")), False),
    ("next", "next", _option(_option(_U64)), False),
])


Pair = Tuple["Later", str]


_TYPES["Pair"] = _tuple(_type("Later"), _STR)


@dataclass
class Tree:
    """A ring."""

    name: str
    children: List[Tree]


_TYPES["Tree"] = _struct(Tree, [
    ("name", "name", _STR, False),
    ("children", "children", _list(_type("Tree")), False),
])


@dataclass
class class_:
    """A keyword for a name."""

    class_: str
    None_: int
    str_: str
    field: Optional[int] = None


_TYPES["class_"] = _struct(class_, [
    ("class", "class_", _STR, False),
    ("None", "None_", _U8, False),
    ("str", "str_", _STR, False),
    ("field", "field", _option(_U8), False),
])


@dataclass
class v1_Item:
    """Another type whose name comes out as the same."""

    x: int


_TYPES["v1_Item"] = _struct(v1_Item, [
    ("x", "x", _U8, False),
])


@dataclass
class v1_Item_2:
    from_: str
    """Where it comes from."""
    int_: int


_TYPES["v1_Item_2"] = _struct(v1_Item_2, [
    ("from", "from_", _STR, False),
    ("int", "int_", _I16, False),
])


class LabClient(_Service):
    """Odd types, given back as they come."""

    _method_echo_uuid = _Method(
        "Lab.echo_uuid",
        [("value", _UUID)],
        _UUID,
        _ANY,
    )

    def echo_uuid(self, value: UUID, *, timeout: Optional[float] = None) -> UUID:
        return self._call(self._method_echo_uuid, (value,), timeout)

    _method_echo_duration = _Method(
        "Lab.echo_duration",
        [("value", _DURATION)],
        _DURATION,
        _ANY,
    )

    def echo_duration(self, value: timedelta, *, timeout: Optional[float] = None) -> timedelta:
        return self._call(self._method_echo_duration, (value,), timeout)

    _method_echo_time = _Method(
        "Lab.echo_time",
        [("value", _SYSTEM_TIME)],
        _SYSTEM_TIME,
        _ANY,
    )

    def echo_time(self, value: datetime, *, timeout: Optional[float] = None) -> datetime:
        return self._call(self._method_echo_time, (value,), timeout)

    _method_echo_ip = _Method(
        "Lab.echo_ip",
        [("value", _IP)],
        _IP,
        _ANY,
    )

    def echo_ip(self, value: Union[IPv4Address, IPv6Address], *, timeout: Optional[float] = None) -> Union[IPv4Address, IPv6Address]:
        return self._call(self._method_echo_ip, (value,), timeout)

    _method_echo_ipv6 = _Method(
        "Lab.echo_ipv6",
        [("value", _IPV6)],
        _IPV6,
        _ANY,
    )

    def echo_ipv6(self, value: IPv6Address, *, timeout: Optional[float] = None) -> IPv6Address:
        return self._call(self._method_echo_ipv6, (value,), timeout)

    _method_echo_u128 = _Method(
        "Lab.echo_u128",
        [("value", _U128)],
        _U128,
        _ANY,
    )

    def echo_u128(self, value: int, *, timeout: Optional[float] = None) -> int:
        return self._call(self._method_echo_u128, (value,), timeout)

    _method_echo_i128 = _Method(
        "Lab.echo_i128",
        [("value", _I128)],
        _I128,
        _ANY,
    )

    def echo_i128(self, value: int, *, timeout: Optional[float] = None) -> int:
        return self._call(self._method_echo_i128, (value,), timeout)

    _method_echo_float = _Method(
        "Lab.echo_float",
        [("value", _FLOAT)],
        _FLOAT,
        _ANY,
    )

    def echo_float(self, value: float, *, timeout: Optional[float] = None) -> float:
        return self._call(self._method_echo_float, (value,), timeout)

    _method_echo_char = _Method(
        "Lab.echo_char",
        [("value", _CHAR)],
        _CHAR,
        _ANY,
    )

    def echo_char(self, value: str, *, timeout: Optional[float] = None) -> str:
        return self._call(self._method_echo_char, (value,), timeout)

    _method_echo_unit = _Method(
        "Lab.echo_unit",
        [("value", _UNIT)],
        _UNIT,
        _ANY,
    )

    def echo_unit(self, value: None, *, timeout: Optional[float] = None) -> None:
        return self._call(self._method_echo_unit, (value,), timeout)

    _method_echo_any = _Method(
        "Lab.echo_any",
        [("value", _ANY)],
        _ANY,
        _ANY,
    )

    def echo_any(self, value: Any, *, timeout: Optional[float] = None) -> Any:
        return self._call(self._method_echo_any, (value,), timeout)

    _method_echo_tree = _Method(
        "Lab.echo_tree",
        [("value", _type("Tree"))],
        _type("Tree"),
        _ANY,
    )

    def echo_tree(self, value: Tree, *, timeout: Optional[float] = None) -> Tree:
        return self._call(self._method_echo_tree, (value,), timeout)

    _method_echo_page = _Method(
        "Lab.echo_page",
        [("value", _type("Page_Item"))],
        _type("Page_Item"),
        _ANY,
    )

    def echo_page(self, value: Page_Item, *, timeout: Optional[float] = None) -> Page_Item:
        return self._call(self._method_echo_page, (value,), timeout)

    _method_echo_pair = _Method(
        "Lab.echo_pair",
        [("value", _type("Pair"))],
        _type("Pair"),
        _ANY,
    )

    def echo_pair(self, value: Pair, *, timeout: Optional[float] = None) -> Pair:
        return self._call(self._method_echo_pair, (value,), timeout)

    _method_echo_meters = _Method(
        "Lab.echo_meters",
        [("value", _type("Meters"))],
        _type("Meters"),
        _ANY,
    )

    def echo_meters(self, value: Meters, *, timeout: Optional[float] = None) -> Meters:
        return self._call(self._method_echo_meters, (value,), timeout)

    _method_echo_nothing = _Method(
        "Lab.echo_nothing",
        [("value", _type("Nothing"))],
        _type("Nothing"),
        _ANY,
    )

    def echo_nothing(self, value: Nothing, *, timeout: Optional[float] = None) -> Nothing:
        return self._call(self._method_echo_nothing, (value,), timeout)

    _method_echo_color = _Method(
        "Lab.echo_color",
        [("value", _type("Color"))],
        _type("Color"),
        _ANY,
    )

    def echo_color(self, value: Color, *, timeout: Optional[float] = None) -> Color:
        return self._call(self._method_echo_color, (value,), timeout)

    _method_echo_expr = _Method(
        "Lab.echo_expr",
        [("value", _type("Expr"))],
        _type("Expr"),
        _ANY,
    )

    def echo_expr(self, value: Expr, *, timeout: Optional[float] = None) -> Expr:
        return self._call(self._method_echo_expr, (value,), timeout)

    _method_echo_grid = _Method(
        "Lab.echo_grid",
        [("value", _map(_tuple(_I32, _I32), _list(_U8, 3)))],
        _map(_tuple(_I32, _I32), _list(_U8, 3)),
        _ANY,
    )

    def echo_grid(self, value: Dict[Tuple[int, int], List[int]], *, timeout: Optional[float] = None) -> Dict[Tuple[int, int], List[int]]:
        return self._call(self._method_echo_grid, (value,), timeout)

    _method_echo_by_color = _Method(
        "Lab.echo_by_color",
        [("value", _map(_type("Color"), _option(_BOOL)))],
        _map(_type("Color"), _option(_BOOL)),
        _ANY,
    )

    def echo_by_color(self, value: Dict[Color, Optional[bool]], *, timeout: Optional[float] = None) -> Dict[Color, Optional[bool]]:
        return self._call(self._method_echo_by_color, (value,), timeout)

    _method_echo_filter = _Method(
        "Lab.echo_filter",
        [("value", _type("Filter"))],
        _type("Filter"),
        _ANY,
    )

    def echo_filter(self, value: Filter, *, timeout: Optional[float] = None) -> Filter:
        return self._call(self._method_echo_filter, (value,), timeout)

    _method_echo_open = _Method(
        "Lab.echo_open",
        [("value", _type("Extras"))],
        _type("Extras"),
        _ANY,
    )

    def echo_open(self, value: Extras, *, timeout: Optional[float] = None) -> Extras:
        return self._call(self._method_echo_open, (value,), timeout)

    _method_echo_class = _Method(
        "Lab.echo_class",
        [("value", _type("class_"))],
        _type("class_"),
        _ANY,
    )

    def echo_class(self, value: class_, *, timeout: Optional[float] = None) -> class_:
        return self._call(self._method_echo_class, (value,), timeout)

    _method_echo_unknown = _Method(
        "Lab.echo_unknown",
        [("value", _ANY)],
        _ANY,
        _ANY,
    )

    def echo_unknown(self, value: Any, *, timeout: Optional[float] = None) -> Any:
        return self._call(self._method_echo_unknown, (value,), timeout)

    _method_import_ = _Method(
        "Lab.import",
        [("class", _STR), ("timeout", _option(_U32)), ("self", _option(_STR))],
        _tuple(_STR, _option(_U32), _option(_STR)),
        _ANY,
    )

    def import_(self, class_: str, timeout_: Optional[int] = None, self_: Optional[str] = None, *, timeout: Optional[float] = None) -> Tuple[str, Optional[int], Optional[str]]:
        """A method, some of whose names mean something in Python."""
        return self._call(self._method_import_, (class_, timeout_, self_), timeout)

    _method_old = _Method(
        "Lab.old",
        [],
        _UNIT,
        _ANY,
    )

    def old(self, *, timeout: Optional[float] = None) -> None:
        """Use another one.

        Deprecated. use `echo_unit`"""
        _deprecated("Lab.old is deprecated. use `echo_unit`")
        return self._call(self._method_old, (), timeout)

    _method_fail = _Method(
        "Lab.fail",
        [],
        _UNIT,
        _type("LabError"),
    )

    def fail(self, *, timeout: Optional[float] = None) -> None:
        return self._call(self._method_fail, (), timeout)

    _method_fail_plain = _Method(
        "Lab.fail_plain",
        [],
        _UNIT,
        _STR,
    )

    def fail_plain(self, *, timeout: Optional[float] = None) -> None:
        return self._call(self._method_fail_plain, (), timeout)


class Lab_2Client(_Service):
    """An earlier version."""

    _method_echo_uuid = _Method(
        "Lab@2.echo_uuid",
        [("value", _UUID)],
        _UUID,
        _ANY,
    )

    def echo_uuid(self, value: UUID, *, timeout: Optional[float] = None) -> UUID:
        return self._call(self._method_echo_uuid, (value,), timeout)


class CommandsClient(_Service):

    _method_ping = _Method(
        "ping",
        [("number", _U32)],
        _U32,
        _ANY,
    )

    def ping(self, number: int, *, timeout: Optional[float] = None) -> int:
        """A hand-written command."""
        return self._call(self._method_ping, (number,), timeout)

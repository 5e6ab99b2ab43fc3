

@dataclass
class Entry:
    """One line of the journal."""

    user: str
    """As the caller's metadata says."""
    event: Event
    """What was done."""
    peer: Optional[str] = None
    """The caller's address, as the server's socket knows it."""


_TYPES["Entry"] = _struct(Entry, [
    ("user", "user", _STR, False),
    ("peer", "peer", _option(_STR), False),
    ("event", "event", _type("Event"), False),
])


@dataclass
class EventPlaced:
    """An order was placed."""

    value: int


@dataclass
class EventScanned:
    """A product was seen."""

    value: str


Event = Union[EventPlaced, EventScanned]
"""What can be done."""


_TYPES["Event"] = _enum([
    (("Placed",), EventPlaced, _single(EventPlaced, _U64)),
    (("Scanned",), EventScanned, _single(EventScanned, _STR)),
])


@dataclass
class Line:
    """One line of an order."""

    sku: str
    """Of which product."""
    count: int
    """How many."""


_TYPES["Line"] = _struct(Line, [
    ("sku", "sku", _STR, False),
    ("count", "count", _U32, False),
])


@dataclass
class Order:
    """An order as a customer places it."""

    number: int
    """Its number. A house places each number once."""
    customer: str
    """Who wants it."""
    lines: List[Line]
    """What is wanted."""
    note: Optional[str] = None
    """What to mind."""


_TYPES["Order"] = _struct(Order, [
    ("number", "number", _U64, False),
    ("customer", "customer", _STR, False),
    ("lines", "lines", _list(_type("Line")), False),
    ("note", "note", _option(_STR), False),
])


@dataclass
class Product:
    """A product."""

    sku: str
    """Its number."""
    name: str
    """What it says on the box."""
    price: int
    """In cents."""
    storage: Storage
    """What to mind."""
    size: Optional[Tuple[int, int, int]] = None
    """Width, height and depth in millimetres, where they were measured."""


_TYPES["Product"] = _struct(Product, [
    ("sku", "sku", _STR, False),
    ("name", "name", _STR, False),
    ("price", "price", _U64, False),
    ("storage", "storage", _type("Storage"), False),
    ("size", "size", _option(_tuple(_U32, _U32, _U32)), False),
])


@dataclass
class Receipt:
    """An order that was placed."""

    order: int
    """Its number."""
    total: int
    """In cents."""
    left: Dict[str, int]
    """What is left of the ordered products."""


_TYPES["Receipt"] = _struct(Receipt, [
    ("order", "order", _U64, False),
    ("total", "total", _U64, False),
    ("left", "left", _map(_STR, _U32), False),
])


@dataclass
class Shipment:
    """How an order travels."""

    carrier: str
    """Who brings it."""
    days: int
    """When it is there."""


_TYPES["Shipment"] = _struct(Shipment, [
    ("carrier", "carrier", _STR, False),
    ("days", "days", _U8, False),
])


@dataclass
class Stock:
    """A product and what there is of it."""

    product: Product
    """The product."""
    on_hand: int
    """How many there are."""


_TYPES["Stock"] = _struct(Stock, [
    ("product", "product", _type("Product"), False),
    ("on_hand", "on_hand", _U32, False),
])


class StockError(ServiceError):
    """Why the house says no."""


@dataclass
class StockErrorUnknownProduct(StockError):
    """Nobody knows the product."""

    value: str


@dataclass
class StockErrorAlreadyCarried(StockError):
    """The product was there before."""

    value: str


@dataclass
class StockErrorOutOfStock(StockError):
    """Too few are there."""

    sku: str
    """Of which product."""
    wanted: int
    """How many."""
    on_hand: int
    """How many there are."""


@dataclass
class StockErrorUnknownOrder(StockError):
    """Nobody knows the order."""

    value: int


@dataclass
class StockErrorAlreadyPlaced(StockError):
    """The number was used before."""

    value: int


_TYPES["StockError"] = _enum([
    (("UnknownProduct",), StockErrorUnknownProduct, _single(StockErrorUnknownProduct, _STR)),
    (("AlreadyCarried",), StockErrorAlreadyCarried, _single(StockErrorAlreadyCarried, _STR)),
    (("OutOfStock",), StockErrorOutOfStock, _struct(StockErrorOutOfStock, [
    ("sku", "sku", _STR, False),
    ("wanted", "wanted", _U32, False),
    ("on_hand", "on_hand", _U32, False),
])),
    (("UnknownOrder",), StockErrorUnknownOrder, _single(StockErrorUnknownOrder, _U64)),
    (("AlreadyPlaced",), StockErrorAlreadyPlaced, _single(StockErrorAlreadyPlaced, _U64)),
])


@dataclass
class StorageShelf:
    """On any shelf."""


@dataclass
class StorageChilled:
    """Cold."""

    at_most: int
    """In degrees Celsius."""


@dataclass
class StorageApart:
    """Apart from everything else, for this reason."""

    value: str


Storage = Union[StorageShelf, StorageChilled, StorageApart]
"""How a product is kept."""


_TYPES["Storage"] = _enum([
    (("Shelf",), StorageShelf, None),
    (("Chilled",), StorageChilled, _struct(StorageChilled, [
    ("at_most", "at_most", _I8, False),
])),
    (("Apart",), StorageApart, _single(StorageApart, _STR)),
])


class InventoryClient(_Service):
    """Keeps stock."""

    _method_introduce = _Method(
        "Inventory.introduce",
        [("product", _type("Product")), ("on_hand", _U32)],
        _UNIT,
        _type("StockError"),
    )

    def introduce(self, product: Product, on_hand: int, *, timeout: Optional[float] = None) -> None:
        """Adds a product that the house did not carry before.

        # Errors

        [`StockError::AlreadyCarried`]."""
        return self._call(self._method_introduce, (product, on_hand), timeout)

    _method_stock = _Method(
        "Inventory.stock",
        [("sku", _STR)],
        _option(_type("Stock")),
        _ANY,
    )

    def stock(self, sku: str, *, timeout: Optional[float] = None) -> Optional[Stock]:
        """A product and what there is of it. The number is borrowed out of the received frame."""
        return self._call(self._method_stock, (sku,), timeout)

    _method_levels = _Method(
        "Inventory.levels",
        [],
        _map(_STR, _U32),
        _ANY,
    )

    def levels(self, *, timeout: Optional[float] = None) -> Dict[str, int]:
        """What there is of every product."""
        return self._call(self._method_levels, (), timeout)

    _method_restock = _Method(
        "Inventory.restock",
        [("sku", _STR), ("count", _U32)],
        _U32,
        _type("StockError"),
    )

    def restock(self, sku: str, count: int, *, timeout: Optional[float] = None) -> int:
        """Takes a delivery in and answers how many there are now.

        # Errors

        [`StockError::UnknownProduct`]."""
        return self._call(self._method_restock, (sku, count), timeout)

    _method_place = _Method(
        "Inventory.place",
        [("order", _type("Order"))],
        _type("Receipt"),
        _type("StockError"),
    )

    def place(self, order: Order, *, timeout: Optional[float] = None) -> Receipt:
        """Takes all lines of an order out of stock, or none of them.

        # Errors

        [`StockError::UnknownProduct`], [`StockError::OutOfStock`], [`StockError::AlreadyPlaced`]."""
        return self._call(self._method_place, (order,), timeout)

    _method_ship = _Method(
        "Inventory.ship",
        [("order", _U64)],
        _type("Shipment"),
        _type("StockError"),
        timeout=5.000,
    )

    def ship(self, order: int, *, timeout: Optional[float] = None) -> Shipment:
        """Finds out how an order travels. The carriers are asked at the same time, hence `async`.

        # Errors

        [`StockError::UnknownOrder`]."""
        return self._call(self._method_ship, (order,), timeout)

    _method_set_label = _Method(
        "Inventory.set_label",
        [("sku", _STR), ("image", _BYTES)],
        _UNIT,
        _type("StockError"),
    )

    def set_label(self, sku: str, image: bytes, *, timeout: Optional[float] = None) -> None:
        """Keeps the picture of a product's label. Bytes travel as they are.

        # Errors

        [`StockError::UnknownProduct`]."""
        return self._call(self._method_set_label, (sku, image), timeout)

    _method_label = _Method(
        "Inventory.label",
        [("sku", _STR)],
        _option(_BYTES),
        _ANY,
    )

    def label(self, sku: str, *, timeout: Optional[float] = None) -> Optional[bytes]:
        """The picture of a product's label, if there is one."""
        return self._call(self._method_label, (sku,), timeout)

    _method_scanned = _Method(
        "Inventory.scanned",
        [("sku", _STR)],
        _UNIT,
        _ANY,
        oneway=True,
    )

    def scanned(self, sku: str, *, timeout: Optional[float] = None) -> None:
        """A scanner has seen a product go by. It does not wait for an answer."""
        return self._call(self._method_scanned, (sku,), timeout)

    _method_journal = _Method(
        "Inventory.journal",
        [],
        _list(_type("Entry")),
        _ANY,
    )

    def journal(self, *, timeout: Optional[float] = None) -> List[Entry]:
        """Who did what, oldest first."""
        return self._call(self._method_journal, (), timeout)


class AdminClient(_Service):
    """Ends the server. A service of its own, so that a server can leave it out."""

    _method_close = _Method(
        "Admin.close",
        [],
        _UNIT,
        _ANY,
    )

    def close(self, *, timeout: Optional[float] = None) -> None:
        """Ends the server once this call has been answered."""
        return self._call(self._method_close, (), timeout)

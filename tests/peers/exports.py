"""Tries what descriptions are exported as: the schemas, and the client in Python against a server.

    ZMQRPC_EXPORTS=$PWD/target/exports cargo test -p zmqrpc-runtime --lib exports_are_written
    python tests/peers/exports.py target/exports tcp://127.0.0.1:30000

Takes pyzmq, msgpack and jsonschema. At the endpoint is the inventory of the examples, started without `--allow-close`,
on which this was not tried before.
"""

import ast
import dataclasses
import importlib.util
import json
import pathlib
import re
import sys
import threading
import time
import typing
import uuid
import warnings
from datetime import datetime, timedelta, timezone
from ipaddress import ip_address

import jsonschema

from inventory import client_of_protocol
from lab import Lab


def raised(call, error):
    """Returns the error of a call that has to fail."""
    try:
        answer = call()
    except error as raised:
        return raised
    raise AssertionError(f"it was answered with {answer!r}")


# The documents.


def check_documents(folder):
    schemas = sorted(folder.glob("*.schema.json"))
    values = [None, 7, -1.5, "text", [], [[1]], {}, {"a": {}}]
    for path in schemas:
        document = json.loads(path.read_text())
        jsonschema.Draft202012Validator.check_schema(document)
        for key in document["$defs"]:
            validator = definition(document, key)
            for value in values:
                # Whatever it says: a ring of references would never end.
                validator.is_valid(value)
    documents = sorted(folder.glob("*.openrpc.json"))
    for path in documents:
        check_open_rpc(json.loads(path.read_text()))
    print(f"{len(schemas)} documents of JSON Schema and {len(documents)} of OpenRPC are valid")


def definition(document, key):
    return jsonschema.Draft202012Validator({"$ref": f"#/$defs/{key}", "$defs": document["$defs"]})


def check_open_rpc(document):
    """Checks what the specification of OpenRPC 1.3.2 demands."""
    assert set(document) == {"openrpc", "info", "methods", "components"}, set(document)
    assert document["openrpc"] == "1.3.2"
    assert {"title", "version"} <= set(document["info"]) <= {"title", "version", "description"}
    for text in document["info"].values():
        assert isinstance(text, str)
    schemas = document["components"]["schemas"]
    for key in schemas:
        assert re.fullmatch(r"[a-zA-Z0-9._-]+", key), key

    def check_schema(schema):
        jsonschema.Draft7Validator.check_schema(schema)
        for reference in references(schema):
            assert reference.startswith("#/components/schemas/"), reference
            assert reference.rsplit("/", 1)[1] in schemas, reference
        whole = {"allOf": [schema], "components": document["components"]}
        jsonschema.Draft7Validator(whole).is_valid(None)

    for schema in schemas.values():
        check_schema(schema)
    names = [method["name"] for method in document["methods"]]
    assert len(names) == len(set(names)), names
    for method in document["methods"]:
        allowed = {"name", "summary", "description", "tags", "deprecated", "paramStructure"}
        allowed |= {"params", "result", "errors"}
        assert all(key in allowed or key.startswith("x-") for key in method), method
        assert method["name"] and method["paramStructure"] == "either"
        assert all(isinstance(method.get(key, ""), str) for key in ["summary", "description"])
        assert all(tag["name"] for tag in method.get("tags", []))
        names = [parameter["name"] for parameter in method["params"]]
        assert all(names) and len(names) == len(set(names)), names
        for parameter in method["params"]:
            assert set(parameter) == {"name", "required", "schema"}
            assert isinstance(parameter["required"], bool)
            check_schema(parameter["schema"])
        if "result" in method:
            assert set(method["result"]) == {"name", "schema"}
            check_schema(method["result"]["schema"])
        for error in method.get("errors", []):
            assert set(error) == {"code", "message", "data"} and isinstance(error["code"], int)
            check_schema(error["data"])


def references(schema):
    """Returns all references within a schema, where a property may be called `$ref`."""
    if isinstance(schema, dict):
        if isinstance(schema.get("$ref"), str):
            yield schema["$ref"]
        for inner in schema.values():
            yield from references(inner)
    elif isinstance(schema, list):
        for inner in schema:
            yield from references(inner)


def check_values(folder, endpoint):
    """Holds what a server says in JSON against the schema."""
    document = json.loads((folder / "inventory.schema.json").read_text())
    client = client_of_protocol()["Client"](endpoint)
    replies = {
        "stock": ["milk-1l"],
        "levels": [],
        "journal": [],
        "label": ["milk-1l"],
    }
    for method, arguments in replies.items():
        definition(document, f"Inventory.{method}.arguments").validate(arguments)
        reply = client.call(f"Inventory.{method}", *arguments)
        definition(document, f"Inventory.{method}.reply").validate(reply)
    order = {"number": 5, "customer": "Ada", "lines": [{"sku": "milk-1l", "count": 1}], "note": None}
    arguments = definition(document, "Inventory.place.arguments")
    arguments.validate([order])
    arguments.validate({"order": order})
    definition(document, "Inventory.place.reply").validate(client.call("Inventory.place", order=order))
    error = raised(lambda: client.call("Inventory.place", order=order), ValueError).args[0]
    definition(document, "Inventory.place.error").validate(error)
    order["lines"][0]["count"] = -1
    for wrong in [[order], [], {}, {"order": 1}, {"ordr": order}, None]:
        assert not arguments.is_valid(wrong), wrong
    print("the inventory answers what its schema says")


# The client.


def module(path):
    name = "client_" + path.stem
    spec = importlib.util.spec_from_file_location(name, path)
    sys.modules[name] = made = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(made)
    return made


def check_modules(folder):
    """Whatever a description says, the module can be imported, in Python 3.9 as well, and does what it always does."""
    paths = sorted(folder.glob("*.py"))
    for path in paths:
        source = path.read_text()
        ast.parse(source, feature_version=(3, 9))
        made = module(path)
        for name, found in vars(made).items():
            if isinstance(found, type) and found.__module__ == made.__name__:
                # Every hint means something.
                hints = typing.get_type_hints(found)
                if dataclasses.is_dataclass(found):
                    assert {field.name for field in dataclasses.fields(found)} <= set(hints), name
                for method in vars(found).values():
                    if callable(method) and not name.startswith("_"):
                        typing.get_type_hints(method)
        connection = made.Connection("tcp://127.0.0.1:1", timeout=0.0)
        assert not raised(lambda: connection.call("nothing"), made.TimedOut).executed
        connection.close()
    print(f"{len(paths)} clients in Python can be imported")


def check_inventory(folder, endpoint):
    made = module(folder / "inventory.py")
    metadata = {"user": "Python"}
    with made.Connection(endpoint, timeout=5.0, metadata=metadata) as connection:
        inventory = made.InventoryClient(connection)

        # Structs, enums that hold something or nothing, tuples, and what is optional.
        for storage in [
            made.StorageShelf(),
            made.StorageChilled(at_most=-7),
            made.StorageApart("corrosive"),
        ]:
            product = made.Product(f"tea-{type(storage).__name__}", "Tea", 250, storage)
            assert inventory.introduce(product, on_hand=10) is None
            assert inventory.stock(product.sku) == made.Stock(product=product, on_hand=10)
        sized = made.Product("box", "Box", 2**64 - 1, made.StorageShelf(), size=(1, 2, 3))
        inventory.introduce(product=sized, on_hand=0)
        assert inventory.stock("box").product == sized
        assert inventory.stock("nothing") is None

        # Maps, integers, bytes.
        assert inventory.levels()["box"] == 0
        assert inventory.restock("box", count=5) == 5
        assert inventory.label("box") is None
        image = bytes(range(256))
        assert inventory.set_label("box", image) is None
        assert inventory.label("box") == image

        # Lists, and a time limit of the method's own.
        order = made.Order(4711, "Ada", [made.Line("box", 2), made.Line("box", 1)])
        inventory.restock("milk-1l", 1)
        receipt = inventory.place(dataclasses.replace(order, lines=[made.Line("milk-1l", 1)]))
        assert receipt.order == 4711 and receipt.total == 129, receipt
        assert inventory.ship(4711) == made.Shipment("bike", 1)

        # The service's own errors.
        error = raised(lambda: inventory.place(order), made.StockErrorAlreadyPlaced)
        assert error == made.StockErrorAlreadyPlaced(4711) and isinstance(error, made.StockError)
        order.number, order.lines[0].count = 4712, 50
        error = raised(lambda: inventory.place(order), made.ServiceError)
        assert error == made.StockErrorOutOfStock(sku="box", wanted=50, on_hand=5), error
        assert "wanted=50" in str(error)
        error = raised(lambda: inventory.restock("nothing", 1), made.StockErrorUnknownProduct)
        assert error.value == "nothing"

        # What does not wait for an answer.
        assert inventory.scanned("box") is None
        assert connection.flush(timeout=5.0)
        assert made.Entry("Python", made.EventScanned("box"), peer=mine(inventory)) in inventory.journal()

        # What does not fit is not sent.
        before = inventory.levels()
        order.lines[1].count = -5
        error = raised(lambda: inventory.place(order), ValueError)
        assert "Inventory.place: order.lines[1].count: an integer from 0" in str(error), error
        error = raised(lambda: inventory.introduce("tea", 1), ValueError)
        assert "product: Product is expected, not 'tea'" in str(error), error
        assert raised(lambda: inventory.restock("box", True), ValueError)
        assert inventory.levels() == before

        # Failures of calls.
        error = raised(lambda: connection.call("Inventory.nothing"), made.CallFailed)
        assert (error.status, error.executed) == (2, False), error
        error = raised(lambda: connection.call("Inventory.restock", "box", -5), made.CallFailed)
        assert (error.status, error.executed) == (4, False) and "u32" in error.detail, error
        error = raised(lambda: inventory.ship(4711, timeout=0.001), made.CallFailed)
        assert error.executed is not True, error
        assert connection.call("Inventory.restock", sku="box", count=0) == 5

        # From several threads.
        threads = [threading.Thread(target=inventory.restock, args=("box", 1)) for _ in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert inventory.levels()["box"] == 13
        inventory.scanned("last")
    error = raised(inventory.levels, made.CallFailed)
    assert error.executed is False and "closed" in str(error), error
    with made.Connection(endpoint) as connection:
        # It was sent at the end of the connection before, which has waited for it.
        assert made.InventoryClient(connection).journal()[-1].event == made.EventScanned("last")
    print("the inventory is called by its client in Python")


def mine(inventory):
    return inventory.journal()[-1].peer


def check_lab(path):
    made = module(path)
    server = Lab()
    server.start()
    endpoint = f"tcp://127.0.0.1:{server.port}"
    with made.Connection(endpoint, timeout=5.0) as connection:
        lab = made.LabClient(connection)
        tree = made.Tree("a", [made.Tree("b", []), made.Tree("c", [made.Tree("d", [])])])
        called = made.ExprCall("f", [made.ExprNone(), made.ExprNumber(-1)])
        page = made.Page_Item([made.v1_Item_2(from_="here", int_=-5)], next=7)
        for method, value in [
            (lab.echo_uuid, uuid.uuid4()),
            (made.Lab_2Client(connection).echo_uuid, uuid.uuid4()),
            (lab.echo_duration, timedelta(days=3, microseconds=5)),
            (lab.echo_time, datetime(2024, 2, 29, 12, 30, 1, 5, tzinfo=timezone.utc)),
            (lab.echo_ip, ip_address("127.0.0.1")),
            (lab.echo_ip, ip_address("::1")),
            (lab.echo_ipv6, ip_address("fe80::1")),
            (lab.echo_u128, 2**128 - 1),
            (lab.echo_i128, -(2**127)),
            (lab.echo_float, 0.5),
            (lab.echo_char, "é"),
            (lab.echo_unit, None),
            (lab.echo_any, {"a": [1, None, {"b": b"c"}]}),
            (lab.echo_unknown, [1, "x"]),
            (lab.echo_tree, tree),
            (lab.echo_page, page),
            (lab.echo_pair, (made.Later(x=1), "x")),
            (lab.echo_meters, 1.5),
            (lab.echo_nothing, made.Nothing()),
            (lab.echo_color, "Red"),
            (lab.echo_color, "a later one"),
            (lab.echo_expr, made.ExprAdd(called, made.ExprNumber(2))),
            (lab.echo_grid, {(1, -2): [1, 2, 3]}),
            (lab.echo_by_color, {"Blue": None, "Red": True}),
            (lab.echo_filter, made.Filter(tags=["a"], limit=3, by="Blue")),
            (lab.echo_filter, made.Filter(tags=[])),
            (lab.echo_open, made.Extras(1, others={"more": "x"})),
            (lab.echo_class, made.class_(class_="c", None_=1, str_="s")),
            (made.CommandsClient(connection).ping, 5),
        ]:
            answer = method(value)
            assert answer == value and type(answer) is type(value), (answer, value)
        assert lab.import_("c", None) == ("c", None, None)
        assert lab.import_(class_="c", timeout_=3, self_="s", timeout=5.0) == ("c", 3, "s")
        with warnings.catch_warnings(record=True) as warned:
            warnings.simplefilter("always")
            lab.old()
        assert [warning.category for warning in warned] == [DeprecationWarning], warned
        assert warned[0].filename == __file__
        error = raised(lab.fail, made.LabErrorBurnt)
        assert error == made.LabErrorBurnt(args_=["a", "b"]), error
        assert raised(lab.fail_plain, made.PlainServiceError).value == "plainly"

        for value, reason in [
            (timedelta(-1), "not negative"),
            (datetime(2024, 1, 1), "timedelta is expected"),
        ]:
            assert reason in str(raised(lambda: lab.echo_duration(value), ValueError))
        deep = made.Tree("", [])
        for _ in range(100_000):
            deep = made.Tree("", [deep])
        raised(lambda: lab.echo_tree(deep), ValueError)
        while deep.children:
            deep = deep.children.pop()

        check_failures(made, server, connection)
    silent = made.Connection(endpoint, timeout=5.0)
    began = time.monotonic()
    error = raised(lambda: silent.call("says_nothing", timeout=0.2), made.TimedOut)
    assert error.executed is None and error.status is None and time.monotonic() - began < 3, error
    silent.close()
    print(f"the lab is called by its client in Python, {path.name}")


def check_failures(made, server, connection):
    for status, executed, known in [(10, 2, True), (7, 0, False), (17, 1, None), (200, 9, None)]:
        error = raised(lambda: connection.call("says", status, executed, b"why\xff"), made.CallFailed)
        assert (error.status, error.executed) == (status, known), error
        assert "why" in error.detail
    assert raised(lambda: connection.call("accepts"), made.CallFailed).executed is None
    for rest in [b"", b"\x00", b"\x00\x02\xff", b"\x05\x00\x00", b"\x00\x02\x01\x7f"]:
        error = raised(lambda: connection.call("writes", rest), made.CallFailed)
        assert error.executed is None, error
    for body in [b"\xc1", b"\x01\x02", b"\xdd\xff\xff\xff\xff", b"\x91" * 100_000, b"\x81\x80\x00"]:
        error = raised(lambda: connection.call("writes", b"\x00\x02\x00" + body), made.CallFailed)
        assert error.executed is True, error
    error = raised(lambda: connection.call("writes", b"\x01\x02\x00\xa1x"), made.PlainServiceError)
    assert error.value == "x"
    assert connection.call("is_late") == "in time"
    assert raised(lambda: connection.call("says_nothing", timeout=0.05), made.TimedOut)
    connection.call("echo_", 1)
    assert server.cancels, "nobody was told that the call is over"
    # It is told that the server ends, answers, and goes on over another connection.
    connection.call("drains")
    assert connection.call("echo_", "again") == "again"
    assert 77 in server.pings, server.pings
    # A server that is gone in the middle of a call leaves no doubt of what is not known, and is found again.
    error = raised(lambda: connection.call("restarts", timeout=0.3), made.TimedOut)
    assert error.executed is None, error
    assert connection.call("echo_", "back") == "back"


if __name__ == "__main__":
    exports = pathlib.Path(sys.argv[1])
    check_documents(exports)
    check_modules(exports)
    check_values(exports, sys.argv[2])
    check_inventory(exports, sys.argv[2])
    for name in ["lab", "crowded"]:
        check_lab(exports / f"{name}.py")

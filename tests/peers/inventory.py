"""Calls the inventory of the examples with the client in Python that PROTOCOL.md has, in each codec.

    python tests/peers/inventory.py tcp://127.0.0.1:30000

Takes pyzmq and msgpack. The server must be there, and must not have been called before.
"""

import base64
import pathlib
import re
import sys

import msgpack


def client_of_protocol():
    """Returns the module that the last block of Python in PROTOCOL.md is."""
    document = pathlib.Path(__file__).parents[2] / "PROTOCOL.md"
    source = re.findall(r"```python\n(.*?)```", document.read_text(), re.DOTALL)[-1]
    module = {"__name__": "client_of_protocol"}
    exec(compile(source, str(document), "exec"), module)
    return module


def refused(call, error, *words):
    """Checks that a call fails, and that the error says so."""
    try:
        answer = call()
    except error as refusal:
        assert all(word in str(refusal) for word in words), refusal
    else:
        raise AssertionError(f"it was answered with {answer!r}")


def check(endpoint, codec):
    module = client_of_protocol()
    if codec == "MessagePack":
        module.update(CODEC=b"\x02", pack=msgpack.packb, unpack=msgpack.unpackb)
    as_bytes = {
        "JSON": lambda data: base64.b64encode(data).decode(),
        "MessagePack": lambda data: data,
    }[codec]
    call = module["Client"](endpoint).call

    sku = f"oats-{codec}"
    product = {
        "sku": sku,
        "name": "Oats",
        "price": 250,
        "storage": {"Chilled": {"at_most": 7}},
        "size": [100, 200, 300],
    }
    assert call("Inventory.introduce", product, 10) is None
    refused(
        lambda: call("Inventory.introduce", product=product, on_hand=1),
        ValueError,
        "AlreadyCarried",
    )
    assert call("Inventory.restock", count=5, sku=sku) == 15
    stock = call("Inventory.stock", sku)
    assert stock["product"] == product and stock["on_hand"] == 15, stock
    assert call("Inventory.stock", "nothing") is None
    assert call("Inventory.levels")[sku] == 15

    label = bytes(range(256))
    assert call("Inventory.set_label", sku=sku, image=as_bytes(label)) is None
    assert call("Inventory.label", sku) == as_bytes(label)

    refused(
        lambda: call("Inventory.restock", sku=sku, cuont=5),
        RuntimeError,
        "status 4, executed 0",
        "there is no argument `cuont`, only `sku`, `count`",
    )
    refused(
        lambda: call("Inventory.restock", sku, -5),
        RuntimeError,
        "status 4, executed 0: count: invalid value: integer `-5`, expected u32",
    )
    refused(lambda: call("Inventory.nothing"), RuntimeError, "status 2, executed 0")
    assert call("Inventory.levels")[sku] == 15
    print(f"{codec}: the client of PROTOCOL.md has called the inventory")


if __name__ == "__main__":
    for codec in ["JSON", "MessagePack"]:
        check(sys.argv[1], codec)

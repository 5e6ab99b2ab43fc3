"""A server that gives back what it gets, and does what none should. `exports.py` starts it."""

import struct
import threading
import time

import msgpack
import zmq

HEAD = struct.Struct("<BBBQ")


class Lab(threading.Thread):
    """Serves the methods of the description `lab.json`, and others by which a failure is asked for."""

    def __init__(self):
        super().__init__(daemon=True)
        self.socket = self.new_socket()
        self.port = self.socket.bind_to_random_port("tcp://127.0.0.1")
        self.pings, self.cancels = [], []

    @staticmethod
    def new_socket():
        socket = zmq.Context.instance().socket(zmq.ROUTER)
        socket.linger = 0
        return socket

    def run(self):
        while True:
            *route, frame = self.socket.recv_multipart()
            _, _, kind, number = HEAD.unpack_from(frame)
            if kind == 5:
                self.pings.append(number)
                self.send(route, 0x85, number)
            elif kind == 4:
                self.cancels.append(number)
            else:
                assert frame[11:13] == b"\x02\x01"
                method = frame[14 : 14 + frame[13]].decode()
                at = 14 + frame[13]
                while frame[at] & 0x80:
                    at += 1
                assert frame[at + 1] == 0
                self.answer(route, number, method, frame[at + 2 :])

    def send(self, route, kind, number, rest=b""):
        self.socket.send_multipart([*route, HEAD.pack(0xC1, 1, kind, number) + rest])

    def reply(self, route, number, status, value):
        body = bytes([status, 2, 0]) + msgpack.packb(value)
        self.send(route, 0x81, number, body)

    def answer(self, route, number, method, body):
        arguments = msgpack.unpackb(body, use_list=False, strict_map_key=False)
        if "echo_" in method or method == "ping":
            self.send(route, 0x86, number)
            self.reply(route, number, 0, arguments[0])
        elif method == "Lab.import":
            self.reply(route, number, 0, arguments)
        elif method == "Lab.old":
            self.reply(route, number, 0, None)
        elif method == "Lab.fail":
            self.reply(route, number, 1, {"Burnt": {"args": ["a", "b"]}})
        elif method == "Lab.fail_plain":
            self.reply(route, number, 1, "plainly")
        elif method == "says":
            status, executed, detail = arguments
            self.send(route, 0x81, number, bytes([status, 0, 0, executed]) + detail)
        elif method == "accepts":
            entry = b"\x0fzmqrpc-accepted\x00"
            self.send(route, 0x81, number, b"\x00\x02\x01" + entry)
        elif method == "writes":
            self.send(route, 0x81, number, arguments[0])
        elif method == "drains":
            self.send(route, 0x89, 77)
            self.reply(route, number, 0, len(self.pings))
        elif method == "restarts":
            self.socket.close()
            self.socket = self.new_socket()
            while True:
                try:
                    self.socket.bind(f"tcp://127.0.0.1:{self.port}")
                    break
                except zmq.ZMQError:
                    time.sleep(0.01)
        elif method == "is_late":
            self.reply(route, number - 1, 0, "late")
            self.reply(route, number, 0, "in time")

"""A link between two network namespaces: packets of two TUN devices, late, thin and lossy as told (seeded).

Started as `relay.py NEAR FAR` (names of devices that it makes). Says `ready`, then answers each line of its input:
a JSON object sets the link (`delayMs` one way, `bitsPerSecond`, `loss` 0 to 1, `queueBytes`, `seed`), `count` gives
the bytes that were sent into it so far, as JSON. Ends with its input.
"""

import fcntl
import heapq
import json
import os
import random
import select
import struct
import sys
import time

TUNSETIFF = 0x400454CA
IFF_TUN = 0x0001
IFF_NO_PI = 0x1000


def open_tun(name):
    device = os.open("/dev/net/tun", os.O_RDWR | os.O_NONBLOCK)
    fcntl.ioctl(device, TUNSETIFF, struct.pack("16sH", name.encode(), IFF_TUN | IFF_NO_PI))
    return device


class Direction:
    """One way of the link: a queue that drains at its rate, then a delay."""

    def __init__(self, source, sink):
        self.source = source
        self.sink = sink
        self.bytes = 0
        self.dropped = 0
        self.coming = []
        self.serial = 0
        self.set({"delayMs": 0, "bitsPerSecond": 0, "loss": 0, "queueBytes": 0, "seed": 1}, 0)

    def set(self, link, salt):
        self.delay = link["delayMs"] / 1000
        self.rate = link["bitsPerSecond"] / 8
        self.loss = link["loss"]
        self.queue = link["queueBytes"]
        self.random = random.Random(link["seed"] * 2 + salt)
        self.free_at = 0.0

    def take(self, packet, now):
        begins = max(now, self.free_at)
        if self.rate > 0 and self.queue > 0 and (begins - now) * self.rate + len(packet) > self.queue:
            self.dropped += 1
            return
        self.free_at = begins + (len(packet) / self.rate if self.rate > 0 else 0)
        self.bytes += len(packet)
        if self.random.random() < self.loss:
            return
        self.serial += 1
        heapq.heappush(self.coming, (self.free_at + self.delay, self.serial, packet))

    def deliver(self, now):
        while self.coming and self.coming[0][0] <= now:
            packet = heapq.heappop(self.coming)[2]
            try:
                os.write(self.sink, packet)
            except OSError:
                self.dropped += 1

    def read(self, now):
        try:
            while True:
                self.take(os.read(self.source, 65536), now)
        except BlockingIOError:
            pass
        except OSError:
            # The device is not up yet.
            pass


def main():
    near, far = (open_tun(name) for name in sys.argv[1:3])
    up, down = Direction(near, far), Direction(far, near)
    print("ready", flush=True)
    epoll = select.epoll()
    for each in (near, far, 0):
        epoll.register(each, select.EPOLLIN)
    os.set_blocking(0, False)
    typed = b""
    while True:
        due = min((each.coming[0][0] for each in (up, down) if each.coming), default=None)
        wait = -1 if due is None else max(0.0, due - time.monotonic())
        ready = {device for device, _ in epoll.poll(wait)}
        now = time.monotonic()
        for each in (up, down):
            if each.source in ready:
                each.read(now)
            each.deliver(now)
        if 0 not in ready:
            continue
        given = os.read(0, 65536)
        if given == b"":
            return
        typed += given
        while b"\n" in typed:
            line, typed = typed.split(b"\n", 1)
            if line != b"count":
                link = json.loads(line)
                up.set(link, 0)
                down.set(link, 1)
            print(json.dumps({"up": up.bytes, "down": down.bytes, "dropped": up.dropped + down.dropped}), flush=True)


main()

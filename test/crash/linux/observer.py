"""What a test asks of the kernel without any of pinfold's code. Reads one request a line, answers with one line of JSON:

look BPFFS IFINDEX      every pin below BPFFS, and what the links that are pinned there or attached to IFINDEX can reach
ask PORT...             sends a packet to each port; its answer's two bytes, [0, 0] where no program answered
trace NAME PATH         gives the thread this name, which is the traced event; the versions that counted it in the array at PATH
alive KIND ID           whether an object of that id exists
last                    the highest ids of programs, maps and links

Arguments: the address of the near end, and the network namespace file of the far one.
"""

import ctypes
import json
import os
import select
import socket
import struct
import sys

libc = ctypes.CDLL(None, use_errno=True)
SYS_bpf = {"x86_64": 321, "aarch64": 280}[os.uname().machine]
LOOKUP, GET_NEXT_KEY, OBJ_GET, INFO = 1, 4, 7, 15
BY_ID = {"program": 13, "map": 14, "link": 30}
NEXT = {"program": 11, "map": 12, "link": 31}
PROG_ARRAY = 3


def bpf(command, attr):
    buffer = ctypes.create_string_buffer(attr, max(len(attr), 120))
    result = libc.syscall(SYS_bpf, command, buffer, 120)
    if result < 0:
        error = ctypes.get_errno()
        raise OSError(error, os.strerror(error))
    return result, buffer.raw


def info(fd):
    out = ctypes.create_string_buffer(256)
    bpf(INFO, struct.pack("=IIQ", fd, 256, ctypes.addressof(out)))
    return out.raw


def kind_of(fd):
    target = os.readlink(f"/proc/self/fd/{fd}")
    return next((kind for name, kind in (("bpf-map", "map"), ("bpf-prog", "program"), ("bpf_link", "link"))
                 if name in target), None)


def describe(fd):
    kind = kind_of(fd)
    raw = info(fd)
    first, second, third = struct.unpack_from("=III", raw)
    if kind == "map":
        # type, id, key_size, value_size, max_entries, map_flags, name
        return {"kind": kind, "id": second, "type": first, "entries": struct.unpack_from("=I", raw, 16)[0],
                "name": raw[24:40].split(b"\0")[0].decode()}
    if kind == "program":
        return {"kind": kind, "id": second, "name": raw[64:80].split(b"\0")[0].decode()}
    # type, id, prog_id, then a union: ifindex first in both xdp and tcx
    return {"kind": kind, "id": second, "type": first, "program": third, "ifindex": struct.unpack_from("=I", raw, 16)[0]}


def maps_of(program):
    raw = info(program)
    count = struct.unpack_from("=I", raw, 52)[0]
    ids = (ctypes.c_uint32 * max(count, 1))()
    out = ctypes.create_string_buffer(256)
    struct.pack_into("=I", out, 52, count)
    struct.pack_into("=Q", out, 56, ctypes.addressof(ids))
    bpf(INFO, struct.pack("=IIQ", program, 256, ctypes.addressof(out)))
    return list(ids[:count])


def opened(fd, use):
    try:
        return use(fd)
    finally:
        os.close(fd)


def by_id(kind, number, use):
    return opened(bpf(BY_ID[kind], struct.pack("=III", number, 0, 0))[0], use)


def at_path(path, use):
    name = ctypes.create_string_buffer(path.encode())
    return opened(bpf(OBJ_GET, struct.pack("=Q", ctypes.addressof(name)))[0], use)


def lookup(fd, index, size):
    key = ctypes.create_string_buffer(struct.pack("=I", index), 4)
    value = ctypes.create_string_buffer(size)
    try:
        bpf(LOOKUP, struct.pack("=IIQQQ", fd, 0, ctypes.addressof(key), ctypes.addressof(value), 0))
    except FileNotFoundError:
        return None
    return value.raw


def slots(fd, entries):
    found = {index: lookup(fd, index, 4) for index in range(entries)}
    return {index: struct.unpack("=I", value)[0] for index, value in found.items() if value}


def ids(kind):
    number = 0
    while True:
        try:
            number = struct.unpack_from("=I", bpf(NEXT[kind], struct.pack("=II", number, 0))[1], 4)[0]
        except FileNotFoundError:
            return
        yield number


def pins_below(root):
    for folder, _, files in os.walk(root):
        for name in files:
            # The kernel's own iterators in a fresh bpffs: pins have no dot.
            if "." in name:
                continue
            path = os.path.join(folder, name)
            yield {"path": path[len(root) + 1:], **at_path(path, describe)}


def look(root, ifindex):
    pins = list(pins_below(root))
    directories = [os.path.join(folder, name)[len(root) + 1:] for folder, names, _ in os.walk(root) for name in names]
    pinned = {pin["id"] for pin in pins if pin["kind"] == "link"}
    links, arrays, programs = [], {}, set()
    for number in ids("link"):
        try:
            link = by_id("link", number, describe)
        except OSError:
            continue
        if number in pinned or (link["ifindex"] == ifindex and link["type"] in (6, 11)):
            links.append(link)
    pending = [link["program"] for link in links]
    while pending:
        program = pending.pop()
        if program in programs:
            continue
        programs.add(program)
        for number in by_id("program", program, maps_of):
            if number in arrays:
                continue
            found = by_id("map", number, describe)
            if found["type"] != PROG_ARRAY:
                continue
            arrays[number] = by_id("map", number, lambda fd: slots(fd, found["entries"]))
            pending.extend(arrays[number].values())
    return {"pins": pins, "directories": directories, "links": links, "programs": sorted(programs),
            "arrays": [{"id": number, "slots": held} for number, held in arrays.items()]}


def sockets(address, namespace, ports):
    near = {port: socket.socket(socket.AF_INET, socket.SOCK_DGRAM) for port in ports}
    for port, listener in near.items():
        listener.bind((address, port))
    home = os.open("/proc/self/ns/net", os.O_RDONLY)
    there = os.open(namespace, os.O_RDONLY)
    libc.setns(there, 0)
    far = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    far.bind(("0.0.0.0", 0))
    libc.setns(home, 0)
    os.close(home)
    os.close(there)
    return near, far


def ask(port):
    far.sendto(b"\0\0", (address, port))
    ready = select.select([near[port], far], [], [], 2)[0]
    if not ready:
        return None
    return list(ready[0].recv(16)[:2])


def trace(name, path):
    def counts():
        return at_path(path, lambda fd: [struct.unpack("=Q", lookup(fd, i, 8))[0] for i in range(8)])
    before = counts()
    libc.prctl(15, name.encode(), 0, 0, 0)
    libc.prctl(15, b"observer", 0, 0, 0)
    return [version for version, (a, b) in enumerate(zip(before, counts())) if a != b]


def alive(kind, number):
    try:
        by_id(kind, number, lambda fd: None)
        return True
    except FileNotFoundError:
        return False


address = sys.argv[1]
near, far = sockets(address, sys.argv[2], [base + slot for base in (7000, 7100, 7200) for slot in range(4)])
commands = {
    "look": lambda root, ifindex: look(root, int(ifindex)),
    "ask": lambda *ports: [ask(int(port)) for port in ports],
    "trace": trace,
    "last": lambda: [max(ids(kind), default=0) for kind in NEXT],
    "alive": lambda kind, number: alive(kind, int(number)),
}
print("ready", flush=True)
for line in sys.stdin:
    name, *words = line.split()
    print(json.dumps(commands[name](*words)), flush=True)

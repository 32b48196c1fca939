"""What the kernel holds after a load, read without any of pinfold's code. Argument: bpftool. One request a line, as JSON:

{"load": OBJECT}                 loads it by `bpftool prog loadall` on a bpffs of its own, and looks
{"programs": DIR, "maps": DIR}   looks at what is pinned there

Each is answered by a line: {"programs": {NAME: ...}, "maps": {NAME: ...}}, or {"refused": what bpftool said}. Ids are replaced by
names, type ids by the types' texts, so that two answers about the same object are equal. Runs in a mount namespace of its own.
"""

import ctypes
import json
import os
import struct
import subprocess
import sys

from btf import Btf

libc = ctypes.CDLL(None, use_errno=True)
SYS_bpf = {"x86_64": 321, "aarch64": 280}[os.uname().machine]
LOOKUP, NEXT_KEY, OBJ_GET, PROG_BY_ID, MAP_BY_ID, INFO, BTF_BY_ID = 1, 4, 7, 13, 14, 15, 19
ARRAY, PROG_ARRAY, MAPS_OF_MAPS, WITHOUT_ENTRIES = 2, 3, (12, 13), (4, 8, 14, 15, 16, 17, 18, 20, 22, 23, 25, 26, 27, 30, 31, 33)
LOAD64, PSEUDO_MAPS = 0x18, (1, 2)
# The high half of an address of what the kernel has allocated, with page tables of five levels (qemu's CPU) or four. Symbols lie above.
MEMORY = range(0xff000000, 0xffffffff)


def bpf(command, attr):
    buffer = ctypes.create_string_buffer(attr, max(len(attr), 120))
    result = libc.syscall(SYS_bpf, command, buffer, 120)
    if result < 0:
        error = ctypes.get_errno()
        raise OSError(error, os.strerror(error))
    return result


def info(fd, fill=b"", size=256):
    out = ctypes.create_string_buffer(fill, size)
    bpf(INFO, struct.pack("=IIQ", fd, size, ctypes.addressof(out)))
    return out.raw


def u32(raw, at):
    return struct.unpack_from("=I", raw, at)[0]


def text(raw, at, size=16):
    return raw[at:at + size].split(b"\0")[0].decode()


def opened(fd, use):
    try:
        return use(fd)
    finally:
        os.close(fd)


def pin(path):
    name = ctypes.create_string_buffer(path.encode())
    return bpf(OBJ_GET, struct.pack("=QII", ctypes.addressof(name), 0, 0))


def by_id(command, number):
    return bpf(command, struct.pack("=IIII", number, 0, 0, 0))


known_btf = {}


def btf_of(number):
    """None for 0: an object without types."""
    if number == 0:
        return None
    if number not in known_btf:
        def read(fd):
            size = u32(info(fd, size=64), 8)
            data = ctypes.create_string_buffer(size)
            info(fd, struct.pack("=QI", ctypes.addressof(data), size), 64)
            return data.raw
        known_btf[number] = Btf(opened(by_id(BTF_BY_ID, number), read))
    return known_btf[number]


class Tables:
    """The arrays that prog_info fills in; (where the count stands, where the address, bytes of one)."""
    PLACES = {"xlated": (20, 32, 1), "maps": (52, 56, 4), "functions": (144, 136, 8), "lines": (148, 152, 16)}

    def __init__(self, fd):
        counts = info(fd)
        fill = bytearray(256)
        buffers = {}
        for name, (count_at, address_at, size) in self.PLACES.items():
            count = u32(counts, count_at)
            buffers[name] = ctypes.create_string_buffer(max(count * size, 1))
            struct.pack_into("=I", fill, count_at, count)
            struct.pack_into("=Q", fill, address_at, ctypes.addressof(buffers[name]))
        struct.pack_into("=I", fill, 132, 8)
        struct.pack_into("=I", fill, 172, 16)
        self.info = info(fd, bytes(fill))
        for name, (count_at, _, size) in self.PLACES.items():
            setattr(self, name, buffers[name].raw[:u32(self.info, count_at) * size])


def describe_program(fd, names):
    tables = Tables(fd)
    raw = tables.info
    types = btf_of(u32(raw, 128))
    return {
        "type": u32(raw, 0), "tag": raw[8:16].hex(), "name": text(raw, 64), "gpl": u32(raw, 84) & 1,
        "maps": sorted(names.of(number) for number in struct.unpack(f"={len(tables.maps) // 4}I", tables.maps)),
        "code": list(code_of(tables.xlated, names)),
        "target": [1 if u32(raw, 220) else 0, u32(raw, 224)],
        "functions": [[at, types.describe(number)] for at, number in struct.iter_unpack("=II", tables.functions)],
        "lines": [[at, types.string(file), types.string(line), place >> 10, place & 1023]
                  for at, file, line, place in struct.iter_unpack("=IIII", tables.lines)],
    }


def code_of(xlated, names):
    address = False
    for at in range(0, len(xlated), 8):
        instruction, high = xlated[at:at + 8], u32(xlated[at + 8:] + bytes(8), 4)
        if address:
            yield "memory of the kernel"
        elif instruction[0] == LOAD64 and instruction[1] >> 4 in PSEUDO_MAPS:
            yield f"{instruction[:4].hex()} {names.of(u32(instruction, 4))}"
        else:
            yield instruction[:4].hex() if is_memory(instruction, high) else instruction.hex()
        address = not address and is_memory(instruction, high)


def is_memory(instruction, high):
    """The verifier puts addresses of what it has allocated into the code: other ones each time."""
    return instruction[0] == LOAD64 and instruction[1] >> 4 == 0 and high in MEMORY


def describe_map(fd, names):
    raw = info(fd)
    types = btf_of(u32(raw, 64))
    kind, _, key, value, entries, flags = struct.unpack_from("=6I", raw)
    fdinfo = dict(line.split(":", 1) for line in open(f"/proc/self/fdinfo/{fd}").read().splitlines() if ":" in line)
    return {
        "type": kind, "key": key, "value": value, "entries": entries, "flags": flags, "name": text(raw, 24),
        "extra": struct.unpack_from("=Q", raw, 80)[0], "frozen": fdinfo.get("frozen", "").strip(),
        "keyType": types and types.describe(u32(raw, 68)), "valueType": types and types.describe(u32(raw, 72)),
        "contents": contents(fd, kind, key, value, entries, names),
    }


def contents(fd, kind, key_size, value_size, entries, names):
    if kind in WITHOUT_ENTRIES or key_size == 0 or entries > 4096 or value_size > 1 << 20:
        return None
    found = {}
    for key in keys(fd, key_size):
        value = lookup(fd, key, max(value_size, 8) * (os.cpu_count() if kind in (5, 6, 10, 21) else 1))
        if value is None:
            continue
        if kind == PROG_ARRAY:
            value = f"program {program_name(u32(value, 0))}"
        elif kind in MAPS_OF_MAPS:
            value = f"map {names.of(u32(value, 0))}"
        elif any(value):
            value = without_memory(value[:value_size] if kind == ARRAY else value)
        else:
            continue
        found[key.hex()] = value
    return found


def without_memory(value):
    """Heads of lists point to themselves."""
    words = (value[at:at + 8] for at in range(0, len(value), 8))
    return "".join("memory" if u32(word + bytes(8), 4) in MEMORY else word.hex() for word in words)


def keys(fd, size):
    key, first = ctypes.create_string_buffer(size), True
    while True:
        following = ctypes.create_string_buffer(size)
        try:
            bpf(NEXT_KEY, struct.pack("=IIQQ", fd, 0, 0 if first else ctypes.addressof(key), ctypes.addressof(following)))
        except OSError:
            return
        yield following.raw
        key, first = following, False


def lookup(fd, key, size):
    where, value = ctypes.create_string_buffer(key, len(key)), ctypes.create_string_buffer(size)
    try:
        bpf(LOOKUP, struct.pack("=IIQQQ", fd, 0, ctypes.addressof(where), ctypes.addressof(value), 0))
    except OSError:
        return None
    return value.raw


def program_name(number):
    return opened(by_id(PROG_BY_ID, number), lambda fd: text(info(fd), 64))


class Names:
    """Names of maps by id: that of their pin here, else the kernel's; of data sections without the object's name and dots."""

    def __init__(self):
        self.known = {}

    def learn(self, name, raw):
        called = text(raw, 24)
        section = called[called.find("."):].replace(".", "_").lstrip("_") if "." in called else name
        self.known[u32(raw, 4)] = section

    def of(self, number):
        if number not in self.known:
            raw = opened(by_id(MAP_BY_ID, number), info)
            self.learn(text(raw, 24), raw)
        return self.known[number]


def look(programs, maps):
    names = Names()
    for name in listed(maps):
        names.learn(name, opened(pin(os.path.join(maps, name)), info))
    return {
        "programs": {name: opened(pin(os.path.join(programs, name)), lambda fd: describe_program(fd, names))
                     for name in listed(programs)},
        "maps": {name: opened(by_id(MAP_BY_ID, number), lambda fd: describe_map(fd, names))
                 for number, name in list(names.known.items())},
    }


def listed(directory):
    paths = os.listdir(directory) if os.path.isdir(directory) else []
    return sorted(name for name in paths if os.path.isfile(os.path.join(directory, name)) and not name.endswith(".debug"))


ROOT = "/sys/fs/bpf"


def load(bpftool, path):
    pins = ["pinmaps", f"{ROOT}/peer/maps"]
    answer = load_with(bpftool, path, pins, f"{ROOT}/peer/maps")
    # bpftool cannot pin a map twice: those that want a place of their own are there, and others are seen where a program uses them.
    if "already has pin path" in answer.get("refused", ""):
        return {**load_with(bpftool, path, [], ROOT), "partial": True}
    return answer


def load_with(bpftool, path, pins, maps):
    if libc.mount(b"bpf", ROOT.encode(), b"bpf", 0, None) != 0:
        raise OSError(ctypes.get_errno(), "mount")
    try:
        os.mkdir(f"{ROOT}/peer")
        done = subprocess.run([bpftool, "prog", "loadall", path, f"{ROOT}/peer/programs", *pins], capture_output=True, text=True)
        return look(f"{ROOT}/peer/programs", maps) if done.returncode == 0 else {"refused": done.stderr}
    finally:
        libc.umount2(ROOT.encode(), 2)


def main():
    bpftool = sys.argv[1]
    for line in sys.stdin:
        request = json.loads(line)
        answer = load(bpftool, request["load"]) if "load" in request else look(request["programs"], request["maps"])
        print(json.dumps(answer), flush=True)


main()

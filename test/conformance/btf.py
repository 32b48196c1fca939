"""BTF of the kernel's objects, as far as `observe.py` compares it: types as texts, named types by kind, name and size."""

import struct

KINDS = ("void", "int", "ptr", "array", "struct", "union", "enum", "fwd", "typedef", "volatile", "const", "restrict", "func",
         "proto", "var", "datasec", "float", "decl_tag", "type_tag", "enum64")
LINKAGE = ("static", "global", "extern")
# Bytes behind the twelve of every type: fixed, and for each of its members.
TAILS = {"int": (4, 0), "array": (12, 0), "struct": (0, 12), "union": (0, 12), "enum": (0, 8), "proto": (0, 8),
         "var": (4, 0), "datasec": (0, 12), "decl_tag": (4, 0), "enum64": (0, 12)}


class Btf:
    def __init__(self, data):
        header, types_at, types_size, strings_at, strings_size = struct.unpack_from("=IIIII", data, 4)
        self.strings = data[header + strings_at:header + strings_at + strings_size]
        self.types = [(0, 0, 0, b"")]
        at, end = header + types_at, header + types_at + types_size
        while at < end:
            name, flags, size = struct.unpack_from("=III", data, at)
            fixed, each = TAILS.get(KINDS[flags >> 24 & 31], (0, 0))
            tail = data[at + 12:at + 12 + fixed + each * (flags & 0xffff)]
            self.types.append((name, flags, size, tail))
            at += 12 + len(tail)

    def string(self, at):
        return self.strings[at:self.strings.index(b"\0", at)].decode()

    def describe(self, number, depth=0):
        name, flags, size, tail = self.types[number]
        kind, count, called = KINDS[flags >> 24 & 31], flags & 0xffff, self.string(name)
        inner = lambda other: self.describe(other, depth + 1)
        if kind == "func":
            return f"{LINKAGE[count]} {called} {inner(size)}"
        if kind == "proto":
            pairs = struct.iter_unpack("=II", tail)
            return f"({', '.join(f'{inner(other)} {self.string(own)}' for own, other in pairs)}) {inner(size)}"
        if kind in ("ptr", "typedef", "volatile", "const", "restrict", "type_tag"):
            return f"{kind} {called} {inner(size) if depth < 6 else ''}"
        if kind == "array":
            element, _, length = struct.unpack("=III", tail)
            return f"{inner(element)}[{length}]"
        if kind == "datasec":
            places = struct.iter_unpack("=III", tail)
            return f"{called} {[[self.describe(variable, 1), at, own] for variable, at, own in places]}"
        if kind == "var":
            return f"{LINKAGE[struct.unpack('=I', tail)[0]]} {called} {inner(size)}"
        return f"{kind} {called} {size} {count}"

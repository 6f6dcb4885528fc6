"""The safetensors format with the standard library: little-endian u64 length, JSON header, raw data."""

import json
import struct


def write(path, tensors):
    """Writes {name: (shape, list of floats)} as F32, in the order of the names."""
    header, blocks, at = {"__metadata__": {"format": "pt"}}, [], 0
    for name in sorted(tensors):
        shape, values = tensors[name]
        block = struct.pack(f"<{len(values)}f", *values)
        header[name] = {"dtype": "F32", "shape": list(shape), "data_offsets": [at, at + len(block)]}
        blocks.append(block)
        at += len(block)
    text = json.dumps(header).encode()
    text += b" " * (-len(text) % 8)
    with open(path, "wb") as file:
        file.write(struct.pack("<Q", len(text)) + text + b"".join(blocks))


def content(path):
    with open(path, "rb") as file:
        return file.read()


def shapes(path):
    """{name: shape} of a file whose size is what its header promises."""
    whole = content(path)
    (length,) = struct.unpack("<Q", whole[:8])
    header = json.loads(whole[8:8 + length])
    header.pop("__metadata__", None)
    end = max(entry["data_offsets"][1] for entry in header.values())
    if len(whole) != 8 + length + end:
        raise ValueError(f"{path}: {len(whole)} bytes, its header promises {8 + length + end}")
    return {name: tuple(entry["shape"]) for name, entry in header.items()}

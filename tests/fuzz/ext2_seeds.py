#!/usr/bin/python3
"""ext2_seeds.py - small images for fuzz_ext2, in its form: pieces of what is not zero, each with its place and length in 16 bytes.

    ext2_seeds.py FOLDER
"""

import os
import subprocess
import sys
import tempfile

KINDS = ["-t ext2 -b 1024", "-t ext2 -b 1024 -I 128 -O ^dir_index,^filetype", "-t ext2 -b 4096", "-t ext2 -r 0",
         "-t ext4 -b 1024 -O ^has_journal", "-t ext4 -b 1024 -O ^has_journal,^metadata_csum,^64bit,^flex_bg"]
UUID = "6e657765-6c00-4000-8000-000000000003"
ENV = {**os.environ, "PATH": os.environ["PATH"] + ":/usr/sbin:/sbin", "E2FSPROGS_FAKE_TIME": "1767225600"}


def fold(image):
    """The pieces of @image; never more than 255 units."""
    units = [image[i:i + 16] for i in range(0, len(image), 16)]
    out, at = b"", 0
    while at < len(units):
        n = 0
        while n < 255 and at + n < len(units) and any(units[at + n]):
            n += 1
        if n:
            out += bytes((at & 255, at >> 8, n)) + b"".join(units[at:at + n])
        at += n or 1
    return out


def short_end(image, block, size=1024):
    """@image, with the last entry of the directory in @block ending four bytes before the block does."""
    image, at = bytearray(image), block * size
    while at + (left := int.from_bytes(image[at + 4:at + 6], "little")) < (block + 1) * size:
        at += left
    image[at + 4:at + 6] = (left - 4).to_bytes(2, "little")
    return bytes(image)


def main(folder):
    os.makedirs(folder, exist_ok=True)
    images = {}
    with tempfile.TemporaryDirectory() as work:
        tree, path = os.path.join(work, "tree"), os.path.join(work, "image")
        os.makedirs(os.path.join(tree, "d", "e"))
        os.symlink("x" * 80, os.path.join(tree, "long"))
        for name, size in (("file", 100), ("d/large", 20)):
            with open(os.path.join(tree, name), "wb") as f:
                f.seek(size * 1024)
                f.write(b"end")
        for i, kind in enumerate(KINDS):
            if os.path.exists(path):
                os.unlink(path)
            subprocess.run(["mke2fs", "-q", "-F", "-N", "16", "-m", "0", "-U", UUID, "-E", f"hash_seed={UUID}", "-d", tree, *kind.split(), path,
                            "1024k"], check=True, env=ENV, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
            with open(path, "rb") as f:
                images[str(i)] = f.read()
            if not i:
                root = subprocess.run(["debugfs", "-R", "blocks /", path], check=True, env=ENV, capture_output=True, text=True).stdout
                images["short_end"] = short_end(images["0"], int(root.split()[0]))
    for name, image in images.items():
        with open(os.path.join(folder, name), "wb") as f:
            f.write(fold(image))


if __name__ == "__main__":
    main(*sys.argv[1:])

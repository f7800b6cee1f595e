"""disk_mutants.py - images that contradict themselves: one of mke2fs's, changed in places where it says something."""

import random

BLOCK = 1024


def places(image):
    """Bytes of the image's own tables: what is not zero there is some number."""
    said = [i for i, b in enumerate(image[:BLOCK * 64]) if b]
    return said, [i for i in range(BLOCK, BLOCK * 64) if i % 4 == 0]


def mutants(image, count, seed=1):
    """For each mutant its changes: [(offset, bytes)]."""
    rng = random.Random(seed)
    said, words = places(image)
    for _ in range(count):
        changes = []
        for _ in range(rng.choice((1, 1, 1, 2, 4, 12))):
            at = rng.choice(said) if rng.random() < 0.8 else rng.choice(words)
            kind = rng.randrange(5)
            if kind == 0:
                changes.append((at, bytes([image[at] ^ 1 << rng.randrange(8)])))
            elif kind == 1:
                changes.append((at, bytes([rng.choice((0, 1, 2, 0x7F, 0x80, 0xFF))])))
            elif kind == 2:
                changes.append((at & ~3, rng.choice((b"\0\0\0\0", b"\xff\xff\xff\xff", b"\1\0\0\0", b"\0\0\0\x80"))))
            elif kind == 3:
                changes.append((at & ~3, image[(o := rng.choice(said) & ~3):o + 4]))
            else:
                changes.append((at & ~3, rng.randbytes(4)))
        yield changes


def text(changes):
    """The changes as lines that a shell reads: offset, and printf's words."""
    return "".join(f"{at} {''.join(f'{chr(92)}{b:03o}' for b in data)}\n" for at, data in changes)

"""session.py - a session that a page of docs/ shows, and what a machine said when it was typed."""

import re

import boards

PROMPT = re.compile(r"(/ # )(.*)")


# What U-Boot measured; it says nothing of the kind where that was 0 ms.
SPEED = r"\s+\([\d.]+ \w*B/s\)"


def shape(line):
    """What @line looks like, whatever the numbers in it and the speed that U-Boot measured."""
    def word(w):
        number = re.search(r"\d", w) and not re.fullmatch(r"EL\d,?", w)
        return r"\S+" if number else re.escape(w)

    plain = re.sub(SPEED + "$", "", line)
    return re.compile(r"\s*" + r"\s+".join(map(word, plain.split())) + (f"(?:{SPEED})?" if plain != line else "") + r"\s*")


# What only a kernel at EL1, on a core without PAN, says.
OF_EL1 = re.compile(r"CurrentEL 0x4|pstate: .* -PAN|: EL1 r|\bEL1 exec")


def tie_to_el1(lines, kernel_el):
    """A page shows each session once: as it is with the kernel at EL1."""
    if kernel_el == 2 and any(map(OF_EL1.search, lines)):
        boards.tied("the page shows a kernel at EL1")


class Reader:
    """Types what stands behind a prompt, and keeps what should be said for check()."""

    def __init__(self, run):
        self.run, self.expected = run, []

    def step(self, line):
        if m := PROMPT.fullmatch(line):
            self.run.expect(re.escape(m[1]))
            self.run.send(m[2])
        elif line.strip():
            self.run.panics |= "panic" in line
            self.expected.append(line)

    def check(self):
        """All that should have come, in this order, and nothing between two lines but where `...` or a prompt stands."""
        rest = [said for said in self.run.lines if said.strip()]
        for line in self.expected:
            if line == "...":
                continue
            at = next((i for i, said in enumerate(rest) if shape(line).fullmatch(said)), None)
            assert at is not None, f"not said, or not in this order: {line}\n{self.run.tail(80)}"
            rest = rest[at + 1:]

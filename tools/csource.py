"""csource.py - as much of C as the checks of this folder need: comments, declarations, names.

No compiler: what stands in one file, at the level of the file, as this tree writes it.
"""

import os
import re
import subprocess

LEXEME = re.compile(
    r"//[^\n]*|/\*.*?\*/|\"(?:\\.|[^\"\\\n])*\"|'(?:\\.|[^'\\\n])+'", re.DOTALL
)
DIRECTIVE = re.compile(r"^[ \t]*#(?:\\\n|[^\n])*", re.MULTILINE)
MACRO = re.compile(r"^[ \t]*#\s*define\s+(\w+)(?:\(([^)]*)\))?", re.MULTILINE)
INCLUDE = re.compile(r'^[ \t]*#\s*include\s+"([^"]+)"', re.MULTILINE)
ASM_MACRO = re.compile(r"^\.macro.*?^\.endm", re.MULTILINE | re.DOTALL)
ATTRIBUTE = re.compile(r"__attribute__\s*\(\((?:[^()]|\([^()]*\))*\)\)")
WORD = re.compile(r"\b[A-Za-z_]\w*")
POINTER = re.compile(r"\(\s*\*\s*(?:const\s+)?(\w+)\s*\)")  # (*name)
NOT_A_NAME = {"if", "while", "for", "switch", "return", "sizeof", "_Static_assert", "__asm__"}


def blank(text, pattern, keep=None):
    """@text with what @pattern finds made spaces (lines stay), but for what @keep says of it."""

    def spaces(m):
        return m.group() if keep and keep(m) else re.sub(r"[^\n]", " ", m.group())

    return pattern.sub(spaces, text)


def is_comment(lexeme):
    return lexeme.group().startswith(("//", "/*"))


def tracked(*patterns):
    """The files that git knows, and that are there."""
    git = ["git", "ls-files", "-z", "--", *patterns]
    files = subprocess.run(git, capture_output=True, text=True, check=True).stdout.split("\0")
    return [f for f in files if f and os.path.isfile(f)]


def to_root():
    os.chdir(os.path.join(os.path.dirname(os.path.abspath(__file__)), ".."))


class Declaration:
    """What stands at the level of a file: @head up to `;` or `{`, @body in the braces or None."""

    def __init__(self, start, end, head, body):
        self.start, self.end, self.body = start, end, body
        self.head = ATTRIBUTE.sub(" ", head).strip()
        self.groups = paren_groups(self.head)

    def name(self):
        """Of the function that it declares or defines; None: it is something else."""
        if not self.groups or POINTER.match(self.head, self.groups[0][0]):
            return None
        before = self.head[: self.groups[0][0]]
        words = WORD.findall(before) if "=" not in before else []
        if len(words) < 2 or words[0] == "typedef" or words[-1] in NOT_A_NAME:
            return None
        return words[-1]

    def variables(self):
        """The names of the objects that it declares `extern`."""
        per_cpu = re.match(r"DECLARE_PERCPU\s*\(.*?(\w+)\s*\)\s*$", self.head, re.DOTALL)
        if per_cpu:
            return {per_cpu.group(1)}
        if not self.head.startswith("extern ") or self.name():
            return set()
        if self.groups:
            return set(POINTER.findall(self.head))
        return {WORD.findall(part)[-1] for part in re.sub(r"\[[^]]*\]", "", self.head).split(",")}

    def known(self):
        """What a docstring above it may call @name: parameters, fields, its own name."""
        names = set()
        for start, end in self.groups:
            names |= parameters(self.head[start + 1 : end - 1])
        if self.body is not None and not self.name():
            names |= fields(self.body)
        words = WORD.findall(re.sub(r"\(.*|\[.*|=.*", "", self.head, flags=re.DOTALL))
        return names | set(words[-1:])


def paren_groups(head):
    """(start, end) of each outermost pair of parentheses."""
    groups, depth = [], 0
    for i, c in enumerate(head):
        if c == "(":
            depth += 1
            if depth == 1:
                start = i
        elif c == ")":
            depth -= 1
            if depth == 0:
                groups.append((start, i + 1))
    return groups


def parameters(text):
    """The names in a list of parameters, those of a function pointer's own included."""
    names, depth, parts = set(), 0, [""]
    for c in text:
        depth += (c == "(") - (c == ")")
        if c == "," and depth == 0:
            parts.append("")
        else:
            parts[-1] += c
    for part in parts:
        groups = paren_groups(part)
        for start, end in groups:
            names |= parameters(part[start + 1 : end - 1])
        words = WORD.findall(re.sub(r"\[[^]]*\]|\(.*", "", part, flags=re.DOTALL))
        if words and (not groups or len(words) == 1):
            names.add(words[-1])
    return names


def fields(body):
    """The names in the braces of a struct, a union or an enum, those of inner ones included."""
    body = ATTRIBUTE.sub(" ", body)
    names = set(re.findall(r"\b(\w+)\s*(?:\[[^]]*\]\s*)*(?=[;,:=]|\Z)", body))
    for start, end in paren_groups(body):
        names |= parameters(body[start + 1 : end - 1])
    return names


class Source:
    def __init__(self, path, text=None):
        if text is None:
            with open(path, encoding="utf-8") as f:
                text = f.read()
        self.path, self.text = path, text
        found = list(LEXEME.finditer(text))
        self.comments = [(m.start(), m.end()) for m in found if is_comment(m)]
        self.strings = [(m.start(), m.end()) for m in found if not is_comment(m)]
        uncommented = blank(text, LEXEME, lambda m: not is_comment(m))
        self.macros = [
            (m.start(), m.group(1), set(WORD.findall(m.group(2) or "")))
            for m in MACRO.finditer(uncommented)
        ]
        self.includes = [(m.start(), m.group(1)) for m in INCLUDE.finditer(uncommented)]
        self.words = blank(text, LEXEME)
        self.code = blank(blank(self.words, DIRECTIVE), ASM_MACRO)
        self.declarations = list(declarations(self.code))

    def line(self, offset):
        return self.text.count("\n", 0, offset) + 1


def begin(start, head):
    return start + len(head) - len(head.lstrip())


def declarations(code):
    """What stands at the level of the file in @code, which has no comment and no directive."""
    depth, start, opened = 0, 0, None
    for i, c in enumerate(code):
        if c == "{":
            if depth == 0 and opened is None:
                opened = i
            depth += 1
        elif c == "}":
            depth = max(depth - 1, 0)
            head = code[start : i if opened is None else opened]
            if depth == 0 and re.search(r"\)\s*\Z", ATTRIBUTE.sub("", head)) and "=" not in head:
                yield Declaration(begin(start, head), i, head, code[opened + 1 : i])
                start, opened = i + 1, None
        elif c == ";" and depth == 0:
            head = code[start : i if opened is None else opened]
            body = None if opened is None else code[opened + 1 : code.rindex("}", start, i)]
            if head.strip():
                yield Declaration(begin(start, head), i, head, body)
            start, opened = i + 1, None

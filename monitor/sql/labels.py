"""Qualified names as the server writes them: taking them apart and putting them together."""

from __future__ import annotations

import re

_PLAIN = re.compile(r"[a-z_][a-z0-9_]*")
_NEEDLESS = re.compile(r'"([a-z_][a-z0-9_]*)"')


def bare(label: str) -> str:
    """The last part of a qualified label, without quotes."""
    return split_label(label)[1]


def beside(label: str, quoted: str) -> str:
    """The label of another name in the same schema."""
    return f"{label[: len(label) - len(split_label(label)[2]) - 1]}.{quoted}"


def quoted(name: str) -> str:
    """A name in an identity: in quotes only where it is no plain word."""
    return name if _PLAIN.fullmatch(name) else '"' + name.replace('"', '""') + '"'


def unquoted(identity: str) -> str:
    """The same without the quotes of plain words: the server has them around keywords only."""
    return _NEEDLESS.sub(r"\1", identity)


def belongs(dependent: str, gone: str) -> bool:
    """Whether `table column public.t.a` is `public.t.a` or of `public.t`, `trigger x on public.t` of that."""
    dependent, gone = unquoted(dependent), unquoted(gone)
    return dependent.endswith(f" {gone}") or f" {gone}." in dependent


def moved(dependent: str, old: str, new: str) -> str:
    """The same dependent, after what is or has it got another identity; quotes elsewhere stay as they are."""
    if not belongs(dependent, old):
        return dependent
    for head in [at for at, c in enumerate(dependent) if c == " "]:
        rest = dependent[head + 1 :]
        for end in [len(rest), *(at for at, c in enumerate(rest) if c == ".")]:
            if unquoted(rest[:end]) == unquoted(old):
                return f"{dependent[:head]} {new}{rest[end:]}"
    return dependent


def split_label(label: str) -> tuple[str, str, str]:
    """(schema as written, bare name, name as written)."""
    if label.endswith('"'):
        at = label.rindex('."', 0, len(label) - 1) if '."' in label[:-1] else -1
        written = label[at + 1 :]
        return label[:at], written[1:-1].replace('""', '"'), written
    schema, _, name = label.rpartition(".")
    return schema, name, name

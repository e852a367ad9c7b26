"""Qualified names as the server writes them: taking them apart and putting them together."""

from __future__ import annotations


def bare(label: str) -> str:
    """The last part of a qualified label, without quotes."""
    return split_label(label)[1]


def beside(label: str, quoted: str) -> str:
    """The label of another name in the same schema."""
    return f"{label[: len(label) - len(split_label(label)[2]) - 1]}.{quoted}"


def belongs(dependent: str, gone: str) -> bool:
    """Whether `table column public.t.a` is `public.t.a` or of `public.t`, `trigger x on public.t` of that."""
    return dependent.endswith(f" {gone}") or f" {gone}." in dependent


def split_label(label: str) -> tuple[str, str, str]:
    """(schema as written, bare name, name as written)."""
    if label.endswith('"'):
        at = label.rindex('."', 0, len(label) - 1) if '."' in label[:-1] else -1
        written = label[at + 1 :]
        return label[:at], written[1:-1].replace('""', '"'), written
    schema, _, name = label.rpartition(".")
    return schema, name, name

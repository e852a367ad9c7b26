"""The one way that channels and hooks reach the outside."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol


class Post(Protocol):
    """One POST within `deadline` seconds, never sent twice: (status, lower-case headers, body).

    Raises SourceError, OSError or TimeoutError when there is no answer.
    """

    async def __call__(
        self, url: str, *, content: bytes, headers: Mapping[str, str], deadline: float
    ) -> tuple[int, Mapping[str, str], bytes]: ...

"""What is said and stored today is what is kept; whoever wants it otherwise renews the file and shows it."""

from __future__ import annotations

import pytest

from tests.golden import families, kept
from tests.golden.families import HERE, MAJORS, ON_SERVERS, PLAIN


def _on(name: str, major: int) -> object:
    slow = major != HERE[0] or not families.is_quick(name)
    between = major not in {HERE[0], HERE[-1]}
    marks = [
        pytest.mark.timeout(600),
        *([pytest.mark.slow] if slow else []),
        *([pytest.mark.between] if between else []),
    ]
    return pytest.param(name, major, id=f"{name}-pg{major}", marks=marks)


@pytest.mark.timeout(600)
@pytest.mark.parametrize("name", PLAIN)
async def test_it_says_what_it_said(name: str) -> None:
    """Word for word."""
    assert not (said := kept.difference(name, await PLAIN[name]())), said


@pytest.mark.parametrize(
    ("name", "major"), [_on(name, major) for name in ON_SERVERS for major in families.majors(name)]
)
async def test_it_says_what_it_said_on_a_server(name: str, major: int) -> None:
    """Word for word; on older majors differs what differed."""
    assert not (said := kept.difference(*await families.on_server(name, major))), said


def test_every_file_is_made_by_a_family() -> None:
    """None is left behind that nothing is compared with."""
    of_servers = {f"{n.rpartition('.')[0]}.pg{m}.txt" for n in ON_SERVERS for m in MAJORS[1:]}
    there = {str(path.relative_to(kept.KEPT)) for path in kept.KEPT.rglob("*") if path.is_file()}
    assert there <= {*PLAIN, *ON_SERVERS, *of_servers}
    assert there >= {*PLAIN, *ON_SERVERS}


def test_every_quick_family_is_one() -> None:
    """A file of scripts that was renamed is not left to the slow tests unnoticed."""
    assert {name.rpartition("/")[2].partition(".")[0] for name in ON_SERVERS} >= families.QUICK


def test_a_difference_is_short_and_says_how_to_renew_the_file() -> None:
    """Whoever meets it knows what to type."""
    said = kept.difference("refused/configs.txt", "other\n" * 500)
    assert len(said.splitlines()) <= kept.SHOWN + 2
    assert said.endswith("python -m tests.golden --write refused/configs.txt")

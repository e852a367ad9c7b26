"""Round trips under the lock, counted on the wire: few, the same for one copy and for many, and foretold."""

from __future__ import annotations

import pytest

from monitor.ports import OutcomeKind, WatchRow
from monitor.rollback.executor import Limits
from monitor.rollback.forecast import estimate
from monitor.rollback.registration.prepare import prepare
from monitor.rollback.registration.taking import take
from monitor.rollback.stored import Plan, from_stored
from tests.chaos.proxy import Proxy
from tests.conftest import Database
from tests.integration import test_history_books as books
from tests.rollbacks import (
    ALLOWING,
    APPLICATION,
    DROP_COLUMN,
    RENAME,
    Heard,
    build,
    connected,
    executing,
    registered,
    rolled_back,
    store,
)
from tests.tools import ALEMBIC

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.faults.processes import Workshop, workshop


@pytest.fixture
def shop(tmp_path: Path) -> Iterator[Workshop]:
    with workshop(tmp_path) as here:
        yield here

import pytest

pytest.register_assert_rewrite("tests.rehearsals.observing", "tests.rehearsals.stage")

"""The time limit on the user's code leaves no half-imported package behind."""

import importlib
import sys

import pytest

from gradcheck_cli.targets import missing
from gradcheck_cli.targets.alarm import alarm
from gradcheck_cli.targets.stopped import HungError

SLOW = """
import time

end = time.monotonic() + 0.3
while time.monotonic() < end:
    pass
WHOLE = True
"""


@pytest.fixture
def slow_module(tmp_path, monkeypatch):
    """The name of a module whose import takes longer than the alarms of these tests, and its folder."""
    (tmp_path / "takes_its_time.py").write_text(SLOW)
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.delitem(sys.modules, "takes_its_time", raising=False)
    return "takes_its_time", str(tmp_path)


def test_an_installed_package_is_imported_to_its_end(slow_module, monkeypatch):
    """What was half imported would raise later, where the user's code needs it."""
    name, folder = slow_module
    monkeypatch.setattr(missing, "LIBRARIES", (folder,))
    with alarm(0.1):
        importlib.import_module(name)
    assert sys.modules[name].WHOLE


def test_the_time_starts_anew_after_the_import_of_a_package(slow_module, monkeypatch):
    """An endless loop behind the import is stopped all the same."""
    name, folder = slow_module
    monkeypatch.setattr(missing, "LIBRARIES", (folder,))

    def import_and_never_end():
        importlib.import_module(name)
        while True:
            pass

    with alarm(0.1), pytest.raises(HungError, match=r"no answer within 0\.1 s"):
        import_and_never_end()


def test_a_file_of_the_users_own_is_stopped_while_it_is_imported(slow_module):
    """It is no package: its time is the user's."""
    with pytest.raises(HungError), alarm(0.1):
        importlib.import_module(slow_module[0])

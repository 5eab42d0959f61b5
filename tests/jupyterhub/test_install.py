"""An installation is whole or absent, and made once."""

from __future__ import annotations

import threading
import time
from pathlib import Path

import pytest

from . import install


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty cache."""
    monkeypatch.setenv("HUB_CONFORMANCE_CACHE", str(tmp_path / "cache"))
    return tmp_path / "cache"


def test_the_cache_is_the_users_unless_another_is_named(
    cache: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert install.cache_directory() == cache
    monkeypatch.delenv("HUB_CONFORMANCE_CACHE")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    assert install.cache_directory() == tmp_path / "hub-conformance"
    monkeypatch.delenv("XDG_CACHE_HOME")
    assert install.cache_directory() == Path.home() / ".cache" / "hub-conformance"


def test_what_is_installed_is_not_built_again(cache: Path) -> None:
    built = []

    def build(directory: Path) -> None:
        built.append(directory)
        (directory / "program").touch()

    for _ in range(2):
        assert (install.installation("thing", build) / "program").is_file()
    assert install.installation("thing", build) == cache / "thing"
    assert len(built) == 1


def test_a_build_that_fails_leaves_nothing(cache: Path) -> None:
    def build(directory: Path) -> None:
        (directory / "half").touch()
        raise install.InstallError("no network")

    with pytest.raises(install.InstallError, match="no network"):
        install.installation("thing", build)
    assert [path.name for path in cache.iterdir()] == ["thing.lock"]


def test_what_a_killed_build_left_is_removed(cache: Path) -> None:
    left = cache / "thing.building-abc"
    left.mkdir(parents=True)
    install.installation("thing", lambda directory: None)
    assert not left.exists()


def test_two_at_once_build_once(cache: Path) -> None:
    # The lock is the open file's, not the process's, so threads stand for processes.
    built = []

    def build(directory: Path) -> None:
        built.append(directory)
        time.sleep(0.2)

    threads = [threading.Thread(target=install.installation, args=("it", build)) for _ in "ab"]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(built) == 1


@pytest.mark.parametrize("asked", ["6", "6.1", "6.1.1"])
def test_a_version_may_be_named_by_its_first_numbers(asked: str) -> None:
    assert install.full_version(asked) == "6.1.1"


@pytest.mark.parametrize("asked", ["6.1.", "6.10", "1.5.1", ""])
def test_an_unknown_version_is_refused_with_those_known(asked: str) -> None:
    with pytest.raises(install.InstallError, match=r"2\.3\.1, 3\.1\.1, 4\.1\.6, 5\.5\.4, 6\.1\.1"):
        install.full_version(asked)


def test_without_node_it_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "")
    with pytest.raises(install.InstallError, match=r"`node`.*Install Node\.js 20 or newer"):
        install.proxy_command()


def test_a_failing_installer_is_quoted(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(install, "REQUIREMENTS", {"6.1.1": ["./no-such-package.whl"]})
    with pytest.raises(install.InstallError, match="no-such-package"):
        install.hub_python("6.1")


def test_an_installer_that_hangs_is_given_up(cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(install, "INSTALL_TIMEOUT", 0.001)
    with pytest.raises(install.InstallError, match="not done after"):
        install.hub_python("6.1")
    assert all(path.suffix == ".lock" for path in cache.iterdir())

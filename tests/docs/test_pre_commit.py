"""The page about pre-commit, done: in a scratch repository its hook stops a push of a wrong backward."""

import os
import re
import shutil
import subprocess
import sys
from importlib.util import find_spec

import pytest
from commands import ROOT

PAGE = (ROOT / "docs" / "howto" / "pre-commit.md").read_text(encoding="utf-8")
CONFIGURATION = re.search(r"```yaml\n(.*?)```", PAGE, re.S)[1]
INSTALL, BY_HAND = re.findall(r"^\$ pre-commit (.*)$", PAGE, re.M)

WRONG = """
import numpy as np

def conv_backward(g, x, kernel):
    out = np.zeros_like(kernel)
    for o, i, u, v in np.ndindex(kernel.shape):
        out[o, i, u, v] = np.sum(x[:, i, u:u + g.shape[2], v:v + g.shape[3]] * g[:, o])
    return -out
"""
RIGHT = WRONG.replace("return -out", "return out")

pytestmark = [
    pytest.mark.skipif(find_spec("pre_commit") is None, reason="pre-commit is not installed"),
    pytest.mark.skipif(shutil.which("git") is None, reason="there is no git here"),
]


class Repository:
    """A git repository with a bare one to push to, in which `gradcheck` and `pre-commit` are commands."""

    def __init__(self, folder):
        self.folder = folder / "theirs"
        commands = folder / "bin"
        for made in (self.folder, commands):
            made.mkdir()
        for name, module in {"gradcheck": "gradcheck_cli", "pre-commit": "pre_commit"}.items():
            call = f'PYTHONPATH="{ROOT}:$PYTHONPATH" exec {sys.executable} -m {module} "$@"'
            (commands / name).write_text(f"#!/bin/sh\n{call}\n")
            (commands / name).chmod(0o755)
        identity = {f"GIT_{who}_{what}": "x@y.z" for who in ("AUTHOR", "COMMITTER") for what in ("NAME", "EMAIL")}
        self.environment = {
            **{name: value for name, value in os.environ.items() if not name.startswith("GIT_")},
            **identity,
            "GIT_CONFIG_GLOBAL": os.devnull,
            "GIT_CONFIG_NOSYSTEM": "1",
            "PRE_COMMIT_HOME": str(folder / "cache"),
            "PATH": f"{commands}{os.pathsep}{os.environ['PATH']}",
        }
        self.git("init", "-q", "-b", "main", ".")
        subprocess.run(["git", "init", "-q", "--bare", folder / "bare.git"], env=self.environment, check=True)
        self.git("remote", "add", "origin", folder / "bare.git")

    def git(self, *arguments):
        """What git did."""
        return self.run("git", *arguments)

    def run(self, *command):
        """What a command did in the repository."""
        return subprocess.run(
            [str(word) for word in command],
            cwd=self.folder,
            env=self.environment,
            capture_output=True,
            text=True,
            check=False,
            timeout=300,
        )

    def commit(self, source):
        """Commit `my_layers.py`."""
        (self.folder / "my_layers.py").write_text(source)
        self.git("add", "-A")
        done = self.git("commit", "-q", "-m", "layers")
        assert 0 == done.returncode, done.stderr


@pytest.fixture
def hooks(tmp_path):
    """(folder, commit): a repository that holds our hook, as ours does."""
    folder = tmp_path / "hooks"
    folder.mkdir()
    shutil.copy(ROOT / ".pre-commit-hooks.yaml", folder)
    environment = {**os.environ, "GIT_CONFIG_GLOBAL": os.devnull}
    identity = ["-c", "user.name=x", "-c", "user.email=x@y.z"]
    for words in (["init", "-q", "."], ["add", "-A"], [*identity, "commit", "-q", "-m", "hook"]):
        subprocess.run(["git", *words], cwd=folder, env=environment, check=True)
    head = subprocess.run(["git", "rev-parse", "HEAD"], cwd=folder, capture_output=True, text=True, check=True)
    return folder, head.stdout.strip()


def test_the_hook_stops_a_push_of_a_wrong_backward(tmp_path, hooks):
    """Installed and configured as the page says; the mistake is named, and once it is mended the hook passes."""
    repository, (folder, commit) = Repository(tmp_path), hooks
    text = CONFIGURATION.replace("URL", str(folder)).replace("REVISION", commit)
    (repository.folder / ".pre-commit-config.yaml").write_text(text)
    assert 0 == repository.run("pre-commit", *INSTALL.split()).returncode

    repository.commit(WRONG)
    stopped = repository.git("push", "-q", "origin", "main")
    repository.commit(RIGHT)
    by_hand = repository.run("pre-commit", *BY_HAND.split())

    assert stopped.returncode != 0
    assert "sign-flipped (proved)" in stopped.stdout + stopped.stderr
    assert "" == repository.git("ls-remote", "origin").stdout
    assert (0, True) == (by_hand.returncode, "Passed" in by_hand.stdout)


def test_the_hook_stops_a_commit_of_a_wrong_backward_where_it_is_told_so(tmp_path, hooks):
    """With the stages that the page says, and it still runs by hand."""
    repository, (folder, commit) = Repository(tmp_path), hooks
    stages = re.search(r"`(stages: .*?)`", PAGE)[1]
    text = CONFIGURATION.replace("URL", str(folder)).replace("REVISION", commit)
    text = text.replace("- id: gradcheck-verify", f"- id: gradcheck-verify\n        {stages}")
    (repository.folder / ".pre-commit-config.yaml").write_text(text)
    assert 0 == repository.run("pre-commit", "install").returncode
    (repository.folder / "my_layers.py").write_text(WRONG)
    repository.git("add", "-A")

    stopped = repository.git("commit", "-q", "-m", "layers")
    by_hand = repository.run("pre-commit", *BY_HAND.split())

    assert (1, True) == (stopped.returncode, "sign-flipped (proved)" in stopped.stdout + stopped.stderr)
    assert (1, True) == (by_hand.returncode, "sign-flipped (proved)" in by_hand.stdout)


def test_no_page_names_a_revision_that_is_not_there():
    """There is no tag yet: pages say how a commit is found."""
    pages = [ROOT / "README.md", *(ROOT / "docs").rglob("*.md")]
    assert [] == [page.name for page in pages if re.search(r"(gradcheck@|rev: )v\d", page.read_text(encoding="utf-8"))]

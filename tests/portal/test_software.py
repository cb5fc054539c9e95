"""What is installed where: never into an environment that belongs to another checkout."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

LOCAL = Path(__file__).resolve().parents[2] / "docker" / "local"


def test_a_linked_environment_is_not_emptied(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.syspath_prepend(str(LOCAL))
    from portal_cli import software
    from portal_cli.steps import StepFailed

    foreign, link = tmp_path / "foreign", tmp_path / ".venv"
    (foreign / "bin").mkdir(parents=True)
    (foreign / "bin" / "python").symlink_to(sys.executable)
    (foreign / "bin" / "pip").write_text("#!/elsewhere/bin/python\n")
    link.symlink_to(foreign)
    monkeypatch.setattr(software, "VENV", link)
    monkeypatch.setattr(software, "PYTHON", link / "bin" / "python")
    with pytest.raises(StepFailed) as refused:
        software._install_packages()
    assert refused.value.code == 2
    assert (foreign / "bin" / "pip").exists()

"""What all commands share: application context, language, one JSON document, exit codes."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Iterator
from typing import Any

import click
from ckan import model
from ckanext.thanhhoa.words import word

from harvesters.errors import HarvestError, Problem
from harvesters.messages import report_entry
from harvesters.plan import internal

#: Exit codes of the contract.
DONE, PARTLY, FAILED, HELD = 0, 1, 2, 3

json_option = click.option(
    "--json",
    "as_json",
    is_flag=True,
    help="Một tài liệu JSON ra stdout, mọi thứ khác ra stderr / one JSON document on stdout.",
)


def lang() -> str:
    """The language of the messages."""
    return str(click.get_current_context().meta.get("thanhhoa_lang", "vi"))


def say(key: str, **values: object) -> None:
    """A sentence on stdout."""
    click.echo(word(key, lang(), **values))


def note(key: str, **values: object) -> None:
    """A sentence on stderr."""
    click.echo(word(key, lang(), **values), err=True)


def print_json(data: Any) -> None:
    """The one JSON document of a command."""
    click.echo(json.dumps(data, ensure_ascii=False, indent=2))


@contextlib.contextmanager
def command(as_json: bool = False) -> Iterator[None]:
    """The body of a command: in an application context, expected errors said and exit code 2."""
    ctx = click.get_current_context()
    try:
        with ctx.meta["flask_app"].test_request_context():
            yield
    except HarvestError as error:
        _refuse(error.problem, as_json)
    except (click.exceptions.Exit, click.Abort, click.ClickException):
        raise
    except Exception as error:
        _refuse(internal(error), as_json)
    finally:
        model.Session.rollback()
        model.Session.remove()


def _refuse(problem: Problem, as_json: bool) -> None:
    entry = report_entry(problem, lang())
    if as_json:
        print_json({"errors": [entry]})
    click.secho(f"{entry['message']} [{entry['code']}]", err=True, fg="red")
    click.echo(entry["hint"], err=True)
    raise click.exceptions.Exit(FAILED)


def leave(code: int) -> None:
    """Ends the command with that exit code."""
    if code:
        raise click.exceptions.Exit(code)


def exit_code(report: dict[str, Any]) -> int:
    """The exit code that a run's report stands for."""
    state = report["state"]
    if state == "held":
        return HELD
    if state in ("failed", "cancelled"):
        return FAILED
    if state == "applied" and (report["failed"] or not report["complete"]):
        return PARTLY
    return DONE

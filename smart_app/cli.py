"""The `preceptor` command. Each verb lives in the room it belongs to and is imported only when called."""

import gc
from importlib import import_module

import click

_VERBS = {
    "demo": ("smart_app.demo:demo", "Sandbox EHR and app together; prints one URL."),
    "serve": ("smart_app.serving:serve", "Serve the app with gunicorn."),
    "migrate": ("smart_app.migrations.commands:migrate", "Bring the database to this version."),
    "organization": ("smart_app.organizations.commands:organization", "Add and list organizations."),
    "ehr": ("smart_app.organizations.commands:ehr", "Register EHRs."),
    "staff": ("smart_app.organizations.staff_commands:staff", "Say who may do what in the studio."),
    "roster": ("smart_app.rollout.commands:roster", "Import who is staff here."),
    "assignments": ("smart_app.rollout.commands:assignments", "Keep assignments and the EHR's Tasks in step."),
    "doctor": ("smart_app.doctor:doctor", "Say what an EHR supports, what falls back, what to register."),
    "report": ("smart_app.organizations.commands:report", "Print a launch report by its reference."),
    "keys": ("smart_app.keys_commands:keys", "Make and rotate keys."),
    "library": ("smart_app.library.commands:library", "Check, import and export tutorials."),
    "usage": ("smart_app.ledger.commands:usage", "Export the usage ledger."),
}


class _LazyGroup(click.Group):
    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(_VERBS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in _VERBS:
            return None
        module, _, name = _VERBS[cmd_name][0].partition(":")
        # What an import makes stays; to look for garbage in it takes a tenth of a command's start.
        gc.disable()
        try:
            command: click.Command = getattr(import_module(module), name)
        finally:
            gc.enable()
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Commands"):
            formatter.write_dl([(verb, text) for verb, (_, text) in _VERBS.items()])


@click.command(cls=_LazyGroup)
@click.version_option(package_name="preceptor")
def main() -> None:
    """Preceptor: AI tutorials inside the EHR, and an honest record of use."""

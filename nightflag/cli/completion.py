"""``nightflag completion``."""

from typing import Annotated, Literal

from cyclopts import Parameter

from nightflag.cli import app


def completion(
    shell: Annotated[Literal["bash", "zsh", "fish"], Parameter(help="For which shell.")], /
) -> None:
    """Print the script with which a shell completes commands and options."""
    print(app.generate_completion(shell=shell))

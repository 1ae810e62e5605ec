"""JupyterLab as `bash reproduce.sh lab` starts it: for this machine alone, and for those who have
its token.

JUPYTER_CONFIG_PATH puts this file before the user's own configuration files, which may open
JupyterLab to everyone who reaches the machine, and whoever reaches JupyterLab can do what its user
can. Options on the command line come after it and win.
"""

from jupyter_server.auth.identity import PasswordIdentityProvider
from traitlets import Unicode, default


class TokenOfCommandLineOrNew(PasswordIdentityProvider):
    """The token is the one of the command line, or of JUPYTER_TOKEN, or a new one; no configuration
    file can take it away.
    """

    token = Unicode()

    @default("token")
    def _token(self) -> str:
        given = self.parent.cli_config.IdentityProvider.get("token")
        return self._token_default() if given is None else str(given)


c = get_config()  # noqa: F821 (Jupyter gives it)
c.ServerApp.ip = "127.0.0.1"
c.ServerApp.identity_provider_class = TokenOfCommandLineOrNew

"""JupyterLab as `bash reproduce.sh lab` starts it: only for this machine, and only with its token.

JUPYTER_CONFIG_PATH puts this file before the user's own configuration files. Those may open
JupyterLab to everyone who can reach the machine, and whoever reaches JupyterLab can do what its
user can. Options on the command line come after this file and override it.
labconfig/default_setting_overrides.json beside it turns off Jupyter's news, which would ask the
network and cover a corner of every notebook.
"""

from jupyter_server.auth.identity import PasswordIdentityProvider
from traitlets import Unicode, default


class TokenOfCommandLineOrNew(PasswordIdentityProvider):
    """Take the token from the command line or JUPYTER_TOKEN, else make a new one.

    No configuration file can take it away.
    """

    token = Unicode()

    @default("token")
    def _token(self) -> str:
        given = self.parent.cli_config.IdentityProvider.get("token")
        return self._token_default() if given is None else str(given)


c = get_config()  # noqa: F821 (Jupyter provides it)
c.ServerApp.ip = "127.0.0.1"
c.ServerApp.identity_provider_class = TokenOfCommandLineOrNew

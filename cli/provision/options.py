"""Options that several verbs share; their parameters' names are those of ``ProvisionConfig.option_values``."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

Ca = Annotated[Path, typer.Option("--ca", help="Folder of the certificate authority.")]
Out = Annotated[Path, typer.Option("--out", help="Folder to write key and certificates to.")]
BrokerDir = Annotated[Path, typer.Option("--broker-dir", help="Folder of the broker.")]
HeadOfficeUrl = Annotated[str, typer.Option("--headoffice", help="Head office, such as https://office.example.")]
HeadOfficeToken = Annotated[Path, typer.Option("--token-file", help="The head office's admin.token.")]
GatewayUrl = Annotated[str, typer.Option("--gateway-url", help="Gateway, such as http://127.0.0.1:8480.")]
GatewayToken = Annotated[Path, typer.Option("--gateway-token-file", help="The gateway's console.token.")]
Identity = Annotated[str, typer.Argument(metavar="ID", help="Small letters, digits and hyphens, such as till-2.")]

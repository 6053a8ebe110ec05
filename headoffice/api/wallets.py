"""Wallets of the customers whom the shop knows."""

from pydantic import Field
from sqlalchemy import Connection

from headoffice.api.access import TheOffice, part_of_api
from headoffice.api.fields import Model, Name
from headoffice.vouchers import wallets

router = part_of_api("wallets")


class WalletIn(Model):
    """Whose wallet, and whether its address is to be another one from now on."""

    customer: Name = Field(description="How the shop knows its customer.", examples=["+86 138 0013 8000"])
    renew: bool = Field(default=False, description="The address that was good so far leads nowhere any more.")


class WalletOut(Model):
    """A wallet."""

    page: str = Field(description="Address of the customer's wallet; whoever has it has the vouchers in it.")


@router.post("/wallets", summary="A customer's wallet")
def post_wallet(wanted: WalletIn, here: TheOffice) -> WalletOut:
    """Return the address of a customer's wallet, which is made where there is none yet."""

    def find(connection: Connection) -> str:
        wallet = wallets.wallet_of(connection, wanted.customer, here.clock())
        if wanted.renew:
            wallets.renew(connection, wallet)
        return wallets.token_of(connection, wallet)

    return WalletOut(page=here.wallet(here.database.write(find)))

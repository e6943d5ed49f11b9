"""Why a Horde account cannot be linked or verified; each has a text of its own."""

from __future__ import annotations

from bot.errors import UserError


class BareNameError(UserError):
    """A name without a number: names are not unique."""

    key = "error.horde.bare_name"


class BareNumberError(UserError):
    """A number without a name: a typo would pay a stranger."""

    key = "error.horde.bare_number"


class MisshapenAliasError(UserError):
    """Neither a name nor a number is where it belongs."""

    key = "error.horde.alias"


class SharedKeyNamedError(UserError):
    """A shared key in the place of an account."""

    key = "error.horde.shared_key_named"


class AnonymousAccountError(UserError):
    """Account 0, which is everybody who has none."""

    key = "error.horde.anonymous"


class ApiKeyGivenError(UserError):
    """What looks like an account's own key, which nobody may have but its owner."""

    key = "error.horde.api_key"


class UnknownAccountError(UserError):
    """The Horde has no account of this `number`."""

    key = "error.horde.unknown_account"


class OtherNameError(UserError):
    """The number is of another `account` than the `typed` one."""

    key = "error.horde.other_name"


class DeletedAccountError(UserError):
    """The `account` is about to be deleted, and cannot be paid."""

    key = "error.horde.deleted"


class FlaggedAccountError(UserError):
    """The Horde flagged the `account`, and would not let it be paid."""

    key = "error.horde.flagged"


class OwnAccountError(UserError):
    """The account from which we pay."""

    key = "error.horde.own_account"


class TakenAccountError(UserError):
    """Somebody else proved that the `account` is theirs."""

    key = "error.horde.taken"


class BarredAccountError(UserError):
    """The account belongs to somebody who was banned."""

    key = "error.horde.barred"


class NotSharedKeyError(UserError):
    """No id of a shared key; it was sent nowhere."""

    key = "error.horde.not_shared_key"


class NoProofError(UserError):
    """No proof is under way: never begun, or its name was used."""

    key = "error.horde.no_proof"


class ProofExpiredError(UserError):
    """The name came too late."""

    key = "error.horde.proof_expired"


class TriesSpentError(UserError):
    """Too many keys were tried for one name."""

    key = "error.horde.tries_spent"


class UnknownSharedKeyError(UserError):
    """The Horde knows no such shared key; `left` counts tries."""

    key = "error.horde.unknown_shared_key"


class SharedKeyExpiredError(UserError):
    """The shared key has expired; `left` counts tries."""

    key = "error.horde.shared_key_expired"


class OtherKeyNameError(UserError):
    """The shared key's name is not the `nonce`, or was not a minute ago; `left` counts tries."""

    key = "error.horde.other_key_name"

"""What a pressed score is answered with: the receipt, the session that goes on, or the way on."""

from __future__ import annotations

from bot.discord_internals import pressed_message
from bot.rating.voting import Receipt
from cogs.ui import session
from cogs.ui.cards import PassedOverCard, ReceiptCard
from cogs.ui.edge import Exchange


async def recorded(exchange: Exchange, receipt: Receipt, *, redraw: bool) -> None:
    """Answer a score: a session goes on, a public post gets its receipt.

    `redraw` sends the picture in any case, for a message that does not show it.
    """
    if receipt.image_full:
        exchange.interaction.client.publisher.wake()
    if receipt.surface == "private" and (redraw or session.is_session(exchange)):
        await session.after_press(exchange, receipt, redraw=redraw)
    else:
        await exchange.respond(ReceiptCard(exchange.texts, exchange.language, receipt))


async def offer_others(exchange: Exchange, post_id: int, refusal: str) -> None:
    """Say why the image cannot be rated, with a way on to others."""
    message = pressed_message(exchange.interaction)
    if message is not None and not exchange.is_private:
        # Buttons that are still there although they do nothing are taken away.
        exchange.interaction.client.publisher.note_stray(post_id, message)
    await exchange.respond(PassedOverCard(exchange.texts, exchange.language, refusal, post_id))

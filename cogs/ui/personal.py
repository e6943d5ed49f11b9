"""What people read about themselves."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

import discord
from discord import ui

from bot.privacy.earnings import AtStake
from bot.privacy.erasure import Erased
from bot.privacy.personal_data import Overview, Past
from bot.rating.scales import AESTHETIC, ARTIFACTS
from cogs.ui import custom_ids
from cogs.ui.card import Card, NoticeCard
from cogs.ui.cards import Row, button, score_lines
from cogs.ui.edge import Exchange
from cogs.ui.horde import moment, shown
from storage.personal_data import PastVote


class PastCard(Card):
    """What the reader did, and a way to take back the newest vote while it is open."""

    def __init__(self, exchange: Exchange, past: Past) -> None:
        super().__init__()
        self.add_item(ui.TextDisplay("\n".join(_past_lines(exchange, past))))
        newest = past.votes[0] if past.votes else None
        if newest is None or not newest.open:
            return
        self.add_item(
            ui.TextDisplay(exchange.say(f"me.how_to_change{'_sent' if newest.sent else ''}"))
        )
        if newest.sent:
            return
        key, custom_id, style = (
            ("me.undo", custom_ids.undo(newest.post.id), discord.ButtonStyle.secondary)
            if newest.given
            else ("card.keep", custom_ids.keep(newest.post.id), discord.ButtonStyle.success)
        )
        self.add_item(Row(button(exchange.texts, exchange.language, key, custom_id, style)))


def _past_lines(exchange: Exchange, past: Past) -> Iterator[str]:
    done = past.activity
    yield f"### {exchange.say('me.title')}"
    yield exchange.say("me.figures", today=done.today, ever=done.ever)
    if past.validated:
        yield exchange.say("me.validated")
    if done.half:
        yield exchange.count("me.half", done.half)
    if done.skipped or done.reported:
        yield exchange.say("me.others", skipped=done.skipped, reported=done.reported)
    if past.votes:
        yield f"**{exchange.say('me.last')}**"
        yield from (_vote_line(exchange, vote) for vote in past.votes)


def _vote_line(exchange: Exchange, vote: PastVote) -> str:
    values = {AESTHETIC.name: vote.aesthetic, ARTIFACTS.name: vote.artifacts}
    given = {scale: value for scale, value in values.items() if value is not None}
    scores = " \u00b7 ".join(score_lines(exchange.texts, exchange.language, given))
    when = f"<t:{int(vote.changed_at.timestamp())}:R>"
    state = exchange.say(f"me.{_state(vote)}")
    where = _link(vote) or exchange.say("me.private", data_set=vote.data_set)
    kudos = ""
    if vote.kudos and exchange.services.settings.rewards_on:
        kudos = f", {exchange.say('earned.plus', n=vote.kudos)}"
    return f"- {where} {when}: {scores} ({state}{kudos})"


def _state(vote: PastVote) -> str:
    if vote.void:
        return "void"
    if not vote.given:
        return "undone"
    return "open" if vote.open else "closed"


def _link(vote: PastVote) -> str | None:
    post = vote.post
    if post.message_id is None or post.guild_id is None:
        return None
    return f"https://discord.com/channels/{post.guild_id}/{post.channel_id}/{post.message_id}"


class OverviewCard(Card):
    """What is kept about the reader: why, for how long, and how much of it."""

    def __init__(self, exchange: Exchange, overview: Overview) -> None:
        super().__init__()
        lines = [f"### {exchange.say('privacy.title')}", exchange.say("privacy.why")]
        lines.append(exchange.say("privacy.number", number=overview.rater.number))
        if overview.banned:
            lines.append(exchange.say("privacy.banned"))
        lines += [
            f"- {exchange.say(f'privacy.kept.{table}')}: **{count}**"
            for table, count in overview.rows.items()
        ]
        self.add_item(ui.TextDisplay("\n".join(lines)))
        # A text of its own: right below a list it would look like a part of its last item.
        self.add_item(ui.TextDisplay("\n".join(_rights(exchange, overview))))


def _rights(exchange: Exchange, overview: Overview) -> Iterator[str]:
    """Say what the bot keeps account of, what is published, and what the reader can do."""
    settings = exchange.services.settings
    link, kudos = overview.link, overview.kudos
    if "awards" in overview.rows:
        unpaid = kudos.held + kudos.released
        yield exchange.say("privacy.kudos", unpaid=unpaid, paying=kudos.paying, paid=kudos.paid)
    verified = link is not None and link.verified_at is not None
    if link is not None:
        key = "horde.status.link_verified" if verified else "horde.status.link_unproved"
        yield exchange.say(key, account=shown(link))
    yield exchange.say("privacy.published", license=settings.dataset_license)
    if verified:
        how = "exact" if settings.export_exact_signals else "rounded"
        yield exchange.say("privacy.signals", how=exchange.say(f"horde.verify.{how}"))
    if overview.held_back_until is not None:
        yield held_back(exchange, overview.held_back_until)
    yield exchange.say("privacy.rights")


def held_back(exchange: Exchange, until: datetime) -> str:
    """Say what is not told yet, why, and from when on it is."""
    return exchange.say("privacy.held_back", until=moment(until))


class ConfirmErasureCard(Card):
    """Says what an erasure does and costs, and asks once more."""

    def __init__(self, exchange: Exchange, stake: AtStake) -> None:
        super().__init__()
        self.add_item(ui.TextDisplay(exchange.say("privacy.confirm")))
        costs = "\n".join(_costs(exchange, stake))
        if costs:
            self.add_item(ui.TextDisplay(costs))
        red, grey = discord.ButtonStyle.danger, discord.ButtonStyle.secondary
        erase, keep = custom_ids.privacy("erase"), custom_ids.privacy("keep")
        texts, language = exchange.texts, exchange.language
        self.add_item(
            Row(
                button(texts, language, "privacy.erase_button", erase, red),
                button(texts, language, "privacy.keep_button", keep, grey),
            )
        )


def _costs(exchange: Exchange, stake: AtStake) -> Iterator[str]:
    if stake.forfeited:
        yield exchange.count("privacy.forfeits", stake.forfeited)
        if exchange.services.settings.rewards_on:
            yield exchange.say("privacy.wait_linked" if stake.linked else "privacy.wait_unlinked")
        else:
            yield exchange.say("horde.next.off")
    if stake.under_way:
        yield exchange.say("privacy.under_way", kudos=stake.under_way)


class ErasedCard(NoticeCard):
    """What an erasure did."""

    def __init__(self, exchange: Exchange, erased: Erased) -> None:
        lines = [exchange.count("privacy.erased", erased.votes)]
        if erased.kudos:
            lines.append(exchange.count("privacy.forfeited", erased.kudos))
        if erased.kudos_under_way:
            lines.append(exchange.say("privacy.under_way", kudos=erased.kudos_under_way))
        super().__init__("\n".join(lines))

"""The simulated crowd: members of the server who rate beside the person at the browser."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from random import Random
from sqlite3 import Connection
from typing import Any

import discord
import simcord

from bot.clock import Clock
from bot.demo.linking import Linking
from bot.demo.personas import OUT_OF_SIGHT, Persona
from bot.demo.pictures.gallery import SAMPLES, Sample
from bot.demo.raw_components import every_custom_id
from bot.demo.stage import Stage
from bot.demo.turns import Turns
from bot.rating.scales import SCALES
from bot.services import Services
from cogs.ui import custom_ids
from storage import data_sets, images, posts, public_posts, reservations
from storage.public_posts import Message

IDLE_SECONDS = 1.0
"""How long somebody waits who finds nothing to rate."""
PRIVATELY = 0.06
"""How often somebody takes a private session instead of a public post."""
AT_ONCE = 4
"""Pictures that somebody rates in one private session."""
FLAWS_FIRST = 0.2
"""How often somebody presses the flaw before the score."""
REASON = "This picture is broken."
NOBODY = 0
"""No rater has this number."""
VISITOR = timedelta(seconds=45)
"""How long the crowd leaves the last place of a post to somebody who reads before they agree."""


def slowness(left: int, pictures: int) -> float:
    """Return how much slower the crowd rates once `left` of so many pictures are not full.

    Without this it would soon have rated everything, and nothing were left for the visitor.
    """
    return (pictures / max(left, 1)) ** 2


def is_left_to_visitors(places: int, age: timedelta) -> bool:
    """Tell whether the crowd passes over a post so old of which so many places are free.

    A visitor who asks for its last place would else be refused in the middle of the consent.
    """
    return places <= 1 and age < VISITOR


@dataclass(frozen=True, slots=True)
class OpenPost:
    """A public post as the crowd finds it; `left` counts the pictures of its set to be rated."""

    post_id: int
    left: int
    channel_id: int
    message_id: int
    sample: Sample


@dataclass(slots=True)
class Member:
    """One of the crowd, and which posts they are done with."""

    actor: simcord.MemberActor
    persona: Persona
    done: set[int] = field(default_factory=set)


class Crowd:
    """Lets every member rate again and again, `pace` seconds apart at first; 0: no pause."""

    def __init__(
        self,
        stage: Stage,
        turns: Turns,
        services: Services,
        personas: list[Persona],
        *,
        linking: Linking,
        pace: float,
    ) -> None:
        self._stage = stage
        self._turns = turns
        self._services = services
        self._random: Random = services.random
        self._clock: Clock = services.clock
        self._linking = linking
        self._pace = pace
        pairs = zip(stage.cast.crowd, personas, strict=True)
        self.members = [Member(actor, persona) for actor, persona in pairs]
        self.presses = 0

    async def live(self, member: Member) -> None:
        """Rate for ever: mostly in the channels, now and then in a private session."""
        await self._linking.introduce(member.actor)
        while True:
            if self._pace:
                pause = self._pace * await self._slowness()
                await self._clock.sleep(self._random.expovariate(1 / pause))
            if not await self.rate_something(member):
                await self._clock.sleep(IDLE_SECONDS)

    async def rate_something(self, member: Member) -> bool:
        """Rate one public post, or some pictures privately; False if there was nothing to do."""
        if self._random.random() < PRIVATELY:
            return await self._rate_privately(member)
        found = [post for post in await self._open_posts() if post.post_id not in member.done]
        if not found:
            return False
        # Each channel is visited as often as it has pictures, lest the small one run dry first.
        (post,) = self._random.choices(found, [post.left for post in found])
        await self._rate_publicly(member, post)
        return True

    async def _slowness(self) -> float:
        def query(connection: Connection) -> float:
            left = _left(connection)
            pictures = sum(images.count(connection, data_set) for data_set in left)
            return slowness(sum(left.values()), pictures)

        return await self._services.database.read(query)

    async def _open_posts(self) -> list[OpenPost]:
        def query(connection: Connection) -> list[OpenPost]:
            found = []
            left = _left(connection)
            for message in public_posts.in_state(connection, "open"):
                if self._pace and self._is_left(connection, message):
                    continue
                image = images.by_id(connection, message.image_id)
                if image is not None and message.message_id is not None:
                    place = message.channel_id, message.message_id
                    many = max(left[image.data_set_id], 1)
                    found.append(OpenPost(message.post_id, many, *place, SAMPLES[image.key]))
            return found

        return await self._services.database.read(query)

    def _is_left(self, connection: Connection, message: Message) -> bool:
        post = posts.by_id(connection, message.post_id)
        image = images.by_id(connection, message.image_id)
        data_set = None if image is None else data_sets.by_id(connection, image.data_set_id)
        if post is None or image is None or data_set is None:
            return True
        now = self._clock.now()
        kept = reservations.of_others(connection, image.id, NOBODY, now)
        places = data_set.target - image.complete_votes - kept
        return is_left_to_visitors(places, now - post.shown_at)

    async def _rate_publicly(self, member: Member, post: OpenPost) -> None:
        member.done.add(post.post_id)
        channel = self._stage.env.bot.get_channel(post.channel_id)
        if not isinstance(channel, discord.TextChannel):
            return
        message = await channel.fetch_message(post.message_id)
        if member.persona.reports and post.sample.spoilt > OUT_OF_SIGHT:
            await self._report(member, message, post.post_id)
            return
        for scale, value in self._answers(member.persona, post.sample):
            press = custom_ids.vote(scale, value, post.post_id)
            answer = await self._click(member, message, press)
            agree = custom_ids.agree(scale, value, post.post_id)
            if answer is not None and agree in set(every_custom_id(answer.components)):
                await self._click(member, answer, agree)

    async def _report(self, member: Member, message: discord.Message, post_id: int) -> None:
        async with self._turns.crowd():
            shown = await self._press(member, message, custom_ids.report(post_id))
            if shown is None or shown.modal is None:
                return
            fields = [
                found for found in every_custom_id([shown.modal]) if found.startswith("reason")
            ]
            await member.actor.submit_modal(shown, dict.fromkeys(fields, REASON))

    async def _rate_privately(self, member: Member) -> bool:
        async with self._turns.crowd():
            await self._stage.catch_up()
            started = await member.actor.slash(self._stage.cast.raters_channel, "rate")
        rated = 0
        card = started.response
        while card is not None and rated < AT_ONCE:
            post_id = _votable(card.components)
            sample = None if post_id is None else await self._sample(post_id)
            if post_id is None or sample is None:
                break
            for scale, value in self._answers(member.persona, sample):
                if card is not None:
                    await self._pause()
                    card = await self._click(member, card, custom_ids.vote(scale, value, post_id))
            rated += 1
        return rated > 0

    async def _sample(self, post_id: int) -> Sample | None:
        def query(connection: Connection) -> Sample | None:
            post = posts.by_id(connection, post_id)
            image = images.by_id(connection, post.image_id) if post else None
            return SAMPLES[image.key] if image else None

        return await self._services.database.read(query)

    def _answers(self, persona: Persona, sample: Sample) -> list[tuple[str, int]]:
        """Return the scores in the order in which they are pressed."""
        scores: Mapping[str, int] = persona.scores(sample, self._random)
        order = [name for name in SCALES if name in scores]
        if self._random.random() < FLAWS_FIRST:
            order.reverse()
        return [(name, scores[name]) for name in order]

    async def _pause(self) -> None:
        if self._pace:
            await self._clock.sleep(self._random.uniform(0.3, 0.6) * self._pace)

    async def _click(
        self, member: Member, message: discord.Message | simcord.ResponseMessage, custom_id: str
    ) -> simcord.ResponseMessage | None:
        async with self._turns.crowd():
            result = await self._press(member, message, custom_id)
        return None if result is None else result.response

    async def _press(
        self, member: Member, message: discord.Message | simcord.ResponseMessage, custom_id: str
    ) -> simcord.InteractionResult | None:
        """Press a button; None if it is gone by now. Needs the turn."""
        await self._stage.catch_up()
        try:
            result = await member.actor.click(message, custom_id=custom_id)
        except simcord.SetupError:
            return None
        self.presses += 1
        return result


def _left(connection: Connection) -> dict[int, int]:
    """Count the pictures of every data set that are not full yet."""
    return {
        data_set.id: images.count(connection, data_set.id) - data_set.full_images
        for data_set in data_sets.every(connection)
    }


def _votable(components: list[dict[str, Any]]) -> int | None:
    """Return the post that a card's score buttons belong to, None if it has none."""
    for custom_id in every_custom_id(components):
        if match := re.fullmatch(custom_ids.VOTE, custom_id):
            return int(match["post"])
    return None

"""All services of the program, wired once from the settings; free of Discord."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from random import Random, SystemRandom

import structlog

from bot.clock import Clock, SystemClock
from bot.datasets.administration import DataSetAdministration
from bot.datasets.exports.service import ExportService
from bot.datasets.releases.service import ReleaseService
from bot.horde.client import HordeClient
from bot.images.store import ImageStore
from bot.keyed_hash import KeyedHash
from bot.known_key import load_key
from bot.privacy.erasure import ErasureService
from bot.privacy.personal_data import PersonalDataService
from bot.rating.channels import ChannelService
from bot.rating.posts import PostService
from bot.rating.sessions import SessionService
from bot.rating.voting import VotingService
from bot.rewards.cases import Cases
from bot.rewards.linking import LinkingService
from bot.rewards.overview import OverviewService
from bot.rewards.replay import PayoutReplay
from bot.rewards.signals import SignalsService
from bot.rewards.status import StatusService
from bot.rewards.worker import PayoutWorker
from bot.settings import Settings
from bot.statistics.pictures import StatisticsPictures
from bot.statistics.service import StatisticsService
from bot.texts.catalogue import Texts
from bot.trust.access import AccessService
from bot.trust.alerts import AlertService
from bot.trust.appeal_answers import AnswerService
from bot.trust.appeal_cases import AppealCases
from bot.trust.appeals import AppealService
from bot.trust.auditing import AuditService
from bot.trust.banning import BanService
from bot.trust.barring import BarService
from bot.trust.captcha.expiring import CaptchaExpiry
from bot.trust.captcha.service import CaptchaService
from bot.trust.captcha.workshop import Workshop, makers_of
from bot.trust.decisions import Decisions
from bot.trust.dossier import DossierService
from bot.trust.enrolment import Enrolment
from bot.trust.gold.candidates import GoldCandidates
from bot.trust.gold.marking import GoldService
from bot.trust.gold.proposing import Proposing
from bot.trust.hiding import Hiding
from bot.trust.holds import HoldService
from bot.trust.image_record import ImageRecordService
from bot.trust.moderation import ModerationService
from bot.trust.ratings import RatingsService
from bot.trust.recounting import Recounting
from bot.trust.reported_images import ReportedImages
from bot.trust.reports import ReportService
from bot.trust.review import ReviewService
from bot.trust.rules.nightly import PairSearch
from bot.trust.rules.worker import RuleWorker
from bot.trust.scoring.held_raters import HeldRaters
from bot.trust.scoring.service import ScoringService
from bot.trust.suspects import Suspects
from bot.trust.validating import ValidationService
from bot.trust.void_orders import VoidOrders
from bot.trust.voiding import VoidingService
from storage import leases
from storage.database import Database

_log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Services:
    """Everything that a cog, the demo or a command may call; one instance a process."""

    settings: Settings
    database: Database
    clock: Clock
    random: Random
    hash_key: KeyedHash
    texts: Texts
    data_sets: DataSetAdministration
    images: ImageStore
    voting: VotingService
    captchas: CaptchaService
    captcha_expiry: CaptchaExpiry
    sessions: SessionService
    posts: PostService
    enrolment: Enrolment
    access: AccessService
    alerts: AlertService
    channels: ChannelService
    reports: ReportService
    bans: BanService
    voiding: VoidingService
    bars: BarService
    moderation: ModerationService
    review: ReviewService
    appeals: AppealService
    answers: AnswerService
    gold: GoldService
    dossiers: DossierService
    ratings: RatingsService
    validation: ValidationService
    auditing: AuditService
    image_records: ImageRecordService
    personal_data: PersonalDataService
    erasure: ErasureService
    exports: ExportService
    statistics: StatisticsService
    releases: ReleaseService
    statistics_pictures: StatisticsPictures
    scores: ScoringService
    horde: HordeClient
    linking: LinkingService
    signals: SignalsService
    status: StatusService
    payouts: PayoutWorker
    cases: Cases
    overview: OverviewService
    holds: HoldService
    rules: RuleWorker
    pairs: PairSearch


def build_services(
    settings: Settings, database: Database, clock: Clock, random: Random
) -> Services:
    """Wire everything; makes the hash key where there is none yet. Raises SettingsError."""
    hash_key = KeyedHash.load_or_create(settings.hash_key_file)
    texts = Texts.load()
    enrolment = Enrolment(hash_key)
    access = AccessService(database, clock, settings, enrolment)
    alerts = AlertService(database, clock, settings, texts)
    decisions = Decisions(clock, settings, access)
    recounting = Recounting(database, clock, settings)
    orders = VoidOrders(database, clock, recounting)
    hiding = Hiding(settings)
    answers = AnswerService(database, clock, texts)
    bans = BanService(
        database,
        clock,
        access=access,
        enrolment=enrolment,
        recounting=recounting,
        orders=orders,
        hiding=hiding,
    )
    appeal_cases = AppealCases(
        database, clock, settings, access=access, bans=bans, orders=orders, answers=answers
    )
    statistics = StatisticsService(database.path, clock, hash_key)
    scores = ScoringService(database, clock, settings, alerts)
    scores.follow(Proposing(database, clock).propose)
    scores.follow(HeldRaters(database, clock, alerts).show)
    rules = RuleWorker(database, clock, random, alerts=alerts)
    horde = HordeClient(settings.horde_api_url, settings.horde_api_key, clock, random)
    return Services(
        settings=settings,
        database=database,
        clock=clock,
        random=random,
        hash_key=hash_key,
        texts=texts,
        data_sets=DataSetAdministration(database, clock, recounting),
        images=ImageStore(
            database,
            settings.media_dir,
            cache_limit=settings.media_cache_mebibytes * 2**20,
            upload_limit=settings.upload_limit_mebibytes * 2**20,
        ),
        voting=VotingService(database, clock, settings, enrolment),
        captchas=CaptchaService(
            database,
            clock,
            settings,
            random,
            enrolment=enrolment,
            alerts=alerts,
            texts=texts,
            workshop=Workshop(makers_of(texts, random)),
        ),
        captcha_expiry=CaptchaExpiry(database, clock),
        sessions=SessionService(database, clock, settings, random, enrolment),
        posts=PostService(database, clock, settings, random),
        enrolment=enrolment,
        access=access,
        alerts=alerts,
        channels=ChannelService(database, clock, settings, access),
        reports=ReportService(
            database,
            clock,
            settings,
            access=access,
            enrolment=enrolment,
            alerts=alerts,
            hiding=hiding,
        ),
        bans=bans,
        voiding=VoidingService(database, clock, access, orders, hiding),
        bars=BarService(database, clock, access, enrolment),
        moderation=ModerationService(database, access, decisions),
        review=ReviewService(
            database,
            clock,
            access=access,
            enrolment=enrolment,
            kinds=(
                ReportedImages(decisions),
                Suspects(database, clock, access, bans),
                appeal_cases,
                GoldCandidates(clock, access),
            ),
        ),
        appeals=AppealService(database, clock, settings, enrolment, alerts),
        answers=answers,
        gold=GoldService(database, clock, access),
        dossiers=DossierService(database, clock, settings, access),
        ratings=RatingsService(database, clock, access),
        validation=ValidationService(database, clock, access),
        auditing=AuditService(database, clock, access),
        image_records=ImageRecordService(database, access, clock),
        personal_data=PersonalDataService(database, clock, enrolment),
        erasure=ErasureService(database, clock, enrolment, recounting),
        exports=ExportService(
            database.path, clock, hash_key, exact_signals=settings.export_exact_signals
        ),
        releases=ReleaseService(database, clock, settings, hash_key),
        statistics=statistics,
        statistics_pictures=StatisticsPictures(statistics, clock),
        scores=scores,
        horde=horde,
        linking=LinkingService(
            database, clock, settings, random=random, enrolment=enrolment, horde=horde
        ),
        signals=SignalsService(database, clock, horde),
        status=StatusService(database, clock, settings),
        payouts=PayoutWorker(
            database,
            clock,
            random,
            settings,
            client=horde,
            alerts=alerts,
            scores_ready=scores.ready,
        ),
        cases=Cases(database, clock, access, enrolment),
        overview=OverviewService(database, clock, settings, access=access, horde=horde),
        holds=HoldService(database, clock, enrolment),
        rules=rules,
        pairs=PairSearch(database, clock, rules),
    )


@asynccontextmanager
async def open_services(
    settings: Settings, *, create: bool = True, clock: Clock | None = None
) -> AsyncIterator[Services]:
    """Open the database, brought to this program's schema, with all services over it.

    Nobody whom a restored backup brought back is in it any more, it knows every payout that was
    sent after that backup, and no schema changes under a running bot. Raises StorageError and
    SettingsError. On leaving, what was under way is finished.
    """
    clock = clock or SystemClock()
    path = settings.database_path
    await asyncio.to_thread(leases.refuse_upgrade, path, "run", clock.now())
    database = await Database.open(path, create=create)
    try:
        await load_key(database, settings.hash_key_file)
        services = build_services(settings, database, clock, SystemRandom())
        try:
            await PayoutReplay(database, clock).replay()
            again = await services.erasure.replay()
            if again:
                _log.warning("erased_again", raters=again)
            yield services
        finally:
            await services.statistics_pictures.close()
            await services.scores.close()
            await services.images.close()
            await services.horde.close()
    finally:
        await database.close()

from tests.cogs.stage import Stage, answer, score, text


async def test_a_first_press_asks_for_consent_and_then_counts(stage: Stage) -> None:
    post = await stage.open_post()
    result = await score(stage.member("ada"), post, "aesthetic", 7)
    assert result.ephemeral
    assert "CC-BY-SA-4.0" in text(answer(result))

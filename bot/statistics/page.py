"""One HTML file with everything in it: it asks for nothing, and opens from anywhere."""

from __future__ import annotations

import html
from collections.abc import Sequence
from importlib.resources import files
from string import Template

from bot.statistics.drawing import svg
from bot.statistics.headlines import Headline
from bot.statistics.plot import Plot, Table
from bot.statistics.words import Words


def page(
    headlines: Sequence[Headline],
    plots: Sequence[Plot],
    words: Words,
    *,
    subject: Sequence[str],
    made: str,
) -> str:
    """Return the page; `subject`, in lines, and `made` say of what and of when it is."""
    template = Template(files("bot.statistics").joinpath("page.html").read_text("utf-8"))
    return template.substitute(
        language=words.language,
        title=html.escape(words.say("title")),
        subject="\n".join(f'  <p class="faint">{html.escape(line)}</p>' for line in subject),
        headlines="\n".join(
            f"    <div><dt>{html.escape(name)}</dt><dd>{html.escape(figure)}</dd></div>"
            for figure, name in headlines
        ),
        plots="\n".join(_figure(plot, words) for plot in plots),
        made=html.escape(made),
    )


def _figure(plot: Plot, words: Words) -> str:
    """Return a plot as a picture with its description, and its numbers as a table to open."""
    picture = svg(plot, words).replace(
        "<svg", f'<svg role="img" aria-label="{html.escape(plot.alt)}"', 1
    )
    return f"""    <figure id="{plot.name}">
      <figcaption><h2>{html.escape(plot.title)}</h2><p>{html.escape(plot.lead)}</p></figcaption>
      {picture}
{_details(plot, words) if plot.table.rows else ""}
    </figure>"""


def _details(plot: Plot, words: Words) -> str:
    summary = html.escape(words.say("table"))
    return f"""      <details>
        <summary>{summary}</summary>
        <div class="scroll" tabindex="0" role="region" aria-label="{html.escape(plot.title)}">
{_table(plot.table, plot.title)}
        </div>
      </details>"""


def _table(table: Table, title: str) -> str:
    head = "".join(f'<th scope="col">{html.escape(name)}</th>' for name in table.head)
    rows = "\n".join(
        f'            <tr><th scope="row">{html.escape(first)}</th>'
        + "".join(f"<td>{html.escape(cell)}</td>" for cell in rest)
        + "</tr>"
        for first, *rest in table.rows
    )
    return f"""          <table>
            <caption>{html.escape(title)}</caption>
            <thead><tr>{head}</tr></thead>
            <tbody>
{rows}
            </tbody>
          </table>"""

"""Every sample picture: its prompt, how it is painted, and what an honest eye finds in it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from random import Random

from PIL import Image

from bot.demo.pictures import flaws, fractals, landscapes, patterns

Size = tuple[int, int]
SQUARE: Size = (768, 768)
WIDE: Size = (896, 672)
TALL: Size = (672, 896)

Painter = Callable[[Size, Random], Image.Image]


@dataclass(frozen=True, slots=True)
class Sample:
    """A picture to be drawn.

    `beauty` (1-10) and `spoilt` (0-5) are what honest raters scatter around. Pictures that are not
    `safe` are harmless all the same: they are there so that the age-restricted channel has content.
    """

    key: str
    prompt: str
    paint: Painter
    beauty: float
    spoilt: float = 0.3
    size: Size = SQUARE
    safe: bool = True
    flaw: flaws.Flaw | None = None

    def draw(self) -> Image.Image:
        """Return the picture; the same one every time."""
        random = Random(self.key)  # noqa: S311 - a drawing, not a secret
        picture = self.paint(self.size, random)
        return self.flaw(picture, random) if self.flaw else picture


DUSK = ("#1b1440", "#5b2a6e", "#c4516c", "#f7a072", "#ffd9a0")
DAWN = ("#6fa8dc", "#a9cce3", "#f6d5c0", "#fbe8d3")
NIGHT = ("#050a1e", "#0b1a3a", "#1f3864", "#41618f")
EMBER = ("#0a0420", "#3b0f4f", "#a32b5b", "#f2764b", "#ffe08a")
OCEAN = ("#02111f", "#05445e", "#189ab4", "#75e6da", "#f4fffd")
MOSS = ("#07140b", "#1e4d2b", "#5d8c3f", "#c5d86d", "#fbffe3")
ROYAL = ("#0b0326", "#2b1a70", "#6a4cdb", "#c7a6ff", "#ffffff")


def _mountains(air: tuple[str, ...], far: str, near: str, light: tuple[str, float]) -> Painter:
    return lambda size, random: landscapes.mountains(size, random, air, far, near, light=light)


def _julia(c: complex, colours: tuple[str, ...]) -> Painter:
    return lambda size, random: fractals.julia(size, random, c, colours)


def _attractor(shape: tuple[float, float, float, float], colours: tuple[str, ...]) -> Painter:
    return lambda size, random: fractals.attractor(size, random, shape, colours)


def _harmonograph(ground: str, colours: tuple[str, ...]) -> Painter:
    return lambda size, random: patterns.harmonograph(size, random, ground, colours)


def _glass(colours: tuple[str, ...]) -> Painter:
    return lambda size, random: patterns.stained_glass(size, random, colours)


def _tree(air: tuple[str, ...], bark: str, leaves: tuple[str, ...]) -> Painter:
    return lambda size, random: patterns.tree(size, random, air, bark, leaves)


def _sea(air: tuple[str, ...], water: tuple[str, ...], light: str) -> Painter:
    return lambda size, random: landscapes.sea(size, random, air, water, light)


def _city(air: tuple[str, ...], lights: tuple[str, ...]) -> Painter:
    return lambda size, random: landscapes.city(size, random, air, lights)


def _flow(ground: str, colours: tuple[str, ...]) -> Painter:
    return lambda size, random: patterns.flow(size, random, ground, colours)


_DUSK_MOUNTAINS = _mountains(DUSK, "#8c4a6b", "#150d26", ("#ffe3b0", 0.36))
_DAWN_MOUNTAINS = _mountains(DAWN, "#b7c9d8", "#2b4a52", ("#fff6dc", 0.30))
_NIGHT_MOUNTAINS = _mountains(NIGHT, "#35507d", "#040914", ("#e8eeff", 0.22))
_SUNSET_SEA = _sea(("#2d1b4e", "#b13e5b", "#f79256", "#ffd57e"), ("#c65a58", "#2b1b45"), "#fff0c1")
_MOON_SEA = _sea(("#020617", "#0c1f3f", "#1f4068"), ("#16345c", "#020712"), "#eaf2ff")
_TEAL_CITY = _city(("#0d1033", "#372a6b", "#b5527d", "#f8a26f"), ("#ffd166", "#ffe8ad", "#9be7ff"))
_ROSE_GLASS = _glass(("#fff3b0", "#f9a03f", "#d7263d", "#6a1b6a", "#1b1464"))
_SPRING_TREE = _tree(
    ("#8ec5e8", "#cfe8f3", "#fdf1e3"), "#4a2f27", ("#f28fb1", "#fbc3d4", "#fff0f5")
)
_MOSS_FLOW = _flow("#0d1b12", ("#1e4d2b", "#79b473", "#e9f5b5"))

SAFE = (
    Sample(
        "evening-peaks",
        "mountain ridges at dusk, layered mist, warm light",
        _DUSK_MOUNTAINS,
        8.6,
        size=WIDE,
    ),
    Sample(
        "morning-peaks",
        "quiet blue mountains in the first light, watercolour",
        _DAWN_MOUNTAINS,
        7.6,
        size=WIDE,
    ),
    Sample(
        "moonlit-peaks",
        "a full moon over black mountains, starry night",
        _NIGHT_MOUNTAINS,
        8.2,
        size=TALL,
    ),
    Sample(
        "sunset-sea", "sunset over the sea, glittering path of light", _SUNSET_SEA, 8.1, size=WIDE
    ),
    Sample("moonlit-sea", "moon over a calm ocean at midnight", _MOON_SEA, 7.7),
    Sample(
        "northern-lights",
        "green and violet northern lights above arctic hills",
        lambda s, r: landscapes.aurora(s, r, ("#1fdf9b", "#31c6f7", "#8f5bff")),
        8.9,
        size=WIDE,
    ),
    Sample(
        "evening-city",
        "skyline of a big city at blue hour, mirrored in a river",
        _TEAL_CITY,
        7.4,
        size=WIDE,
    ),
    Sample(
        "ringed-planet",
        "a striped gas giant with bright rings, deep space",
        lambda s, r: landscapes.planet(
            s, r, ("#6b2d5c", "#f0a868", "#ffe3b3", "#b5536d"), "#ffd9b0"
        ),
        8.0,
    ),
    Sample(
        "golden-dunes",
        "endless dunes in the evening sun, minimal",
        lambda s, r: landscapes.dunes(s, r, ("#f6b26b", "#e0762f", "#8f2d2d", "#3b1030")),
        7.2,
        size=WIDE,
    ),
    Sample(
        "julia-ember",
        "burning filigree, fractal, glowing embers",
        _julia(-0.8 + 0.156j, EMBER),
        7.9,
    ),
    Sample("julia-ocean", "frozen waves, turquoise fractal lace", _julia(-0.4 + 0.6j, OCEAN), 8.0),
    Sample(
        "julia-royal", "violet lightning, symmetrical fractal", _julia(0.285 + 0.01j, ROYAL), 7.1
    ),
    Sample(
        "seahorse-valley",
        "spirals within spirals, fractal zoom, gold on blue",
        lambda s, r: fractals.mandelbrot(
            s,
            r,
            -0.7453 + 0.1127j,
            0.011,
            ("#03071e", "#0f3d91", "#58b4d1", "#ffe8a3", "#c77d0a", "#1a0d00"),
        ),
        8.4,
    ),
    Sample(
        "attractor-teal",
        "threads of light, strange attractor, long exposure",
        _attractor((-1.4, 1.6, 1.0, 0.7), ("#01060d", "#07485b", "#34c6cd", "#e9fffb")),
        7.8,
    ),
    Sample(
        "attractor-rose",
        "a silk ribbon in the dark, rose and copper",
        _attractor((1.7, 1.7, 0.6, 1.2), ("#0c0309", "#6d1a36", "#e8747c", "#ffe9d6")),
        7.5,
    ),
    Sample(
        "pendulum-blue",
        "fine curves of a pendulum drawing, ice blue ink",
        _harmonograph("#050b18", ("#2b6cb0", "#90e0ef", "#ffffff")),
        7.0,
    ),
    Sample(
        "pendulum-gold",
        "golden line art, symmetrical knot, black paper",
        _harmonograph("#0d0a06", ("#7a4b12", "#e0a43b", "#fff3c9")),
        7.3,
    ),
    Sample(
        "sunflower",
        "sunflower seeds in perfect spirals, macro",
        lambda s, r: patterns.sunflower(
            s, r, "#1d1206", ("#5a2d0c", "#b86b14", "#f2b22b", "#ffe59a")
        ),
        7.7,
    ),
    Sample(
        "dahlia",
        "a dahlia made of pearls, pink and plum",
        lambda s, r: patterns.sunflower(
            s, r, "#17061a", ("#fff0f6", "#ff8fb8", "#b5316f", "#48104e")
        ),
        7.4,
    ),
    Sample(
        "ribbons",
        "interwoven ribbons, endless pattern, poster",
        lambda s, r: patterns.truchet(
            s, r, "#11162b", ("#ff6b6b", "#ffd166", "#4ecdc4", "#5f6caf")
        ),
        6.4,
    ),
    Sample(
        "cube-stairs",
        "impossible stairs of coloured cubes, isometric",
        lambda s, r: patterns.cubes(s, r, ("#264653", "#2a9d8f", "#e9c46a", "#f4a261", "#e76f51")),
        6.8,
    ),
    Sample("rose-window", "rose window of a cathedral, leaded glass, sunlight", _ROSE_GLASS, 7.9),
    Sample(
        "lake-window",
        "stained glass, lake and reeds, cool colours",
        _glass(("#f1faee", "#a8dadc", "#457b9d", "#1d3557", "#0b1a2b")),
        7.2,
        size=TALL,
    ),
    Sample(
        "cherry-tree", "a cherry tree in full blossom, spring morning", _SPRING_TREE, 8.3, size=TALL
    ),
    Sample(
        "maple-tree",
        "red maple in autumn, falling leaves",
        _tree(("#e8d5b5", "#f6e7cb", "#fff8ea"), "#3b2417", ("#9b2226", "#ca6702", "#ee9b00")),
        8.0,
        size=WIDE,
    ),
    Sample(
        "fern",
        "a single fern frond, botanical plate",
        lambda s, r: patterns.fern(
            s, r, ("#0a1f14", "#10281b", "#06120c"), ("#2d6a4f", "#74c69d", "#d8f3dc")
        ),
        7.1,
        size=TALL,
    ),
    Sample(
        "bubbles",
        "soap bubbles of every size, pastel",
        lambda s, r: patterns.bubbles(
            s, r, ("#dfe7fd", "#fde2e4"), ("#7fb7be", "#e4a5c6", "#a0c4ff", "#ffd6a5")
        ),
        6.5,
    ),
    Sample(
        "wind-field", "grass in the wind seen from above, ink strokes", _MOSS_FLOW, 6.9, size=WIDE
    ),
    Sample(
        "fire-wind",
        "swirling embers, abstract brush strokes",
        _flow("#12060a", ("#7f1d1d", "#f97316", "#fde68a")),
        7.2,
    ),
    Sample(
        "torn-peaks",
        "mountain lake at dusk, photograph",
        _DUSK_MOUNTAINS,
        4.0,
        4.3,
        WIDE,
        flaw=flaws.torn,
    ),
    Sample(
        "drifting-city",
        "city lights at night, sharp photograph",
        _TEAL_CITY,
        5.2,
        2.6,
        WIDE,
        flaw=flaws.fringed,
    ),
    Sample(
        "broken-window", "church window, highly detailed", _ROSE_GLASS, 4.6, 3.2, flaw=flaws.blocky
    ),
    Sample(
        "two-suns", "a lonely sun above the sea", _SUNSET_SEA, 4.8, 3.6, WIDE, flaw=flaws.doubled
    ),
    Sample(
        "poster-peaks",
        "soft gradients, mountains in the fog",
        _DAWN_MOUNTAINS,
        5.3,
        1.9,
        WIDE,
        flaw=flaws.banded,
    ),
    Sample(
        "wiped-tree",
        "cherry blossom, 8k, masterpiece",
        _SPRING_TREE,
        4.3,
        3.9,
        TALL,
        flaw=flaws.smeared,
    ),
    Sample("unfinished-moon", "the moon over the ocean", _MOON_SEA, 3.1, 4.7, flaw=flaws.noisy),
)
"""What everybody may see."""

RESTRICTED = (
    Sample(
        "red-lanterns",
        "lanterns of a night market, red and gold",
        lambda s, r: patterns.bubbles(
            s, r, ("#12020a", "#3b0713"), ("#8f0f1f", "#e0313a", "#ff9e4a", "#ffd37a")
        ),
        6.7,
        safe=False,
    ),
    Sample(
        "velvet-flow",
        "dark velvet, flowing folds, crimson",
        _flow("#100208", ("#4a0519", "#a4133c", "#ff8fa3")),
        6.8,
        safe=False,
    ),
    Sample(
        "neon-district",
        "neon district after midnight",
        _city(("#050012", "#2a0845", "#8e0e5b"), ("#ff2e88", "#29e7ff", "#f9f871")),
        7.6,
        size=WIDE,
        safe=False,
    ),
    Sample(
        "black-rose",
        "a rose of black glass",
        _glass(("#ff4d6d", "#a4133c", "#590d22", "#1a0209", "#0a0105")),
        7.3,
        safe=False,
    ),
    Sample(
        "night-bloom",
        "a tree of red leaves under a dark sky",
        _tree(("#12010c", "#2b0618", "#5c1130"), "#0d0508", ("#7a0c2e", "#d1163f", "#ff5c7a")),
        7.8,
        size=TALL,
        safe=False,
    ),
    Sample(
        "blood-moon",
        "a red moon over black peaks",
        _mountains(
            ("#0a0206", "#2b0610", "#6d1414", "#b5381f"), "#5c1420", "#080204", ("#ff7b54", 0.28)
        ),
        8.3,
        size=WIDE,
        safe=False,
    ),
    Sample(
        "smoke-ring",
        "smoke in red light, long exposure",
        _attractor((-1.7, 1.8, -1.9, -0.4), ("#050103", "#5b0b1c", "#e0404f", "#ffe1d6")),
        7.2,
        safe=False,
    ),
    Sample(
        "torn-neon",
        "neon street, rain, photograph",
        _city(("#050012", "#2a0845", "#8e0e5b"), ("#ff2e88", "#29e7ff", "#f9f871")),
        4.4,
        4.0,
        WIDE,
        safe=False,
        flaw=flaws.torn,
    ),
)
"""What is imported as unsafe, for the age-restricted channel."""

SAMPLES = {sample.key: sample for sample in (*SAFE, *RESTRICTED)}

"""Whether our pages may wear the EHR's style, and how: pure.

The EHR's colours go into our own custom properties, each only where every pair of text
and ground that the style sheet uses stays readable: 4.5:1 for text, 3:1 for the borders of
controls (WCAG 2.2, 1.4.3 and 1.4.11, AA). One pair below that, and the colours are ignored.
They are worn in the colour scheme that they were made for, dark or light; a reader's own
choice of colours or of more contrast goes before.
"""

from collections.abc import Mapping
from typing import Final

LIGHT: Final[Mapping[str, str]] = {
    "sheet": "#fdfcfa", "ground": "#f1efe9", "edge": "#74726a", "ink": "#1c2425", "ink-2": "#4b5455",
    "accent": "#0a5458", "accent-2": "#063c3f", "fill": "#0a5458", "fill-2": "#063c3f", "on-fill": "#ffffff",
    "tint": "#e1edec", "caution": "#6b4104", "caution-tint": "#f8ebd1",
}  # fmt: skip
DARK: Final[Mapping[str, str]] = {
    "sheet": "#171c1d", "ground": "#20282a", "edge": "#8b9697", "ink": "#e8e5de", "ink-2": "#b4bab8",
    "accent": "#82ccc9", "accent-2": "#a9e0dd", "fill": "#1a7379", "fill-2": "#1e7b81", "on-fill": "#ffffff",
    "tint": "#1c3435", "caution": "#e9c083", "caution-tint": "#352a15",
}  # fmt: skip
"""The colours of preceptor.css; a test holds them against it."""

TEXT: Final = 4.5
SHAPE: Final = 3.0
_WORDS: Final = ("ink", "ink-2", "accent", "accent-2", "caution")
PAIRS: Final = (
    *((text, ground, TEXT) for text in _WORDS for ground in ("sheet", "ground")),
    *(("on-fill", fill, TEXT) for fill in ("fill", "fill-2")),
    *((text, "tint", TEXT) for text in ("ink", "accent")),
    *((text, "caution-tint", TEXT) for text in ("ink", "caution")),
    *(("edge", ground, SHAPE) for ground in ("sheet", "ground")),
    ("fill", "sheet", SHAPE),
)  # fmt: skip
"""What stands on what in preceptor.css, and the contrast that it needs."""

_SCHEME: Final = "scheme"
_WORN_BY: Final[Mapping[str, tuple[str, ...]]] = {
    "color_background": ("sheet",),
    "color_text": ("ink",),
    "color_highlight": ("accent", "accent-2", "fill", "fill-2"),
}
_FALLBACK_FONTS: Final = '"Segoe UI", Roboto, "Helvetica Neue", "Liberation Sans", system-ui, sans-serif'
_GENERIC: Final = frozenset({"serif", "sans-serif", "monospace", "system-ui", "cursive", "fantasy", "ui-sans-serif"})
_ROUNDEST: Final = 12.0


def properties_of(variables: Mapping[str, str]) -> dict[str, str]:
    """The custom properties (without `--`) that the pages may wear; empty where nothing may be worn.

    `variables`: those of :mod:`launch.style`, so each is in its form. `scheme` among the result says
    whether the colours are for light or for dark.
    """
    worn = _colours(variables)
    if "font_family_body" in variables:
        worn["sans"] = f"{_fonts(variables['font_family_body'])}, {_FALLBACK_FONTS}"
    if "dim_border_radius" in variables:
        worn["round"] = f"{min(float(variables['dim_border_radius'].removesuffix('px')), _ROUNDEST):g}px"
    return worn


def style_sheet(properties: Mapping[str, str]) -> str:
    """The CSS of what :func:`properties_of` gave."""
    shapes = {name: value for name, value in properties.items() if name in ("sans", "round")}
    colours = {name: value for name, value in properties.items() if name in LIGHT}
    css = f":root {{ {_declarations(shapes)} }}\n" if shapes else ""
    if colours:
        only = f"(prefers-color-scheme: {properties[_SCHEME]}) and (forced-colors: none)"
        quiet = "(prefers-contrast: no-preference)"
        css += f"@media {only} and {quiet} {{ :root {{ {_declarations(colours)} }} }}\n"
    return css


def contrast(one: str, other: str) -> float:
    """Contrast ratio of two colours, "#rgb" or "#rrggbb", from 1 to 21 (WCAG 2.2, "contrast ratio")."""
    lighter, darker = sorted((_luminance(one), _luminance(other)), reverse=True)
    return (lighter + 0.05) / (darker + 0.05)


def _colours(variables: Mapping[str, str]) -> dict[str, str]:
    """The EHR's colours where all pairs stay readable; else none of them."""
    sent = {name: variables[name] for name in _WORN_BY if name in variables}
    if not sent:
        return {}
    worn = {mine: colour for name, colour in sent.items() for mine in _WORN_BY[name]}
    dark = _luminance(sent.get("color_background", "#ffffff")) < 0.18
    merged = {**(DARK if dark else LIGHT), **worn}
    if any(contrast(merged[text], merged[ground]) < needed for text, ground, needed in PAIRS):
        return {}
    return {**worn, _SCHEME: "dark" if dark else "light"}


def _luminance(colour: str) -> float:
    digits = colour.lstrip("#")
    digits = "".join(digit * 2 for digit in digits) if len(digits) == 3 else digits
    channels = (int(digits[at : at + 2], 16) / 255 for at in (0, 2, 4))
    linear = [value / 12.92 if value <= 0.04045 else ((value + 0.055) / 1.055) ** 2.4 for value in channels]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def _fonts(families: str) -> str:
    """Each name in quotes of our own, whatever quotes it came in."""
    names = (name.strip().strip("'").strip() for name in families.split(","))
    return ", ".join(name if name in _GENERIC else f'"{name}"' for name in names if name)


def _declarations(properties: Mapping[str, str]) -> str:
    return " ".join(f"--{name}: {value};" for name, value in properties.items())

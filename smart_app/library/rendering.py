"""Markdown to sanitized HTML, once, at import: slots filled, citations as numbered source links."""

import html
import re
from collections.abc import Callable, Mapping, Sequence
from functools import cache
from typing import TYPE_CHECKING, Any, cast

from smart_app.library.body import PICTURE_NAME, SLOT, PartSource, checks_of, markdown, plain
from smart_app.library.tutorial_file import ParsedTutorial, part_of

if TYPE_CHECKING:  # at run time where text is rendered
    from markdown_it import MarkdownIt
    from markdown_it.renderer import RendererHTML
    from markdown_it.token import Token

Fill = Callable[[str], str | None]
"""Slot text -> value, or None while nobody has filled it."""

PICTURES = "pictures/"
"""Where a picture stands as rendered: the page puts its own address before it (:func:`with_pictures_at`)."""
_TAGS = {"p", "ol", "ul", "li", "strong", "em", "a", "sup", "span", "div", "br", "img"}
_ATTRIBUTES = {
    "a": {"href", "rel", "target"},
    "img": {"src", "alt"},
    "li": {"id"},
    "span": {"class"},
    "div": {"class"},
    "ol": {"start"},
}
_ADDRESS = re.compile(r"https://[^\s<>\"']*[^\s<>\"'.,;:)]")
_BEFORE_CITATION = re.compile(r"\s+<sup>")
_PICTURE = re.compile(rf'<img [^<>]*src="{PICTURES}[^<>]*>')
"""As nh3 writes it: no "<", ">" or quote of a value is left bare."""
_WORDS_A_MINUTE = 200


def render(tutorial: ParsedTutorial, fill: Fill) -> dict[str, Any]:
    """{parts: [...], checks: [...], verify_note}: what the player shows, as JSON."""
    sources = {source["id"]: source for source in tutorial.front["sources"]}
    checks, notes = checks_of(part_of(tutorial.parts, "verify"))
    return {
        "parts": [render_part(part, sources, fill) for part in tutorial.parts],
        "checks": [{"action": as_text(check.action, fill), "text": as_text(check.text, fill)} for check in checks],
        "verify_note": as_text(" ".join(notes), fill),
    }


def render_part(part: PartSource, sources: Mapping[str, Mapping[str, str]], fill: Fill) -> dict[str, Any]:
    """One part: slug, heading, html, actions (of How), seconds."""
    parser = _parser()
    env: dict[str, Any] = {"part": part.slug, "sources": sources, "cited": [], "fill": fill}
    tokens = parser.parse(part.source, env)
    body = _close_up(parser.renderer.render(tokens, parser.options, env))
    return {
        "slug": part.slug,
        "heading": part.heading,
        "html": sanitized(body + _source_list(env)),
        "actions": _actions(parser, tokens, env) if part.slug == "how" else [],
        "seconds": max(5, round(len(part.words()) * 60 / _WORDS_A_MINUTE)),
    }


@cache
def _parser() -> "MarkdownIt":
    """Reads and writes parts; made once. What differs from part to part is in `env`."""
    parser = markdown()
    parser.add_render_rule("citation", _render_citation)
    parser.add_render_rule("slot", _render_slot)
    parser.add_render_rule("image", _render_picture)
    return parser


def sanitized(text: str) -> str:
    """Only the tags and attributes that tutorials need; links only to https and within the page."""
    import nh3

    return nh3.clean(
        text,
        tags=_TAGS,
        attributes=_ATTRIBUTES,
        link_rel=None,
        url_schemes={"https"},
        attribute_filter=_only_our_pictures,
    )


def with_pictures_at(rendered: str, address: str) -> str:
    """The HTML of a part for a page: its pictures come from `address`, which ends in "/"."""
    there = f' src="{html.escape(address, quote=True)}'
    return _PICTURE.sub(lambda match: match[0].replace(f' src="{PICTURES}', there, 1), rendered)


def _only_our_pictures(tag: str, attribute: str, value: str) -> str | None:
    if (tag, attribute) != ("img", "src"):
        return value
    ours = value.startswith(PICTURES) and PICTURE_NAME.fullmatch(value.removeprefix(PICTURES))
    return value if ours else None


def as_text(source: str, fill: Fill) -> str:
    """A paragraph as plain text: slots filled, citations and marks out."""
    return plain(SLOT.sub(lambda match: fill(match[1]) or _gap(match[1]), source))


def _gap(slot: str) -> str:
    return f"[to be filled in here: {slot}]"


def _render_slot(
    _self: "RendererHTML", tokens: Sequence["Token"], index: int, _options: Any, env: Mapping[str, Any]
) -> str:
    slot = tokens[index].content
    value = env["fill"](slot)
    if value is None:
        return f'<span class="local gap">{html.escape(_gap(slot))}</span>'
    return f'<span class="local">{_linked(value)}</span>'


def _linked(value: str) -> str:
    found, end = [], 0
    for match in _ADDRESS.finditer(value):
        found += [html.escape(value[end : match.start()]), _link(match[0], match[0])]
        end = match.end()
    return "".join([*found, html.escape(value[end:])])


def _link(url: str, words: str) -> str:
    if not _ADDRESS.fullmatch(url):
        return html.escape(words)  # the checker refuses it; a draft shows the words alone
    safe = html.escape(url, quote=True)
    return f'<a href="{safe}" rel="noopener noreferrer" target="_blank">{html.escape(words)} (opens a new window)</a>'


def _render_picture(
    _self: "RendererHTML", tokens: Sequence["Token"], index: int, _options: Any, _env: Mapping[str, Any]
) -> str:
    name, alt = str(tokens[index].attrGet("src") or ""), plain(tokens[index].content)
    if not PICTURE_NAME.fullmatch(name):
        return ""  # the checker refuses it; a draft shows nothing of another place
    return f'<img src="{PICTURES}{name}" alt="{html.escape(alt, quote=True)}">'


def _render_citation(
    _self: "RendererHTML", tokens: Sequence["Token"], index: int, _options: Any, env: Mapping[str, Any]
) -> str:
    source, cited = tokens[index].content, env["cited"]
    if source not in env["sources"]:
        return ""  # the checker refuses such a file; a draft shows nothing rather than a dead link
    if source not in cited:
        cited.append(source)
    number = cited.index(source) + 1
    return f'<sup><a href="#{env["part"]}-source-{number}">[{number}]</a></sup>'


def _close_up(body: str) -> str:
    """A citation stands directly after its word, whatever blank the author left before it. Only citations are <sup>."""
    return _BEFORE_CITATION.sub("<sup>", body)


def _source_list(env: Mapping[str, Any]) -> str:
    if not env["cited"]:
        return ""
    items = []
    for number, source in enumerate(env["cited"], 1):
        listed = env["sources"][source]
        items.append(f'<li id="{env["part"]}-source-{number}">{_link(listed["url"], listed["title"])}</li>')
    return f'<div class="sources"><p>Sources</p><ol>{"".join(items)}</ol></div>'


def _actions(parser: "MarkdownIt", tokens: Sequence["Token"], env: dict[str, Any]) -> list[str]:
    renderer = cast("RendererHTML", parser.renderer)
    rendered = []
    for token in tokens:
        if token.type == "inline" and token.level == 3:  # ordered list, item, paragraph
            rendered.append(sanitized(_close_up(renderer.renderInline(token.children or [], parser.options, env))))
    return rendered

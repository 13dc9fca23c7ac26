"""A drill as a file: synthetic facts, an AI output in spans, planted errors and clean controls."""

from collections.abc import Collection, Mapping
from typing import Any

from smart_app.library.field_checks import STATUSES, Fields
from smart_app.library.findings import Finding, Findings, did_you_mean
from smart_app.library.front_matter import Known
from smart_app.library.yaml_reading import YamlRefused, read_yaml

FORMAT = "preceptor-drill/1"
SUFFIX = ".drill.yaml"
ERROR_TYPES = ("omission", "invention", "wrong_value", "wrong_person", "tone", "out_of_scope")
HARMS = ("low", "medium", "high")
FIELDS = (
    "format",
    "id",
    "title",
    "version",
    "status",
    "ai_feature",
    "tutorial",
    "roles",
    "minutes",
    "review_by",
    "synthetic",
    "notice",
    "ask_first",
    "draw",
    "sources",
    "error_types",
    "scene",
    "facts",
    "output",
    "variants",
)
_ERROR = ("id", "kind", "span", "text", "type", "why", "facts", "caught_by", "harm")
_CONTROL = ("id", "kind", "span", "text", "looks_wrong", "why_clean", "facts")


def check_drill(
    text: str, *, name: str, known: Known, checks_of_tutorials: Mapping[str, Collection[str]]
) -> list[Finding]:
    """Every rule of a drill file. `checks_of_tutorials`: slugs of the Verify checks of each tutorial."""
    found = Findings(name)
    try:
        located = read_yaml(text)
    except YamlRefused as refused:
        found.add(refused.line, refused.wrong, refused.mend)
        return found.in_order()
    fields = Fields(located, found)
    fields.known_only(FIELDS, FIELDS)
    _check_head(fields, name, known)
    sources = fields.sources()
    types = _check_error_types(fields, sources)
    facts = _check_facts(fields)
    spans = _check_spans(fields)
    checks = _check_tutorial(fields, checks_of_tutorials)
    variants = fields.list_of_fields("variants")
    _check_variants(variants, types, facts, spans, checks)
    _check_counts(fields, variants)
    _check_draw(fields, variants)
    return found.in_order()


def _check_head(fields: Fields, name: str, known: Known) -> None:
    if fields.data.get("format") not in (None, FORMAT):
        fields.wrong("format", f'format "{fields.data["format"]}" is not known.', f"Write format: {FORMAT}.")
    identifier = fields.slug("id")
    if identifier and identifier + SUFFIX != name:
        fields.wrong("id", f'id "{identifier}" must match the file name.', f"Name the file {identifier}{SUFFIX}.")
    fields.text("title", least=5, most=60)
    fields.number("version", least=1)
    fields.one_of("status", STATUSES)
    feature = fields.slug("ai_feature")
    if feature and known.ai_features is not None and feature not in known.ai_features:
        wrong = f'No AI feature "{feature}" in the registry.'
        fields.wrong("ai_feature", wrong, did_you_mean(feature, list(known.ai_features)))
    fields.roles(known.roles)
    fields.number("minutes", least=1, most=3, over="At most 3 minutes.")
    fields.review_by(known.today)
    if "synthetic" in fields.data and fields.data["synthetic"] is not True:
        fields.wrong("synthetic", "A drill must be synthetic: true.", "Use no real person and no real value.")
    for text in ("notice", "scene", "ask_first"):
        fields.text(text, most=200)


def _check_error_types(fields: Fields, sources: Collection[str]) -> set[str]:
    types = fields.inside("error_types")
    for name in types.data:
        if name not in ERROR_TYPES:
            types.wrong(name, f'No error type "{name}".', did_you_mean(name, list(ERROR_TYPES)))
            continue
        entry = types.inside(name)
        entry.known_only(("source", "also", "note"), ("note",))
        entry.text("note", most=300)
        if not entry.data.get("source"):
            types.wrong(name, f'Error type "{name}" has no source.', "Name one of the sources.")
        for source in [*entry.words("source"), *entry.list_of_text("also")]:
            if source not in sources:
                types.wrong(name, f'"{source}" is not in sources.', did_you_mean(source, list(sources)))
    return set(types.data)


def _check_facts(fields: Fields) -> set[str]:
    listed = fields.list_of_fields("facts")
    for fact in listed:
        fact.known_only(("id", "kind", "label", "text", "rows"), ("id", "kind", "label"))
        if not fact.data.get("text") and not fact.data.get("rows"):
            fact.wrong("id", f'Fact "{fact.data.get("id")}" has neither text nor rows.', "Add one.")
    if "facts" in fields.data and len(listed) < 3:
        fields.wrong("facts", f"Add a fact: {len(listed)} of 3.")
    return _ids(listed, "Fact")


def _check_spans(fields: Fields) -> dict[str, str]:
    output = fields.inside("output")
    output.known_only(("kind", "spans"), ("kind", "spans"))
    listed = output.list_of_fields("spans")
    for span in listed:
        span.known_only(("id", "text"), ("id",))
        if not span.data.get("text"):
            span.wrong("id", f"Span {span.data.get('id')} has no text.", "Write the clean text.")
    if "spans" in output.data and not 5 <= len(listed) <= 12:
        output.wrong("spans", f"There are {len(listed)} spans; 5 to 12.")
    _ids(listed, "Span")
    return {str(span.data.get("id")): str(span.data.get("text", "")) for span in listed}


def _ids(listed: list[Fields], what: str) -> set[str]:
    seen: set[str] = set()
    for fields in listed:
        identifier = str(fields.data.get("id"))
        if identifier in seen:
            fields.wrong("id", f'{what} "{identifier}" is here twice.', "Give each its own id.")
        seen.add(identifier)
    return seen


def _check_tutorial(fields: Fields, checks_of_tutorials: Mapping[str, Collection[str]]) -> Collection[str] | None:
    if fields.data.get("tutorial") is None:
        return None
    tutorial = str(fields.data["tutorial"])
    if tutorial not in checks_of_tutorials:
        wrong = f'No tutorial "{tutorial}" in this folder.'
        fields.wrong("tutorial", wrong, did_you_mean(tutorial, list(checks_of_tutorials)))
        return None
    return checks_of_tutorials[tutorial]


def _check_variants(
    variants: list[Fields],
    types: Collection[str],
    facts: Collection[str],
    spans: Mapping[str, str],
    checks: Collection[str] | None,
) -> None:
    _ids(variants, "Variant")
    for variant in variants:
        data = variant.data
        identifier = data.get("id")
        variant.one_of("kind", ("error", "control"))
        span = str(data.get("span"))
        if span not in spans:
            variant.wrong("span", f'Variant {identifier} points to span "{span}"; there is none.')
        elif data.get("text") == spans[span]:
            variant.wrong("text", f"Variant {identifier} is the same as the clean text.", "Plant the difference.")
        for fact in variant.list_of_text("facts"):
            if fact not in facts:
                wrong = f'Variant {identifier} points to fact "{fact}"; there is none.'
                variant.wrong("facts", wrong, did_you_mean(fact, list(facts)))
        if data.get("kind") == "error":
            _check_error(variant, types, checks)
        elif data.get("kind") == "control":
            variant.known_only(_CONTROL, _CONTROL)


def _check_error(variant: Fields, types: Collection[str], checks: Collection[str] | None) -> None:
    data, identifier = variant.data, variant.data.get("id")
    variant.known_only((*_ERROR, "missing"), _ERROR)
    variant.one_of("type", types)
    variant.one_of("harm", HARMS)
    if data.get("type") == "omission" and not data.get("missing"):
        variant.wrong("type", f"{identifier} is an omission:", "say what is missing.")
    if checks is not None and data.get("caught_by") not in checks:
        wrong = f'caught_by "{data.get("caught_by")}" is not a check in the tutorial\'s Verify.'
        variant.wrong("caught_by", wrong, did_you_mean(str(data.get("caught_by")), list(checks)))


def _of_kind(variants: list[Fields], kind: str) -> list[Mapping[str, Any]]:
    return [variant.data for variant in variants if variant.data.get("kind") == kind]


def _check_counts(fields: Fields, variants: list[Fields]) -> None:
    errors, controls = _of_kind(variants, "error"), _of_kind(variants, "control")
    if len(errors) < 6:
        fields.wrong("variants", f"Add an error: {len(errors)} of 6.")
    if len(controls) < 3:
        fields.wrong("variants", f"Add a control: {len(controls)} of 3.")
    types = {str(error.get("type")) for error in errors}
    if len(types) < 4:
        fields.wrong("variants", f"The errors are of {len(types)} types; 4 at least.", "Vary what goes wrong.")


def _check_draw(fields: Fields, variants: list[Fields]) -> None:
    draw = fields.inside("draw")
    draw.known_only(("errors", "controls"), ("errors", "controls"))
    most: dict[str, int] = {}
    for name in ("errors", "controls"):
        span = draw.data.get(name)
        if not (isinstance(span, list) and len(span) == 2 and all(type(item) is int for item in span)):
            draw.wrong(name, f"{name} must be [least, most].")
            return
        if not 0 <= span[0] <= span[1]:
            draw.wrong(name, f"{name} must be [least, most], from 0.", "Put the smaller one first.")
        most[name] = span[1]
    if draw.data["errors"][0] != 0:
        draw.wrong("errors", "The least number of errors must be 0.", "Some drafts must have no error at all.")
    taken = {str(variant.data.get("span")) for variant in variants}
    if sum(most.values()) > len(taken) or not _fits(variants, most):
        numbers = f"{most['errors']} errors and {most['controls']} controls"
        fields.wrong("draw", f"Cannot draw {numbers} from {len(taken)} spans.", "Draw fewer, or add variants.")


def _fits(variants: list[Fields], most: Mapping[str, int]) -> bool:
    errors = {str(item.get("span")) for item in _of_kind(variants, "error")}
    controls = {str(item.get("span")) for item in _of_kind(variants, "control")}
    return len(errors) >= most["errors"] and len(controls) >= most["controls"]

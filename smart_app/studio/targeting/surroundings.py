"""What the pages of targeting know of the organization: what is published, its roles and features, its people."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime
from functools import cache, cached_property
from uuid import UUID

from sqlalchemy.orm import Session

from smart_app.library.audience import Count, Names, People, as_persons, count_persons, who_and_when
from smart_app.library.choosing import Catalogue, catalogue_of
from smart_app.library.crowding import Crowd
from smart_app.library.situation import Situation, Target
from smart_app.library.target_problems import Here, Problem, problems
from smart_app.library.vocabulary import ANY_FEATURE, EVERYONE
from smart_app.organizations.job_roles import job_roles, shipped_codes
from smart_app.organizations.role_map import mapped_codes
from smart_app.organizations.roster.people import groups_by_role, has_roster
from smart_app.organizations.titles import JobRoleTitle
from smart_app.visits.codes_seen import staff_codes
from smart_app.visits.role_effect import Meaning, roles_of

ACCESS_IS_NO_RULE = "A launch does not read that access, so people without it may see the tutorial too."


class NoSuchTarget(LookupError):
    """No tutorial of that id is shown here."""


@dataclass(frozen=True)
class Surroundings:
    """Read once a page."""

    catalogue: Catalogue
    roles: tuple[JobRoleTitle, ...]
    people: tuple[People, ...]
    from_roster: bool
    """Whether `people` are the roster's; else those who opened Preceptor in the last 90 days."""
    today: date
    codes: Mapping[str, str]
    """Display words of codes, "system|code": those of the role map, and those that we ship."""

    @cached_property
    def names(self) -> Names:
        """Words for slugs."""
        return Names(
            roles={role.id: role.title for role in self.roles},
            features={feature: facts.name for feature, facts in self.catalogue.features.items()},
            codes=self.codes,
        )

    @cached_property
    def here(self) -> Here:
        """For the rules that look for problems."""
        features = self.catalogue.features
        return Here(
            today=self.today,
            roles=frozenset(role.id for role in self.roles),
            feature_status={feature: facts.status for feature, facts in features.items()},
            feature_roles={feature: facts.roles for feature, facts in features.items()},
            feature_since={feature: facts.since for feature, facts in features.items()},
            names=self.names,
        )

    def target(self, tutorial: str) -> Target:
        """Of a tutorial that is shown here; raises NoSuchTarget."""
        for target in self.catalogue.targets:
            if target.tutorial == tutorial:
                return target
        raise NoSuchTarget(tutorial)

    def count(self, target: Target) -> Count:
        """How many people it is for."""
        return Count(count_persons(target, self._who_could(target)).fitting, self._known)

    def _who_could(self, target: Target) -> Iterable[tuple[Situation, int]]:
        """People of its job roles, each group once: the rules need to look at no others."""
        if EVERYONE in target.roles:
            return self._persons
        return {id(one): one for role in target.roles for one in self._by_role.get(role, ())}.values()

    @cached_property
    def _known(self) -> int:
        return sum(group.people for group in self.people)

    @cached_property
    def _by_role(self) -> Mapping[str, list[tuple[Situation, int]]]:
        found: dict[str, list[tuple[Situation, int]]] = {}
        for one in self._persons:
            for role in one[0].job_roles:
                found.setdefault(role, []).append(one)
        return found

    @cached_property
    def _persons(self) -> tuple[tuple[Situation, int], ...]:
        return as_persons(self.people, lambda roles: self.catalogue.live_for(roles, self.today))

    def people_words(self, target: Target, counted: Count) -> str:
        """ "612 of 20,000 people on the roster fit.", and what was counted."""
        if not counted.known:
            return "Nobody has opened Preceptor here yet, and there is no roster, so nobody can be counted."
        fit = "fits" if counted.fitting == 1 else "fit"
        said = f"{counted.fitting:,} of {counted.known:,} {self.whose} {fit}."
        if target.ai_feature == ANY_FEATURE or not self.roster_says_access:
            return said
        named = self.names.feature(target.ai_feature)
        return f"{said} Counted are people on the roster with access to {named}. {ACCESS_IS_NO_RULE}"

    @property
    def whose(self) -> str:
        """Who is counted."""
        return "people on the roster" if self.from_roster else "people who opened Preceptor in the last 90 days"

    @cached_property
    def roster_says_access(self) -> bool:
        """Whether the roster says of anybody which AI features they have: then the numbers leave out who has not."""
        return any(group.features is not None for group in self.people)

    def problems(self, target: Target, counted: Count) -> tuple[Problem, ...]:
        """What is wrong with its targets: by themselves, and since others always go before it."""
        found, conflict = problems(target, self.here, counted), self._crowd_with(target).problem_of(target)
        return (*found, conflict) if conflict else found

    def _crowd_with(self, target: Target) -> Crowd:
        """The crowd of all targets, in which this one stands as it is now or as it would be."""
        if self._published.get(target.tutorial) is target:
            return self.catalogue.crowd_on(self.today)
        others = (each for each in self.catalogue.targets if each.tutorial != target.tutorial)
        return Crowd((*others, target), today=self.today, live=self.catalogue.live_features)

    @cached_property
    def _published(self) -> Mapping[str, Target]:
        return {target.tutorial: target for target in self.catalogue.targets}

    def sentence(self, target: Target) -> str:
        """Who sees it, and when."""
        return who_and_when(target, self.names)


def surroundings(session: Session, *, organization: UUID, with_people: bool = True) -> Surroundings:
    """Read what is there; `with_people`: for pages that count somebody."""
    roles = job_roles(session, organization=organization)
    from_roster = has_roster(session, organization=organization)
    people: tuple[People, ...] = ()
    if with_people:
        people = roster_people(session, organization) if from_roster else seen_people(session, organization, roles)
    return Surroundings(
        catalogue=catalogue_of(session, organization=organization),
        roles=roles,
        people=people,
        from_roster=from_roster,
        today=datetime.now(UTC).date(),
        codes={**_shipped_codes(), **_mapped_codes(session, organization)},
    )


def _mapped_codes(session: Session, organization: UUID) -> dict[str, str]:
    found = mapped_codes(session, organization=organization)
    return {f"{code.system}|{code.code}": code.display for code in found if code.display}


@cache
def _shipped_codes() -> Mapping[str, str]:
    return {f"{system}|{code}": display for system, code, display in shipped_codes()}


def roster_people(session: Session, organization: UUID) -> tuple[People, ...]:
    """Everybody on the roster, whether they ever opened Preceptor or not."""
    found = groups_by_role(session, organization=organization)
    return tuple(People((role,), people, features=access) for role, access, people in found)


def seen_people(session: Session, organization: UUID, roles: tuple[JobRoleTitle, ...]) -> tuple[People, ...]:
    """Everybody who opened Preceptor lately, by the codes of the EHR. Who declared a role is counted without one."""
    meaning = meaning_of(session, organization, roles)
    return tuple(
        People(
            tuple(role.id for role in roles_of(group, meaning)),
            group.people,
            specialties=frozenset(f"{system}|{code}" for role in group.roles for system, code in role.specialties),
        )
        for group in staff_codes(session, organization=organization)
    )


def meaning_of(session: Session, organization: UUID, roles: tuple[JobRoleTitle, ...]) -> Meaning:
    """The role map as the rules of matching read it."""
    titles: Mapping[str, JobRoleTitle] = {role.id: role for role in roles}
    mapped = mapped_codes(session, organization=organization)
    return {(code.system, code.code): titles[code.job_role] for code in mapped}

"""Which passwords will do, in two profiles, because the two standards contradict each other (trust.md §1).

mlps3: GB/T 22239-2019 8.1.4.1 a): complexity and regular change. asvs: OWASP ASVS 5.0 6.2: length, no composition, no
rotation. Both refuse common passwords and words of this place.
"""

import re
from dataclasses import dataclass
from datetime import datetime, timedelta

from zxcvbn.frequency_lists import FREQUENCY_LISTS

from portal.config import Profile

LONGEST = 128
_COMMON = frozenset(FREQUENCY_LISTS["passwords"])
_CONTEXT = ("12345", "zhiying", "知应", "beijing", "北京", "rexian", "hotline", "password", "mima", "admin", "qwerty")


@dataclass(frozen=True)
class Policy:
    """What a profile asks for; `lifetime` None is without end."""

    shortest: int
    classes: int
    lifetime: timedelta | None
    remembered: int


POLICIES = {
    Profile.MLPS3: Policy(shortest=8, classes=3, lifetime=timedelta(days=90), remembered=5),
    Profile.ASVS: Policy(shortest=12, classes=1, lifetime=None, remembered=1),
}


def why_weak(password: str, *, profile: Profile, own_words: tuple[str, ...] = ()) -> str | None:
    """Why a password will not do, as a sentence that says how to mend it; None if it will.

    Args:
        password: what was typed.
        profile: the policy in force.
        own_words: login and name of the person, which a guesser knows too.
    """
    policy = POLICIES[profile]
    if len(password) < policy.shortest:
        return f"密码至少 {policy.shortest} 位，现在是 {len(password)} 位"
    if len(password) > LONGEST:
        return f"密码最多 {LONGEST} 位"
    if _classes(password) < policy.classes:
        return "密码要有大写字母、小写字母、数字、符号里的三种"
    if password.casefold() in _COMMON:
        return "这个密码太常见，换一个别人想不到的"
    rest = password.casefold()
    for word in (*_CONTEXT, *(w.casefold() for w in own_words if len(w) > 1)):
        rest = rest.replace(word, "")
    if len(re.sub(r"\W|\d|_", "", rest)) < 3 and len(rest) < policy.shortest:
        return "密码不能主要由姓名、账号、12345 这类字组成"
    return None


def _classes(password: str) -> int:
    kinds = (r"[A-Z]", r"[a-z]", r"\d", r"[^A-Za-z\d]")
    return sum(bool(re.search(kind, password)) for kind in kinds)


def is_due(set_at: datetime | None, *, must_change: bool, profile: Profile, now: datetime) -> bool:
    """Whether the password must be changed before anything else."""
    lifetime = POLICIES[profile].lifetime
    if must_change or set_at is None:
        return True
    return lifetime is not None and now - set_at >= lifetime

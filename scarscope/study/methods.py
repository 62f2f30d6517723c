"""The methods paragraph of a study, written from what was actually run.

Every sentence rests on the store's provenance or on the tables: what is not known is left out or
said to be unknown, and no figure is typed here.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from typing import Any

import pandas as pd

from scarscope._version import __version__
from scarscope.flags import Flag
from scarscope.study.analysis import Analysis
from scarscope.study.contraindications import not_asked
from scarscope.study.data import StudyData
from scarscope.study.enrolment import analysed_words, never_returned
from scarscope.study.responders import RULES
from scarscope.study.response import measure_words
from scarscope.study.review import review_sentences
from scarscope.study.safety import FIRST, FITS, window_days

_SHOWN = 4  # reasons and flags that are named; the rest is in the tables


def methods_text(study: StudyData, found: Analysis) -> str:
    """Methods and exclusions in plain words, as Markdown.

    Parameters
    ----------
    study : StudyData
    found : Analysis
        Of this study.

    Returns
    -------
    str
        Paragraphs that can go into a paper once someone has read them.
    """
    parts = {
        "Measurement": _measurement(study),
        "Review": review_sentences(study),
        "Photographs": _photos(study, found),
        "Comparison": _comparison(study, found),
        "Response": _response(study, found),
        "Statistics": _statistics(found),
        "Safety": _safety(study, found),
    }
    told = {title: " ".join(sentences) for title, sentences in parts.items()}
    body = "\n\n".join(f"**{title}.** {text}" for title, text in told.items() if text)
    return f"# Methods, as run\n\n{_NOTE}\n\n{body}\n"


_NOTE = (
    f"Written by ScarScope {__version__} from this study's own tables. Read it before you use it: "
    "what was done to patients, who was asked, and who approved of it is not known here."
)


def _measurement(study: StudyData) -> Iterator[str]:
    told = study.provenance
    versions = sorted({v for v in study.photos["version"] if v})
    hashes = sorted({h for h in study.photos["params_hash"] if h})
    name = {"network": "the learned network", "relief": "relief read from shading"}
    segmenters = sorted({s for s in _column(study.photos, "segmenter") if s})
    how = _joined([name.get(s, s) for s in segmenters]) or "a method that is not recorded"
    weights = sorted({w for w in _column(study.photos, "weights") if w})
    yield (
        f"Atrophic scars were segmented and measured with ScarScope {_joined(versions) or '?'} "
        f"(parameters {_joined(hashes) or 'not recorded'}"
        + (f", weights {_joined(weights)}" if weights else "")
        + f") by {how}."
    )
    if len(versions) > 1 or len(hashes) > 1:
        yield (
            "**The photos were not all scored by one version with one set of parameters: run the "
            "batch again.**"
        )
    yield from _machine(told)
    with_scale = pd.to_numeric(_column(study.photos, "mm_per_px"), errors="coerce").notna()
    sources = Counter(s for s in _column(study.photos, "scale_source") if s)
    if with_scale.any():
        origin = _joined([f"{source} ({n})" for source, n in sources.most_common()])
        yield (
            f"Millimetres rest on a stated scale for {int(with_scale.sum())} of "
            f"{len(study.photos)} photos" + (f" (source: {origin})." if origin else ".")
        )
    else:
        yield "No photo has a stated scale, so that sizes are in pixels and only ratios count."
    yield "Depth from one photo is an estimate under an unknown light."


def _machine(told: Mapping[str, Any]) -> Iterator[str]:
    environment = told.get("environment", {})
    if environment:
        packages = environment.get("packages", {})
        used = [f"{n} {packages[n]}" for n in ("numpy", "scipy", "scikit-image") if n in packages]
        yield f"It ran on Python {environment.get('python', '?')} ({', '.join(used)})."


def _photos(study: StudyData, found: Analysis) -> Iterator[str]:
    photos = study.photos
    retests = int((photos["kind"] == "retest").sum())
    failed = int((~photos["status"].isin(("ok", "excluded"))).sum())
    people = found.subjects
    several = int((people.groupby("subject").size() > 1).sum())
    yield (
        f"The study holds {_n(len(photos), 'photo')} of "
        f"{_n(people['subject'].nunique(), 'subject')} ({_n(several, 'subject')} with more than "
        f"one view or side), {_n(retests, 'retest')} among them; {failed} could not be scored."
    )
    gone = never_returned(people, found.to_frame(), found.tables["enrolment"])
    if gone:
        yield gone
    yield analysed_words(found.tables["enrolment"])
    counts = Counter(flag for flags in photos["flags"] for flag in str(flags).split("|") if flag)
    worrying = [(f, n) for f, n in counts.most_common() if not _is_info(f)]
    if worrying:
        named = _joined([f"{name} on {n}" for name, n in worrying[:_SHOWN]])
        more = len(worrying) - _SHOWN
        yield f"Quality flags: {named}" + (f", and {more} more kinds." if more > 0 else ".")
    else:
        yield "No photo bears a quality flag."


def _is_info(name: str) -> bool:
    from scarscope.flags import describe

    try:
        return all(info.severity == "info" for info in describe(Flag.parse(name)))
    except ValueError:
        return False


def _comparison(study: StudyData, found: Analysis) -> Iterator[str]:
    pairs = found.to_frame()
    if pairs.empty:
        yield "No follow-up photo could be set against a baseline, so that there is no response."
        return
    count = Counter(pairs["comparable"])
    yield (
        f"Each follow-up was compared with the subject's first photo of the same view, over the "
        f"skin that both show. Of {_n(len(pairs), 'pair')}, {count['yes']} were comparable, "
        f"{count['caution']} with caution, and {count['no']} not."
        + (
            " Pairs that were not comparable count nowhere, and no figure was put in their place."
            if count["no"]
            else ""
        )
    )
    reasons = found.tables["exclusions"]
    refused = reasons[reasons["comparable"] == "no"]
    if len(refused):
        first = refused.head(_SHOWN)
        named = [f"{m} ({n})" for m, n in zip(first["meaning"], first["n_pairs"], strict=True)]
        more = len(refused) - _SHOWN
        yield f"Reasons: {'; '.join(named)}" + (f"; and {more} more." if more > 0 else ".")
    yield from _mdc(study, pairs)


def _mdc(study: StudyData, pairs: pd.DataFrame) -> Iterator[str]:
    sources = Counter(s for s in pairs["mdc95_source"] if s)
    error = study.provenance.get("changes", {}).get("measurement_error", {})
    if not sources:
        yield "The measurement error of this endpoint is not known, so that no verdict is given."
        return
    rest = f" ({_n(int(error['pairs']), 'pair')})" if error.get("pairs") else ""
    words = {
        "study": f"the study's own retest photos{rest}, with what visits differ by beyond retests "
        "of one visit",
        "scarscope": f"ScarScope's simulated pairs of photos in which nothing changed{rest}, since "
        "the study has too few retests of its own",
    }
    told = _joined([words.get(source, source) for source in sources])
    percent = (100 * pairs["mdc95"] / pairs["before"].mask(pairs["before"] <= 0)).median()
    yield (
        f"The smallest detectable change (MDC95 = 1.96 √2 SEM) comes from {told}; its median is "
        f"{percent:.1f} % of baseline."
    )


def _response(study: StudyData, found: Analysis) -> Iterator[str]:
    rules = [found.rules.meaning(rule, found.measure) for rule in RULES]
    yield (
        f"The endpoint is the {measure_words(found.measure)} (`{found.measure}`). Views of one "
        "side and sides of one arm were averaged first, so that the unit is the subject in an arm. "
        f"A subject responds by one of three rules: {'; '.join(rules)}."
    )
    arms = sorted({arm for arm in found.subjects["arm"] if arm})
    if not arms:
        yield "The manifest states no arm: all subjects are taken together, without control."
        return
    both = found.subjects.groupby("subject")["arm"].nunique()
    within = int((both > 1).sum())
    yield (
        f"Arms: {_joined(arms)}; {within} of {_n(len(both), 'subject')} have sides in more than "
        "one (split-face)."
        if within
        else f"Arms: {_joined(arms)}, each subject in one of them."
    )
    lost = found.tables["course"][["n_missing", "n_not_comparable"]].sum()
    yield (
        f"{_n(int(lost['n_missing']), 'visit')} of an arm's subjects have no photo and "
        f"{int(lost['n_not_comparable'])} none that can be compared; the tables count them."
    )


def _statistics(found: Analysis) -> Iterator[str]:
    yield (
        "Shares have Wilson's 95 % intervals, and what they could be if those without figures had "
        "all, or none, responded. Means have Student's. Shares of scars take into account that a "
        "subject's scars are alike (Rao and Scott's design effect, Korn and Graubard's effective "
        "number)."
    )
    lines = found.tables["regression"].dropna(subset=["slope"])
    if len(lines):
        last = lines.sort_values("session").groupby("arm").tail(1)
        told = [
            f"{slope:.2f} (by error alone {error:.3f})" + (f" in {arm}" if arm else "")
            for arm, slope, error in zip(
                last["arm"], last["slope"], last["error_slope"], strict=True
            )
        ]
        yield (
            f"Regression to the mean: the slope of change on baseline at the last visit is "
            f"{_joined(told)}."
        )
    for each in (found.effects, found.scars):
        if each.sentence:
            yield each.sentence
        yield from each.notes


def _safety(study: StudyData, found: Analysis) -> Iterator[str]:
    log = found.tables["treatments"]
    if log.empty:
        yield "The manifest states no treatments, so that spacing and swelling cannot be judged."
    else:
        gaps = log[log["spacing"] != FIRST]
        off = int((gaps["spacing"] != FITS).sum())
        sides = log.groupby(["subject", "side"]).ngroups
        yield (
            f"{_n(len(log), 'treatment')} of {_n(sides, 'side')} are recorded; "
            f"{len(gaps) - off} of {len(gaps)} intervals between them are 4 to 6 weeks."
        )
        unusable, caution = window_days(study)
        windows = Counter(found.tables["windows"]["window"])
        yield (
            f"{windows['unusable'] + windows['same day']} photos were taken less than {unusable:g} "
            f"days after a treatment and {windows['caution']} up to {caution:g} days after one."
        )
    marks = found.tables["marks"]
    judged = marks[marks["new_dark"] != "not known"]
    if len(judged):
        dark = judged.loc[judged["new_dark"] == "yes", "subject"].nunique()
        red = judged.loc[judged["persistent_red"] == "yes", "subject"].nunique()
        yield (
            f"New dark marks were seen in {dark} and persistent redness in {red} of "
            f"{_n(judged['subject'].nunique(), 'subject')} with comparable photos."
        )
    recorded = found.tables["contraindications"]["subject"].nunique()
    missing = not_asked(study)
    yield (
        f"Contraindications are recorded for {_n(recorded, 'subject')}"
        + (f"; the manifest does not ask for {_joined(missing)}." if missing else ".")
    )


def _column(table: pd.DataFrame, name: str) -> pd.Series:
    return table[name] if name in table else pd.Series(dtype="object")


def _n(count: int, word: str) -> str:
    return f"{count} {word}" + ("" if count == 1 else "s")


def _joined(words: list[str]) -> str:
    if len(words) < 2:
        return "".join(words)
    return f"{', '.join(words[:-1])} and {words[-1]}"

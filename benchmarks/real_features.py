"""Profiles and features of real fields, compared with the expert's flags and a published trace."""

import time

import numpy as np
from real_fields import n_velocity_fields, published_catalogue, radon_example, velocity_fields

from mangapa import features, fit_pa, pa_profile
from mangapa._directions import probability_apart
from mangapa.plotting import plot_field
from mangapa.profiles._detections import LEAST_WANDER
from mangapa.profiles._features import LIKELY
from mangapa.usability.metrics import metrics, reliability

#: The catalogue's prefix of the columns of each tracer, and its codes for features.
PREFIX = {"stellar": "stel", "halpha": "halpha"}
NOTHING, KDC, WARP, MERGER = 0, 1, 2, 3
CLASSES = {2: "clean", 1: "messy", 0: "do not use"}
COLOURS = {2: "#0072B2", 1: "#E69F00", 0: "#999999"}
#: Penalty on the logistic slopes, which a few flagged fields would make too steep.
PENALTY = 1e-2
FOLDS = 10
KDC_TARGET, WARP_TARGET, TRACE_TARGET = 0.90, 0.80, 0.80
CANDIDATES = 40


def print_radon_trace(options, run):
    """Compare our PA(R) with the published one at its radii."""
    field, (offset, axis, error) = radon_example()
    print("\nPA(R) of 8082-6102 against the published trace (Stark et al. 2018)")
    settings = {"disc": {}, "circles": {"axis_ratio": 1.0}, "twice as wide": {"ring_width": 2.5}}
    profiles = {name: pa_profile(field, **options) for name, options in settings.items()}
    for name, profile in profiles.items():
        radius, ours, our_error = measured_rings(profile)
        inside = np.abs(offset) <= radius.max()
        at = np.abs(offset[inside])
        difference = np.abs(np.interp(at, radius, ours) - axis[inside])
        both = np.hypot(np.interp(at, radius, our_error), error[inside])
        share = np.mean(difference <= both)
        print(
            f"{name:14} {share:.0%} of {inside.sum()} radii within the combined error, "
            f"{np.mean(difference <= 2 * both):.0%} within twice that; target {TRACE_TARGET:.0%}: "
            f"{'met' if share >= TRACE_TARGET else 'missed'}"
        )
    draw_radon_trace(field, profiles["disc"], offset, axis, error, options.figures)


def measured_rings(profile):
    """Return radius, axis (modulo 180) and error of the rings that have an angle."""
    rings = profile[np.isfinite(profile["pa"])]
    return rings["radius"].value, rings["pa"].value % 180, rings["pa_err"].value


def draw_radon_trace(field, profile, offset, axis, error, folder):
    from matplotlib.figure import Figure

    figure = Figure(figsize=(10, 4.4), layout="constrained")
    left, right = figure.subplots(1, 2, width_ratios=(1, 1.25))
    plot_field(field, left, result=fit_pa(field))
    left.set_title("8082-6102, stars, and its global PA")
    radius, ours, our_error = measured_rings(profile)
    right.plot(radius, ours, "o-", color="#0072B2", ms=4, label="pa_profile, 1 sigma")
    band = (ours - our_error, ours + our_error)
    right.fill_between(radius, *band, color="#0072B2", alpha=0.25, lw=0)
    for side, marker, name in ((offset >= 0, "s", "one side"), (offset < 0, "D", "other side")):
        right.errorbar(
            np.abs(offset[side]),
            axis[side],
            error[side],
            fmt=marker,
            ms=3,
            lw=1,
            color="#D55E00",
            mfc="white",
            label=f"Stark et al., {name}",
        )
    right.set(
        xlabel="Radius (arcsec)", ylabel="Kinematic axis, modulo 180 (deg)", xlim=(-0.3, None)
    )
    right.legend()
    save(figure, folder / "radon_trace.png")


def print_flags(options, run):
    """Compare the probabilities with the expert's flags: ROC areas, calibration and figures."""
    catalogue = published_catalogue()
    numbers = range(n_velocity_fields())
    if options.fields:
        numbers = np.random.default_rng(1).permutation(n_velocity_fields())[: options.fields]
    fields = [
        field
        for field in velocity_fields(only=set(map(int, numbers)))
        if catalogue[field.galaxy][f"{PREFIX[field.tracer]}_qual"] in ("0", "1", "2")
    ]
    rows = run(features_and_time, fields)
    table = {name: np.array([row[name] for row in rows]) for name in rows[0]}
    flags = [catalogue[field.galaxy] for field in fields]
    for name in ("qual", "feature"):
        columns = [f"{PREFIX[field.tracer]}_{name}" for field in fields]
        table[name] = np.array([int(row[c]) for row, c in zip(flags, columns, strict=True)])
    table["tracer"] = np.array([field.tracer for field in fields])
    table["group"] = np.array([row["mangaid"] for row in flags])
    print(
        f"\n{len(fields)} real fields; a profile takes {np.mean(table['time']):.1f} ms on average, "
        f"99 % take less than {np.percentile(table['time'], 99):.1f} ms"
    )
    print_areas(table)
    print_calibration(table)
    print_asymmetry(table)
    print_counter_rotation(fields, table, catalogue)
    draw_asymmetry(table, options.figures)
    draw_candidates(fields, table, options.figures)


def features_and_time(field):
    """Return the features of one field, and the time that its profile takes."""
    start = time.perf_counter()
    profile = pa_profile(field)
    spent = time.perf_counter() - start
    found = getattr(features(field, profiles={field.tracer: profile}), field.tracer)
    result = fit_pa(field)
    return {
        "kdc": found.kdc,
        "kdc found": "kdc" in found.found,
        "warp": found.warp,
        "warp found": "warp" in found.found,
        "disturbed": found.disturbed,
        "wander": found.wander,
        "asymmetry": found.asymmetry,
        "asymmetry_err": found.asymmetry_err,
        "time": 1e3 * spent,
        "pa": result.pa.value,
        "pa_err": result.pa_err.value,
    }


def area(score, flagged):
    """Return the area under the ROC curve; a missing score counts as the lowest."""
    return metrics(np.nan_to_num(score, nan=-1.0), flagged)["roc_auc"]


def print_areas(table):
    usable, plain = table["qual"] > 0, table["feature"] == NOTHING
    print("area under the ROC curve, flagged against unflagged usable fields; found; false alarms")
    for tracer in PREFIX:
        of_tracer = table["tracer"] == tracer
        for name, flag, sure, target in (
            ("kdc", KDC, table["kdc found"], KDC_TARGET),
            ("warp", WARP, table["warp found"], WARP_TARGET),
            ("disturbed", MERGER, table["disturbed"] > LIKELY, None),
        ):
            # Most mergers are unusable.
            positive = of_tracer & (table["feature"] == flag) & (usable | (flag == MERGER))
            negative = of_tracer & plain & usable
            chosen, score = positive | negative, table[name]
            one = area(score[chosen], positive[chosen])
            clean, messy = (sure[negative & (table["qual"] == c)].mean() for c in (2, 1))
            print(
                f"{tracer:8}{name:10} {one:.3f} +- {area_error(score, positive, negative):.3f}; "
                f"{sure[positive].sum()} of {positive.sum()}; clean {clean:.2%}, messy {messy:.2%}"
                + (f"; target {target}: {'met' if one >= target else 'missed'}" if target else "")
            )


def area_error(score, positive, negative, n=200):
    """Return the error of the area by bootstrap of the flagged fields, which are few."""
    rng = np.random.default_rng(0)
    yes, no = np.flatnonzero(positive), np.flatnonzero(negative)
    areas = []
    for _ in range(n):
        drawn = np.concatenate([rng.choice(yes, yes.size), no])
        areas.append(area(score[drawn], np.arange(drawn.size) < yes.size))
    return np.std(areas)


def print_calibration(table):
    """Calibrate the probabilities again (0 and 1 if they hold), and print how they agree."""
    usable, plain = table["qual"] > 0, table["feature"] == NOTHING
    stars = table["tracer"] == "stellar"
    kdc, warp = (np.log(table[name] / (1 - table[name])) for name in ("kdc", "warp"))
    wander = np.log(np.maximum(table["wander"], LEAST_WANDER))
    print("logistic coefficients; cross-validated area; predicted and true shares (number)")
    for name, quantities, flag, among in (
        ("kdc", [kdc], KDC, usable & stars),
        ("warp", [warp], WARP, usable),
        ("disturbed", [wander], MERGER, usable | (table["feature"] == MERGER)),
    ):
        flagged = table["feature"] == flag
        chosen = among & (flagged | plain) & np.isfinite(table[name])
        design = np.stack([np.ones(chosen.sum()), *(q[chosen] for q in quantities)], axis=1)
        coefficients = fitted(design, flagged[chosen])
        others = cross_validated(design, flagged[chosen], table["group"][chosen])
        mean, share, number = reliability(table[name][chosen], flagged[chosen])
        bins = ", ".join(
            f"{m:.2f} {s:.2f} ({n})" for m, s, n in zip(mean, share, number, strict=True) if n
        )
        print(
            f"{name:10} {np.round(coefficients, 2).tolist()}, "
            f"{area(others, flagged[chosen]):.3f}; {bins}"
        )


def fitted(design, flagged):
    """Fit a logistic regression; return its coefficients."""
    from scipy.optimize import minimize

    def loss(coefficients):
        logit = design @ coefficients
        likelihood = np.sum(np.logaddexp(0, logit) - flagged * logit)
        return likelihood + PENALTY * np.sum(coefficients[1:] ** 2)

    return minimize(loss, np.zeros(design.shape[1])).x


def cross_validated(design, flagged, group):
    """Score each field with coefficients fitted to other galaxies."""
    names, number = np.unique(group, return_inverse=True)
    fold = np.random.default_rng(0).permutation(names.size)[number] % FOLDS
    score = np.zeros(len(flagged))
    for one in range(FOLDS):
        score[fold == one] = design[fold == one] @ fitted(design[fold != one], flagged[fold != one])
    return score


def print_asymmetry(table):
    print(
        "asymmetry of unflagged fields by class: 16 %, median, 84 %; median error; ROC area to the "
        "next class"
    )
    for tracer in PREFIX:
        chosen = (table["tracer"] == tracer) & (table["feature"] == NOTHING)
        chosen &= np.isfinite(table["asymmetry"])
        for quality, name in CLASSES.items():
            of_class = chosen & (table["qual"] == quality)
            low, middle, high = np.percentile(table["asymmetry"][of_class], [16, 50, 84])
            error = np.median(table["asymmetry_err"][of_class])
            pair = chosen & (table["qual"] >= quality - 1) & (table["qual"] <= quality)
            worse = area(table["asymmetry"][pair], table["qual"][pair] == quality - 1)
            next_class = f"; {worse:.3f}" if quality else ""
            print(f"{tracer:8}{name:11} {low:.3f} {middle:.3f} {high:.3f}; {error:.3f}{next_class}")


def print_counter_rotation(fields, table, catalogue):
    """Compare the probabilities of counter-rotation with the published angles."""
    good = (table["qual"] > 0) & (table["feature"] == NOTHING) & np.isfinite(table["pa"])
    by_galaxy = {}
    for i in np.flatnonzero(good):
        by_galaxy.setdefault(fields[i].galaxy, []).append(i)
    probability, published = [], []
    for galaxy, pair in by_galaxy.items():
        if len(pair) == 2 and catalogue[galaxy]["pa_offset"]:
            apart = abs((np.subtract(*table["pa"][pair]) + 180) % 360 - 180)
            error = np.hypot(*table["pa_err"][pair])
            probability.append(probability_apart(apart, error, 150))
            published.append(float(catalogue[galaxy]["pa_offset"]) > 150)
    probability, published = np.array(probability), np.array(published)
    print(
        f"counter-rotating galaxies of {len(published)}: {published.sum()} as published, "
        f"{(probability > 0.5).sum()} with a probability above 0.5, "
        f"{(published & (probability > 0.5)).sum()} of these as published; "
        f"sum of the probabilities {probability.sum():.1f}"
    )


def draw_asymmetry(table, folder):
    from matplotlib.figure import Figure

    figure = Figure(figsize=(9, 3.6), layout="constrained")
    for ax, (tracer, title) in zip(
        figure.subplots(1, 2, sharey=True),
        {"stellar": "Stars", "halpha": r"H$\alpha$"}.items(),
        strict=True,
    ):
        for quality, name in CLASSES.items():
            chosen = (table["tracer"] == tracer) & (table["qual"] == quality)
            chosen &= (table["feature"] == NOTHING) & np.isfinite(table["asymmetry"])
            values = np.maximum(table["asymmetry"][chosen], 1e-3)
            edges = np.geomspace(1e-3, 10, 41)
            middle = np.median(values)
            ax.hist(
                values,
                edges,
                weights=np.full(values.size, 1 / values.size),
                histtype="step",
                lw=2,
                color=COLOURS[quality],
                label=f"{name} ({values.size}), median {middle:.3f}",
            )
            ax.axvline(middle, color=COLOURS[quality], ls=":")
        ax.set(xscale="log", xlabel="Asymmetry $(k_3 + k_5) / k_1$ of the field", title=title)
        ax.legend(fontsize="small", loc="upper center")
    # Leave room for the legends.
    ax.set_ylim(0, 1.35 * ax.get_ylim()[1])
    figure.axes[0].set_ylabel("Share of the class")
    save(figure, folder / "asymmetry_by_class.png")


def draw_candidates(fields, table, folder):
    """Draw the unflagged usable stellar fields with the highest probability of a core."""
    from matplotlib.figure import Figure

    chosen = (table["tracer"] == "stellar") & (table["qual"] > 0) & (table["feature"] == NOTHING)
    order = np.argsort(np.where(chosen, -np.nan_to_num(table["kdc"]), 1.0), kind="stable")
    figure = Figure(figsize=(17, 11.5), layout="constrained")
    for ax, i in zip(figure.subplots(5, 8).flat, order[:CANDIDATES], strict=False):
        plot_field(fields[i], ax, profile=pa_profile(fields[i]), colorbar=False)
        ax.set(xlabel="", ylabel="", xticks=[], yticks=[])
        for compass in list(ax.texts):
            compass.remove()
        ax.set_title(
            f"{fields[i].galaxy}, {CLASSES[table['qual'][i]]}\n"
            f"P {table['kdc'][i]:.2f}, turn {table['turn'][i]:.0f}$\\degree$",
            fontsize="medium",
        )
    figure.suptitle(
        "Unflagged usable stellar fields by probability of a decoupled core; North up, East left; "
        "dots: receding side on each ring"
    )
    save(figure, folder / "core_candidates.png", dpi=75)
    print("candidates:", ", ".join(fields[i].galaxy for i in order[:CANDIDATES]))


def save(figure, path, dpi=90):
    path.parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(path, dpi=dpi)
    print(f"figure: {path}")

import io
import re
import shlex
from dataclasses import replace

import pytest

from gradcheck_cli.model import CannotShow, ChannelDifference, Check, Power, Rung, Sameness, Verdict, Worst
from gradcheck_cli.report.terminal import TerminalOptions, print_report
from tests.report import samples


def printed(report, width=100, verbosity=0):
    """What is printed, without colours."""
    file = io.StringIO()
    print_report(report, TerminalOptions(color="never", verbosity=verbosity, width=width), file)
    return file.getvalue()


def section(text, title):
    """The lines from the one that starts with `title` to the next empty one."""
    lines = text.splitlines()
    start = next(place for place, line in enumerate(lines) if line.startswith(title))
    end = next((place for place in range(start, len(lines)) if not lines[place]), len(lines))
    return lines[start:end]


def check(name, gradient, verdict=Verdict.PASS, ratio=None, **changes):
    """A check of ten entries; `ratio` is that of its worst one."""
    worst = None if ratio is None else Worst((0,), 1.0, 1.0, ratio, 1.0, ratio)
    return replace(Check(name, gradient, verdict, 10, 0, "a rule", worst), **changes)


def test_checks_that_passed_share_a_row_and_the_worst_speaks():
    """Entries add up, the ratio is the largest one, the detail is that check's."""
    checks = (
        check("hand-vs-autograd", "weight", ratio=0.25, detail="weight's"),
        check("hand-vs-autograd", "bias", ratio=0.5, detail="bias's"),
        check("repeat", "weight"),
        check("repeat", "weight"),
    )
    expected = [
        "Checks                    gradient      wrong / of  of allowed",
        "PASS    hand-vs-autograd  weight, bias      0 / 20         0.5  bias's",
        "PASS    repeat            weight            0 / 20",
    ]
    assert expected == section(printed(samples.sample_run_report(checks=checks)), "Checks")


def test_a_failed_check_hides_in_no_other_row():
    """A failure keeps its own row, its rule and its worst entry beside two passes of the same name."""
    failed = check("exact", "input", Verdict.FAIL, float("nan"), mismatched=3)
    checks = (check("exact", "weight"), failed, check("exact", "bias"))
    expected = [
        "Checks         gradient      wrong / of  of allowed",
        "PASS    exact  weight, bias      0 / 20",
        "FAIL    exact  input             3 / 10         NaN",
        "  exact input: a rule",
        "    worst at [0]: expected 1, actual 1, difference NaN, allowed 1",
    ]
    assert expected == section(printed(samples.sample_run_report(checks=checks)), "Checks")


def test_every_check_has_its_row_and_rule_under_v():
    """-v merges nothing and hides nothing."""
    lines = section(printed(samples.SAMPLES["run-right"](), verbosity=1), "Checks")
    assert 3 == sum(line.startswith("PASS    exact") for line in lines)
    assert 13 == sum(": " in line and line.startswith("  ") and "worst at" not in line for line in lines)
    assert "n/a     adjoint" in "\n".join(section(printed(samples.SAMPLES["run-fft"](), verbosity=1), "Checks"))


def test_the_worst_planes_come_first_and_the_rest_is_counted():
    """NaN is worst, then what is furthest from allowed; eight rows, and how many more."""
    rows = [ChannelDifference(o, 0, 1e-8 * (o + 1), 0.1 * (o + 1), 4, 4) for o in range(9)]
    rows.append(ChannelDifference(9, 0, float("nan"), float("nan"), 0, 4))
    lines = section(printed(samples.sample_run_report(channels=tuple(rows))), "Kernel gradients")
    assert lines[0].endswith("; 2 more with -v")
    assert "     9        0               NaN         NaN          0 / 4  not allowed" == lines[2]
    assert "     8        0          9.00e-08         0.9          4 / 4" == lines[3]
    assert 10 == len(lines)
    assert 12 == len(section(printed(samples.sample_run_report(channels=tuple(rows)), verbosity=1), "Kernel gradients"))


ANSWERS = {
    Rung.IDENTICAL: "yes, identical",
    Rung.IDENTICAL_TO_ROUNDING: "yes, identical to rounding",
    Rung.LOOKS_SAME: "no, they only look the same",
    Rung.NEARLY_SAME: "no, nearly the same (within 1 %)",
    Rung.SIMILAR_SHAPE: "no, only their shapes are similar",
    Rung.DIFFERENT: "no, different",
}


@pytest.mark.parametrize("rung", Rung)
def test_the_sameness_answer_is_plain(rung):
    """yes or no first, then why, then the numbers."""
    found = Sameness(rung, "of a reason.", {rung.value: 3}, (), (0.18, 1.83), (0.5, 0.993), 1)
    report = samples.sample_run_report()
    report = replace(report, sameness=replace(report.sameness, across_channels=found))
    expected = (
        f"across channels  {ANSWERS[rung]}, because of a reason; relative difference 0.18 to 1.83; correlation up to "
        "0.993; 1 of 3 pairs bit-equal"
    )
    assert (
        expected
        == " ".join(" ".join(section(printed(report, 200), "across channels")[:2]).split())
        .replace("across channels", "across channels ", 1)
        .partition(" across filters")[0]
    )


def test_a_counterfactual_that_fails_is_told():
    """What should have come out is said where it did not."""
    report = samples.sample_run_report()
    wrong = replace(report.sameness.counterfactuals[0], verdict=Rung.DIFFERENT)
    text = printed(replace(report, sameness=replace(report.sameness, counterfactuals=(wrong,))), 120)
    assert "different across channels, but it should be identical" in text


def test_seeds_have_a_table_and_a_sentence():
    """A row for each seed; what depends on the seed is told apart from what does not."""
    report = samples.seeds_run_report()
    other = Sameness(Rung.IDENTICAL, "", {"identical": 9}, (), (0.0, 0.0), (1.0, 1.0), 9)
    seeds = (*report.seeds[:2], replace(report.seeds[2], across_filters=other))
    expected = [
        "Seeds  relative: smallest to largest relative difference over all pairs",
        "seed  verdict     loss  channels         relative  filters             relative",
        "   0  PASS     139.124  different  0.409 to 0.697  different     0.0112 to 0.21",
        "   1  PASS     93.6753  different  0.409 to 0.695  different  0.00995 to 0.0346",
        "   2  PASS     116.251  different  0.409 to 0.697  identical                  0",
        "Across channels the verdict does not depend on the seed: different for all. Across filters the",
        "verdict changes with the seed: different for 2, identical for 1. The numbers themselves change with",
        "every seed.",
    ]
    assert expected[:5] == section(printed(replace(report, seeds=seeds)), "Seeds")[:5]
    assert " ".join(expected[5:]) == " ".join(section(printed(replace(report, seeds=seeds)), "Seeds")[5:])


def test_power_says_what_was_missed_and_what_cannot_show():
    """The missed ones are named in full; three blind spots are, and the number of the others."""
    spots = tuple(CannotShow(f"mistake-{n}", f"--option {n}") for n in range(5))
    power = Power(("shifted", "batch-mean"), ("shifted",), ("batch-mean",), spots)
    expected = [
        "Power   caught 1 of 2 planted mistakes; missed: batch-mean; cannot show here: mistake-0, mistake-1,",
        "        mistake-2 and 2 more (-v says what would)",
    ]
    report = samples.sample_run_report(power=power)
    assert expected == section(printed(report), "Power")[:2]
    verbose = section(printed(report, verbosity=1), "Power")
    assert ["caught  shifted", "cannot show here  shown by", "mistake-0         --option 0"] == verbose[1:4]


def test_power_without_a_blind_spot_promises_none():
    """Where everything can show, -v lists it; there is nothing that another option would show."""
    power = Power(("shifted",), ("shifted",), (), ())
    assert section(printed(samples.sample_run_report(power=power)), "Power")[0] == (
        "Power   caught 1 of 1 planted mistake (-v lists them)"
    )


def test_v_says_where_the_time_went():
    """The largest part first, with its share."""
    expected = [
        "Where the time went",
        "           seconds  share",
        "numeric      0.310   69 %",
        "autograd     0.134   30 %",
        "adjoint      0.008    2 %",
        "total        0.452  100 %",
    ]
    timings = {"adjoint": 0.008, "autograd": 0.134, "numeric": 0.31}
    assert [" ".join(line.split()) for line in expected] == [
        " ".join(line.split())
        for line in section(printed(samples.sample_run_report(timings=timings), verbosity=1), "Where the time went")
    ]


def test_a_long_command_is_broken_as_a_shell_takes_it():
    """Between words, an option with its value, quotes whole, with a backslash at the end of the line."""
    command = "gradcheck run --backward 'my layers.py:conv backward' --in 3 --out 3 --k 32 --seed 0 images/coffee.jpg"
    lines = section(printed(samples.sample_run_report(reproduce=command), 60), "Reproduce")
    expected = [
        "Reproduce  gradcheck run \\",
        "             --backward 'my layers.py:conv backward' \\",
        "             --in 3 --out 3 --k 32 --seed 0 \\",
        "             images/coffee.jpg",
    ]
    assert expected == lines


def test_no_bar_gets_into_a_broken_command():
    """A word that begins like an order to a CI runner is quoted: a bar before it would be a pipe."""
    command = "gradcheck verify --seed 0 a_file_with_a_name_as_long_as_a_line.py:f ::error::.py:f"
    lines = section(printed(samples.sample_run_report(reproduce=command), 60), "Reproduce")

    assert [
        "Reproduce  gradcheck verify --seed 0 \\",
        "             a_file_with_a_name_as_long_as_a_line.py:f \\",
        "             '::error::.py:f'",
    ] == lines
    assert shlex.split(command) == shlex.split(" ".join(lines).removeprefix("Reproduce ").replace("\\ ", ""))


def test_what_is_wrong_stands_first_then_the_example_then_the_rest():
    """One order, and both sides of the gradient that is wrong."""
    text = printed(samples.SAMPLES["run-wrong-input"]())
    titles = ("What is wrong", "Smallest example", "Checks", "Kernel gradients  your code against", "Are the kernel")
    places = [text.index(title) for title in (*titles, "grad_input of your code", "grad_input of autograd", "Power")]

    assert places == sorted(places)
    assert "grad_weight of" not in text


def test_one_row_is_never_hidden():
    """Nine planes are all shown; of ten, two are counted."""
    rows = tuple(ChannelDifference(o, 0, 1e-8, 0.1, 4, 4) for o in range(10))

    assert "with -v" not in section(printed(samples.sample_run_report(channels=rows[:9])), "Kernel gradients")[0]
    assert section(printed(samples.sample_run_report(channels=rows)), "Kernel gradients")[0].endswith("2 more with -v")


def test_what_a_is_is_told_once_and_only_where_a_rule_speaks_of_it():
    """A failed run quotes the rules, a passed one does not."""
    assert printed(samples.SAMPLES["run-float64"]()).count("A is the sum of the absolute products") == 1
    assert "A is the sum" not in printed(samples.sample_run_report())


def test_what_is_not_explained_is_not_said_of_a_check_that_passed():
    """Its rule waits for -v, and so does what is told in units of A; the rest of the detail stays."""
    details = {
        "typical rounding: 57.4 units of 2^-24 A": "typical rounding",
        "9 units of 2^-24 A: float32's worst case, decided by the exact probe": (
            "float32's worst case, decided by the exact probe"
        ),
        "all 576 entries, bound 6e-12 of A, 0 outputs at a kink": "all 576 entries, 0 outputs at a kink",
    }
    for detail, brief in details.items():
        report = samples.sample_run_report(checks=(Check("exact", "weight", Verdict.PASS, 9, 0, "", detail=detail),))
        row, whole = (re.sub(" +", " ", printed(report, 200, verbosity)) for verbosity in (0, 1))
        assert f"PASS exact weight 0 / 9 {brief}\n" in row
        assert f"{detail}\n" in whole
        assert ("A is the sum" in row, "A is the sum" in whole) == (False, True)


def test_the_referee_says_it_once():
    """In float64 five checks fail, and each asks the referee, who says the same."""
    found = samples.SAMPLES["run-float64"]().checks

    assert 1 == sum(check.name == "referee" for check in found)
    assert 5 <= sum(check.verdict is Verdict.FAIL for check in found)


def test_a_finding_without_a_line_stands_in_the_function_that_was_judged():
    """Also where --backward named the file alone."""
    experiment = samples.sample_experiment(backward="mine.py", name="conv_backward")
    finding = samples.sample_finding(line=None, column=None, end=None, text="", evidence="")
    shown = printed(samples.failing_run_report(experiment=experiment, findings=(finding,)))
    assert "\n  at           somewhere in conv_backward\n" in shown


def test_beside_wrong_gradients_it_is_said_whose_are_compared():
    """The same or not: that is asked of the right ones."""
    title = "\nAre the kernel gradients the same?"
    assert f"{title}  those of autograd\n" in printed(samples.failing_run_report())
    assert f"{title}\n" in printed(samples.sample_run_report())

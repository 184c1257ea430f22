import io
import re
from dataclasses import replace

import numpy as np

from gradcheck_cli.model import Finding, FunctionExample, Term, Verdict
from gradcheck_cli.report.terminal import TerminalOptions, print_report
from tests.report import samples


def printed(report, width=100, verbosity=0):
    """What is printed, without colours."""
    file = io.StringIO()
    print_report(report, TerminalOptions(color="never", verbosity=verbosity, width=width), file)
    return file.getvalue()


def one(target):
    """A report on this target alone."""
    return samples.sample_verify_report(verdict=target.verdict, targets=(target,))


RIGHT = """\
PASS  1 target: 1 right

PASS  right.py:conv_backward  (line 4)
  gradients    weight PASS   input PASS   bias PASS
  convention   function, NCHW: by the names of its parameters (x = x, weight = weight, grad_output =
               grad_output, stride = stride, padding = padding)
  geometries   right on 44 of 44 it takes, 42 more not supported

Reproduce  gradcheck verify --seed 0 right.py:conv_backward
"""

WRONG = """\
FAIL  1 target: 1 wrong

FAIL  batch_mean.py:conv_backward  (line 4)
  gradients    weight FAIL   input PASS   bias PASS
  finding      batch-mean (proved), grad_weight: your grad_weight is exactly dE/dF divided by the
               batch size N = 2: on small integers, entry [0, 0, 0, 0] is 1044.5 where 2089 is
               right.
  mend it      Sum over the batch and do not divide: G already carries the factor of the loss.
  fails when   batch > 1
  at           batch_mean.py:11:36
               11 | return grad_input, grad_weight / len(x), grad_output.sum(axis=(0, 2, 3))
                  |                                ^^^^^^^^
               Without it grad_weight is right on all 22 geometries.

Smallest example that fails  grad_weight; batch 2, in 1, out 1, input 1x1, kernel 1x1
x[0,0]   x[1,0]   G[0,0]   G[1,0]   expected[0,0]   actual[0,0]
4        8        -6       5        16              *8
* differs from expected; the terms of grad_weight[0,0,0,0]:
  should hold  G[0,0,0,0]*x[0,0,0,0] + G[1,0,0,0]*x[1,0,0,0] = 16
  holds        0.5 times that sum = 8

How it was asked
  convention   function, NCHW: by the names of its parameters (x = x, weight = weight, grad_output =
               grad_output)
  geometries   right on 13 of 22 it takes, 94 more not supported

Reproduce  gradcheck verify --seed 0 right.py:conv_backward
"""

TABLE = """\
FAIL  4 targets: 1 right, 2 wrong, 1 not judged

verdict  weight  input  bias      right  target
      reason
PASS     pass    pass   pass   44 of 44  right.py:conv_backward
FAIL     fail    pass   pass   13 of 22  batch_mean.py:conv_backward
      batch-mean: your grad_weight is exactly dE/dF divided by the batch size N = 2: on small ...
FAIL     error   error  error   0 of 19  raising.py:conv_backward
      crashes: The backward raises on all 19 geometries, first with x (2, 3, 7, 9), weight (4, ...
ERROR    -       -      -             -  needs_tensorflow.py:conv_backward
      line 1 imports tensorflow, which is not installed.

mistake     targets  which
batch-mean        1  batch_mean.py:conv_backward
crashes           1  raising.py:conv_backward

FAIL  batch_mean.py:conv_backward  (line 4)
"""


def test_a_right_target_word_for_word():
    """The verdict, how the function was understood, and where it was tried."""
    assert RIGHT == printed(one(samples.sample_target()))


def test_a_finding_without_a_line_stands_in_its_function_and_may_be_about_the_call():
    """No line is claimed that was not found."""
    finding = samples.sample_finding(gradient="call", line=None, column=None, end=None, text="", evidence="")
    shown = printed(one(samples.failing_target(findings=(finding,), name="Conv.backward")))
    assert "finding batch-mean (proved), the call: your grad_weight is exactly dE/dF divided" in " ".join(shown.split())
    assert "\n  at           somewhere in Conv.backward\n" in shown


def test_a_wrong_target_word_for_word():
    """The mistake, how to mend it, since when it shows, and the smallest example with its sum."""
    assert WRONG == printed(one(samples.failing_target()))


def test_a_target_that_could_not_be_loaded_has_its_error_and_no_gradients():
    """Neither gradients, nor where it was tried: it was not."""
    shown = printed(one(samples.failing_verify_report().targets[3]))
    assert "\nERROR  needs_tensorflow.py:conv_backward  (line 4)\n  | needs_tensorflow.py" in shown
    assert "gradients" not in shown
    assert "geometries" not in shown


def test_several_targets_have_a_table_first():
    """One row each, then only those that are not right."""
    text = printed(samples.failing_verify_report())
    assert TABLE == text[: len(TABLE)]
    assert "PASS  right.py" not in text
    assert "PASS  right.py" in printed(samples.failing_verify_report(), verbosity=1)


FUNCTIONS = """\
FAIL  3 targets: 1 right, 2 wrong

verdict   right  target                        gradients
      reason
PASS     4 of 4  course.py:affine_backward     x, w, b pass
FAIL     0 of 3  course.py:layernorm_backward  x fail; gamma, beta pass
      path-missing: grad_x is exactly what comes out when the path through ...
"""


def test_the_table_of_functions_has_each_name_beside_its_verdict():
    """Their gradients have names of their own: those that did not pass first, below the row before the name is."""
    assert FUNCTIONS == printed(samples.SAMPLES["verify-functions"](), width=80)[: len(FUNCTIONS)]


def test_the_star_of_a_function_is_explained():
    """Where no sum is written out below the example, which says it."""
    assert "\n* differs from expected\n" in printed(samples.SAMPLES["verify-functions"]())


def test_a_reason_is_cut_to_the_screen_and_whole_with_v():
    """Beside the name where there is room, one line each; -v tells it to its end."""
    text = printed(samples.failing_verify_report(), 180)
    rows = text.split("\n\n")[1].splitlines()

    assert [len(rows), max(map(len, rows)) <= 180] == [5, True]
    assert rows[1].endswith("44 of 44  right.py:conv_backward"), "29 of 29 is said once"
    whole = printed(samples.failing_verify_report(), 180, 1).split("\n\n")[1]
    assert " ..." in text.split("\n\n")[1]
    assert "entry [0, 0, 0, 0] is 1044.5 where 2089 is right." in " ".join(whole.split())


def test_a_count_that_a_mistake_is_told_with_stays():
    """Beside its own column a summary's count is left out; "grad_x is with `a` where `b` stands" is no sentence."""
    message = "grad_x is right on all 2 samples with `a` where `b` stands."
    wrong = samples.failing_target(
        findings=(Finding("operand-too-many", "x", "proved", message, ""),), reason=f"operand-too-many: {message}"
    )
    text = printed(samples.sample_verify_report(targets=(wrong, samples.sample_target())), 200)
    assert f"operand-too-many: {message}\n" in text


def test_those_who_make_a_mistake_are_eight_at_most():
    """A mistake of a whole class is counted; -v names them all."""
    targets = tuple(samples.failing_target(target=f"{number}.py:f") for number in range(30))
    report = samples.sample_verify_report(targets=targets)

    first = ", ".join(f"{number}.py:f" for number in range(8))
    assert f"batch-mean       30  {first} and 22 more" in printed(report, 120)
    assert "28.py:f, 29.py:f\n" in printed(report, verbosity=1)


def test_a_hundred_wrong_targets_are_no_wall_of_text():
    """Eight in detail, the others counted; all of them under -v."""
    report = samples.sample_verify_report(targets=(samples.inconclusive_target(),) * 100)
    assert 8 == printed(report).count("\nERROR  needs_tensorflow")
    assert "\n92 more targets in detail with -v\n" in printed(report)
    assert 100 == printed(report, verbosity=1).count("\nERROR  needs_tensorflow")


def test_what_the_code_raised_keeps_its_lines():
    """It is fenced off, line by line."""
    expected = (
        "  | needs_tensorflow.py:1 imports tensorflow, which is not installed.\n"
        "  |   hint: install tensorflow, or put it beside the file\n"
    )
    assert expected in printed(one(samples.inconclusive_target()))


def test_a_long_line_of_an_error_is_fenced_to_its_end():
    """The bar stands before every line of the screen, so that none looks like ours."""
    text = printed(one(samples.inconclusive_target(error="word " * 30 + "end\n  hint: none")), 60)
    fenced = [line for line in text.splitlines() if "word" in line or "hint" in line]

    assert len(fenced) > 3
    assert all(line.startswith("  | ") for line in fenced)


def test_what_the_code_printed_waits_for_v():
    """The user's output and the geometries one by one are there under -v only, and no order to a CI runner."""
    target = replace(samples.failing_target(), output="first\n::error::second\n")
    assert "first" not in printed(one(target))
    text = printed(one(target), verbosity=1)
    assert "What the code printed\n  | first\n  | ::error::second\n" in text
    refused = "n/a     n/a    n/a   batch 2, in 3, out 4, input 7x11, kernel 3x3, stride 2 (not supported): it has"
    assert refused in text


def test_products_that_are_missing_and_products_that_are_wrong():
    """grad_input with the kernel not rotated: one product should be there, another one is."""
    example = samples.input_counterexample()
    text = printed(one(samples.failing_target(counterexample=example)))
    assert (
        "weight[0,0]   G[0,0]   expected[0,0]   actual[0,0]\n1 3           -6        -6 -18         *-18  *-6\n" in text
    )
    assert "  should hold  G[0,0,0,0]*weight[0,0,0,0] = -6\n" in text
    assert "  holds        G[0,0,0,0]*weight[0,0,0,1] = -18\n" in text


def test_signs_and_factors_are_written_as_a_person_would():
    """-1 is a minus, other factors stand before their product, nothing is "nothing"."""
    terms = (Term((0,), (1,), 1.0, -1.0), Term((2,), (3,), 1.0, 2.0), Term((4,), (5,), 0.0, -0.5))
    example = replace(samples.sample_counterexample(), terms=terms)
    text = printed(one(samples.failing_target(counterexample=example)))
    assert "  should hold  G[0]*x[1] + G[2]*x[3] = 16\n" in text
    assert "  holds        -G[0]*x[1] + 2*G[2]*x[3] - 0.5*G[4]*x[5] = 8\n" in text
    empty = replace(example, terms=(Term((0,), (1,), 1.0, 0.0),))
    assert "  holds        nothing = 8\n" in printed(one(samples.failing_target(counterexample=empty)))


def test_only_the_entries_that_differ_have_a_star():
    """A grid marks the wrong entries, and says of which plane it shows a corner."""
    expected = np.zeros((1, 1, 5, 5))
    actual = expected.copy()
    actual[0, 0, 0, 1], actual[0, 0, 3, 3] = 7.0, np.nan
    example = replace(samples.sample_counterexample(), expected=expected, actual=actual, entry=None, terms=())
    text = printed(one(samples.failing_target(counterexample=example)), 120)
    assert 1 == text.count("*7")
    assert 1 == text.count("*NaN")
    assert 2 == text.count("the corner of 5x5")


def test_of_a_function_rounding_has_no_star_and_a_star_has_its_digits():
    """Two numbers that read alike get the digits in which they differ; one that is right has its usual ones."""
    expected = np.array([[0.28337], [0.0105980947856]])
    actual = np.array([[0.28261], [0.0105980947857]])
    example = FunctionExample("x", {"x": np.ones((2, 1))}, (np.ones((2, 1)),), (), expected, actual, (0, 0))
    text = printed(one(samples.failing_target(counterexample=example)), 120)
    assert ["0.2834", "*0.2826"] == re.findall(r"\*?0\.28\d*", text)
    assert ["0.0106", "0.0106"] == re.findall(r"\*?0\.01\d*", text)


def test_a_table_tells_what_a_pass_does_not_hold_for_as_a_reason():
    """Without the brackets that it has behind a verdict."""
    right = samples.sample_target(scope="weight only", unreached=(14,))
    text = printed(samples.sample_verify_report(targets=(right, samples.sample_target())), 200)
    assert "  weight only; line 14 never ran\n" in text
    assert "(weight only)" not in text


def test_a_pass_that_was_not_decided_everywhere_says_so():
    """6 of 7 beside a pass is no pass on all of them: in its own line, in the table and in the first line of many."""
    found = samples.sample_target().geometries
    most = samples.sample_target(geometries=replace(found, supported=7, right=6), unreached=(14,))
    whole = samples.sample_target()
    assert printed(one(most)).startswith("PASS  1 target: 1 right; undecided on 1 of 7; line 14 never ran\n")
    many = printed(samples.sample_verify_report(targets=(most, whole, whole)), 200)
    assert "  undecided on 1 of 7; line 14 never ran\n" in many
    assert many.startswith(
        "PASS  3 targets: 3 right; of the right ones 1 with cases that were not decided, 1 with lines that never ran\n"
    )


def test_a_failure_beside_numbers_that_are_all_right_is_no_contradiction():
    """An array that is changed, ties: "right on 44 of 44" alone would say that nothing is wrong."""
    right = samples.sample_target()
    finding = Finding("mutates-input", "call", "proved", "the gradients are right, but x is changed.", "")
    text = printed(one(replace(right, verdict=Verdict.FAIL, findings=(finding,))), 200)
    assert "right on 44 of 44 it takes, 42 more not supported, which is not what the finding is about\n" in text


def test_what_is_said_of_several_gradients_alike_is_said_once():
    """Their names stand together; another mistake of another gradient stands alone."""
    alike = [Finding("path-missing", name, "proved", f"grad_{name} lacks `var`.", "Add it.") for name in ("x", "b")]
    other = Finding("path-missing", "w", "proved", "grad_w lacks `mean`.", "Add it.")
    text = printed(one(samples.failing_target(findings=(alike[0], other, alike[1]))), 120)
    assert "path-missing (proved), grad_x, grad_b: grad_x lacks `var`. The same holds for grad_b.\n" in text
    assert "path-missing (proved), grad_w: grad_w lacks `mean`.\n" in text
    assert 2 == text.count("Add it.")


def test_that_a_mistake_is_not_known_is_no_supposition():
    """Beside "unexplained" neither "proved" nor "probable" says anything."""
    finding = Finding("unexplained", "x", "probable", "no mistake that is known here gives these numbers.", "")
    text = printed(one(samples.failing_target(findings=(finding,))), 120)
    assert "unexplained in grad_x: no mistake that is known here gives these numbers." in text


def test_a_wrong_shape_and_nothing_at_all():
    """A gradient of another shape is shown with both shapes; one that was not returned is called that."""
    example = replace(samples.sample_counterexample(), actual=np.ones((1, 1)), entry=None, terms=())
    assert "shape (1, 1), not (1, 1, 1, 1)" in printed(one(samples.failing_target(counterexample=example)))
    text = printed(one(samples.failing_target(counterexample=samples.bare_counterexample())))
    assert "nothing returned" in text


def test_an_empty_gradient_is_called_empty():
    """[p:-p] with p = 0 leaves nothing; that is shown with its shape."""
    example = replace(samples.sample_counterexample(), actual=np.zeros((1, 1, 0, 0)), entry=None, terms=())
    text = printed(one(samples.failing_target(counterexample=example)))
    assert "empty" in text
    assert "shape (1, 1, 0, 0)" in text


def test_a_bias_is_a_row():
    """A gradient with one axis is shown as one row, and x is left out of it."""
    example = replace(
        samples.sample_counterexample(),
        gradient="bias",
        other="",
        expected=np.array([1.0, 2.0]),
        actual=np.array([1.0, 3.0]),
        entry=(1,),
        terms=(Term((0, 1, 0, 0), (), 1.0, 1.5),),
    )
    text = printed(one(samples.failing_target(counterexample=example)))
    assert "G[0,0]   G[1,0]   expected   actual\n-6       5        1 2         1 *3\n" in text
    assert "  should hold  G[0,1,0,0] = 2\n  holds        1.5 times that sum = 3\n" in text


def test_a_target_without_any_verdict_is_no_pass():
    """A gradient that is not in the report is missing, not right."""
    target = samples.sample_target(gradients={}, verdict=Verdict.INCONCLUSIVE)
    assert "weight MISSING   input MISSING   bias MISSING" in printed(one(target))


def test_the_first_line_of_a_pass_says_what_it_does_not_hold_for():
    """Gradients that a function does not give, and lines that no call executed; a failure needs neither."""
    right = replace(samples.sample_verify_report().targets[0], scope="weight only", unreached=(14, 15))
    wrong = replace(right, verdict=Verdict.FAIL)

    assert "PASS  1 target: 1 right (weight only); lines 14, 15 never ran" == printed(one(right)).splitlines()[0]
    assert "FAIL  1 target: 1 wrong" == printed(one(wrong)).splitlines()[0]


def test_many_lines_that_never_ran_are_counted():
    """Eight are named."""
    right = replace(samples.sample_verify_report().targets[0], unreached=tuple(range(20, 31)))

    assert printed(one(right)).splitlines()[0].endswith("; lines 20, 21, 22, 23, 24, 25, 26, 27 and 3 more never ran")
    assert "; line 20 never ran" in printed(one(replace(right, unreached=(20,))))


def test_a_transposed_layer_is_told_to_be_one():
    """A pass is worth what it was judged as; the layout alone is that of a convolution too."""
    target = replace(samples.sample_target(), layer="conv_transpose2d")
    assert "convention   conv_transpose2d, " in printed(one(target))
    assert "conv2d" not in printed(one(replace(target, layer="conv2d")))

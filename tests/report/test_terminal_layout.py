# ruff: noqa: E501 (a screen of 200 columns, as it is)
import io
from dataclasses import replace

import pytest

from gradcheck_cli.model import ChannelDifference, Check, SamenessReport, Verdict
from gradcheck_cli.report.terminal import TerminalOptions, print_report
from tests.report import samples


def small_report():
    """One filter and two channels of 2x2, one entry wrong by 1e-9: short, with every section of a failure."""
    worst = replace(samples.failing_run_report().checks[0].worst, index=(0, 1, 1, 0), expected=0.1234)
    worst = replace(worst, actual=0.1234 * (1 + 1e-9), difference=1.234e-10, allowed=0.0, ratio=float("inf"))
    sameness = samples.sample_sameness()
    return samples.failing_run_report(
        answer="Method: dE/dF[o,i] = corr(X[i], G[o]) is right. Code: wrong. Same for all channels: no.",
        checks=(
            Check("exact", "weight", Verdict.FAIL, 8, 1, "equal bit for bit on integers", worst),
            Check("exact", "input", Verdict.PASS, 196608, 0, "equal bit for bit on integers"),
            Check("exact", "bias", Verdict.PASS, 3, 0, "equal bit for bit on integers"),
            Check("repeat", "weight", Verdict.NOT_APPLICABLE, 0, 0, "two runs agree", detail="one thread"),
        ),
        channels=(
            ChannelDifference(0, 0, 0.0, 0.0, 4, 4),
            ChannelDifference(0, 1, 1.234e-10, float("inf"), 3, 4),
        ),
        sameness=SamenessReport(sameness.across_channels, sameness.across_filters, sameness.counterfactuals[:1]),
        figures=samples.sample_figures(1, 2, 2, 2),
        notes=(),
    )


# The screen, word for word, at four widths.
AT_60 = """\
FAIL  Method: dE/dF[o,i] = corr(X[i], G[o]) is right. Code:
      wrong. Same for all channels: no.
ran   conv 3 -> 3, kernel 32x32; images/coffee.jpg,
      images/rocket.jpg, 256x256 -> 225x225; reference gray;
      loss l1 mean = 116.383; seed 0; float32 on cpu, 2
      threads; backward my_layers.py:conv_backward

Checks         gradient      wrong / of  of allowed
FAIL    exact  weight             1 / 8    infinity
PASS    exact  input, bias  0 / 196,611
n/a   repeat weight
  exact weight: equal bit for bit on integers
    worst at [0,1,1,0]: expected 1.234000000e-01, actual
    1.234000001e-01, difference 1.23e-10, allowed 0

Kernel gradients  hand-written against autograd, worst first
filter  channel  max |difference|  of allowed  equal entries
     0        1          1.23e-10    infinity          3 / 4
      not allowed
     0        0                 0           0          4 / 4

Are the kernel gradients the same?
across channels  no, different, because X's channels differ:
                 relative difference of the planes 0.21 to
                 0.71, none an affine copy of another;
                 relative difference 0.18 to 0.78;
                 correlation up to 0.993; 0 of 9 pairs
                 bit-equal
across filters   no, nearly the same (within 1 %), because
                 G's filters agree in the sign of O - ref at
                 99.1 % of the outputs; relative difference
                 0.0054 to 0.0074; correlation up to
                 0.999990; 0 of 9 pairs bit-equal
if instead       the gray image copied to all channels:
                 identical across channels, as it must be

grad_weight of autograd  9 = 43.3, . = 0, -9 = -43.3
[0,0]   [0,1]
 4  4    8  8
 5  5    9  9

What is wrong
  finding      batch-mean (proved), grad_weight: grad_weight
               is divided by the batch size: yours is
               exactly 1/2 of the truth with 2 images.
  mend it      Sum over the batch; drop the division by
               x.shape[0].
  fails when   batch > 1
  at           my_layers.py:12

Smallest example that fails  grad_weight; batch 2, in 1, out
1, input 2x2, kernel 1x1
x[0,0]   x[1,0]   G[0,0]   G[1,0]   expected[0,0]
1 2       0  1     1 -1    1 1      5
3 0       2 -1     1  1    1 0
actual[0,0]
*2.5
* differs from expected; the terms of grad_weight[0,0,0,0]:
  should hold  G[0,0,0,0]*x[0,0,0,0] + G[0,0,0,1]*x[0,0,0,1]
               + G[0,0,1,0]*x[0,0,1,0] +
               G[0,0,1,1]*x[0,0,1,1] + G[1,0,0,0]*x[1,0,0,0]
               + G[1,0,0,1]*x[1,0,0,1] +
               G[1,0,1,0]*x[1,0,1,0] + G[1,0,1,1]*x[1,0,1,1]
               = 5
  holds        0.5 times that sum = 2.5

Power   caught 5 of 5 planted mistakes; cannot show here:
        batch-mean, stride-ignored (-v says what would)
Reproduce  gradcheck run \\
             --backward my_layers.py:conv_backward --in 3 \\
             --out 3 --k 32 --seed 0 images/coffee.jpg \\
             images/rocket.jpg
"""

AT_80 = """\
FAIL  Method: dE/dF[o,i] = corr(X[i], G[o]) is right. Code: wrong. Same for all
      channels: no.
ran   conv 3 -> 3, kernel 32x32; images/coffee.jpg, images/rocket.jpg, 256x256
      -> 225x225; reference gray; loss l1 mean = 116.383; seed 0; float32 on
      cpu, 2 threads; backward my_layers.py:conv_backward

Checks         gradient      wrong / of  of allowed
FAIL    exact  weight             1 / 8    infinity
PASS    exact  input, bias  0 / 196,611
n/a   repeat weight
  exact weight: equal bit for bit on integers
    worst at [0,1,1,0]: expected 1.234000000e-01, actual 1.234000001e-01,
    difference 1.23e-10, allowed 0

Kernel gradients  hand-written against autograd, worst first
filter  channel  max |difference|  of allowed  equal entries
     0        1          1.23e-10    infinity          3 / 4  not allowed
     0        0                 0           0          4 / 4

Are the kernel gradients the same?
across channels  no, different, because X's channels differ: relative difference
                 of the planes 0.21 to 0.71, none an affine copy of another;
                 relative difference 0.18 to 0.78; correlation up to 0.993; 0 of
                 9 pairs bit-equal
across filters   no, nearly the same (within 1 %), because G's filters agree in
                 the sign of O - ref at 99.1 % of the outputs; relative
                 difference 0.0054 to 0.0074; correlation up to 0.999990; 0 of 9
                 pairs bit-equal
if instead       the gray image copied to all channels: identical across
                 channels, as it must be

grad_weight of autograd  9 = 43.3, . = 0, -9 = -43.3
[0,0]   [0,1]
 4  4    8  8
 5  5    9  9

What is wrong
  finding      batch-mean (proved), grad_weight: grad_weight is divided by the
               batch size: yours is exactly 1/2 of the truth with 2 images.
  mend it      Sum over the batch; drop the division by x.shape[0].
  fails when   batch > 1
  at           my_layers.py:12

Smallest example that fails  grad_weight; batch 2, in 1, out 1, input 2x2,
kernel 1x1
x[0,0]   x[1,0]   G[0,0]   G[1,0]   expected[0,0]   actual[0,0]
1 2       0  1     1 -1    1 1      5               *2.5
3 0       2 -1     1  1    1 0
* differs from expected; the terms of grad_weight[0,0,0,0]:
  should hold  G[0,0,0,0]*x[0,0,0,0] + G[0,0,0,1]*x[0,0,0,1] +
               G[0,0,1,0]*x[0,0,1,0] + G[0,0,1,1]*x[0,0,1,1] +
               G[1,0,0,0]*x[1,0,0,0] + G[1,0,0,1]*x[1,0,0,1] +
               G[1,0,1,0]*x[1,0,1,0] + G[1,0,1,1]*x[1,0,1,1] = 5
  holds        0.5 times that sum = 2.5

Power   caught 5 of 5 planted mistakes; cannot show here: batch-mean,
        stride-ignored (-v says what would)
Reproduce  gradcheck run --backward my_layers.py:conv_backward --in 3 --out 3 \\
             --k 32 --seed 0 images/coffee.jpg images/rocket.jpg
"""

AT_100 = """\
FAIL  Method: dE/dF[o,i] = corr(X[i], G[o]) is right. Code: wrong. Same for all channels: no.
ran   conv 3 -> 3, kernel 32x32; images/coffee.jpg, images/rocket.jpg, 256x256 -> 225x225; reference
      gray; loss l1 mean = 116.383; seed 0; float32 on cpu, 2 threads; backward
      my_layers.py:conv_backward

Checks         gradient      wrong / of  of allowed
FAIL    exact  weight             1 / 8    infinity
PASS    exact  input, bias  0 / 196,611
n/a   repeat weight
  exact weight: equal bit for bit on integers
    worst at [0,1,1,0]: expected 1.234000000e-01, actual 1.234000001e-01, difference 1.23e-10,
    allowed 0

Kernel gradients  hand-written against autograd, worst first
filter  channel  max |difference|  of allowed  equal entries
     0        1          1.23e-10    infinity          3 / 4  not allowed
     0        0                 0           0          4 / 4

Are the kernel gradients the same?
across channels  no, different, because X's channels differ: relative difference of the planes 0.21
                 to 0.71, none an affine copy of another; relative difference 0.18 to 0.78;
                 correlation up to 0.993; 0 of 9 pairs bit-equal
across filters   no, nearly the same (within 1 %), because G's filters agree in the sign of O - ref
                 at 99.1 % of the outputs; relative difference 0.0054 to 0.0074; correlation up to
                 0.999990; 0 of 9 pairs bit-equal
if instead       the gray image copied to all channels: identical across channels, as it must be

grad_weight of autograd  9 = 43.3, . = 0, -9 = -43.3
[0,0]   [0,1]
 4  4    8  8
 5  5    9  9

What is wrong
  finding      batch-mean (proved), grad_weight: grad_weight is divided by the batch size: yours is
               exactly 1/2 of the truth with 2 images.
  mend it      Sum over the batch; drop the division by x.shape[0].
  fails when   batch > 1
  at           my_layers.py:12

Smallest example that fails  grad_weight; batch 2, in 1, out 1, input 2x2, kernel 1x1
x[0,0]   x[1,0]   G[0,0]   G[1,0]   expected[0,0]   actual[0,0]
1 2       0  1     1 -1    1 1      5               *2.5
3 0       2 -1     1  1    1 0
* differs from expected; the terms of grad_weight[0,0,0,0]:
  should hold  G[0,0,0,0]*x[0,0,0,0] + G[0,0,0,1]*x[0,0,0,1] + G[0,0,1,0]*x[0,0,1,0] +
               G[0,0,1,1]*x[0,0,1,1] + G[1,0,0,0]*x[1,0,0,0] + G[1,0,0,1]*x[1,0,0,1] +
               G[1,0,1,0]*x[1,0,1,0] + G[1,0,1,1]*x[1,0,1,1] = 5
  holds        0.5 times that sum = 2.5

Power   caught 5 of 5 planted mistakes; cannot show here: batch-mean, stride-ignored (-v says what
        would)
Reproduce  gradcheck run --backward my_layers.py:conv_backward --in 3 --out 3 --k 32 --seed 0 \\
             images/coffee.jpg images/rocket.jpg
"""

AT_200 = """\
FAIL  Method: dE/dF[o,i] = corr(X[i], G[o]) is right. Code: wrong. Same for all channels: no.
ran   conv 3 -> 3, kernel 32x32; images/coffee.jpg, images/rocket.jpg, 256x256 -> 225x225; reference gray; loss l1 mean
      = 116.383; seed 0; float32 on cpu, 2 threads; backward my_layers.py:conv_backward

Checks         gradient      wrong / of  of allowed
FAIL    exact  weight             1 / 8    infinity
PASS    exact  input, bias  0 / 196,611
n/a   repeat weight
  exact weight: equal bit for bit on integers
    worst at [0,1,1,0]: expected 1.234000000e-01, actual 1.234000001e-01, difference 1.23e-10, allowed 0

Kernel gradients  hand-written against autograd, worst first
filter  channel  max |difference|  of allowed  equal entries
     0        1          1.23e-10    infinity          3 / 4  not allowed
     0        0                 0           0          4 / 4

Are the kernel gradients the same?
across channels  no, different, because X's channels differ: relative difference of the planes 0.21 to 0.71, none an
                 affine copy of another; relative difference 0.18 to 0.78; correlation up to 0.993; 0 of 9 pairs
                 bit-equal
across filters   no, nearly the same (within 1 %), because G's filters agree in the sign of O - ref at 99.1 % of the
                 outputs; relative difference 0.0054 to 0.0074; correlation up to 0.999990; 0 of 9 pairs bit-equal
if instead       the gray image copied to all channels: identical across channels, as it must be

grad_weight of autograd  9 = 43.3, . = 0, -9 = -43.3
[0,0]   [0,1]
 4  4    8  8
 5  5    9  9

What is wrong
  finding      batch-mean (proved), grad_weight: grad_weight is divided by the batch size: yours is exactly 1/2 of the
               truth with 2 images.
  mend it      Sum over the batch; drop the division by x.shape[0].
  fails when   batch > 1
  at           my_layers.py:12

Smallest example that fails  grad_weight; batch 2, in 1, out 1, input 2x2, kernel 1x1
x[0,0]   x[1,0]   G[0,0]   G[1,0]   expected[0,0]   actual[0,0]
1 2       0  1     1 -1    1 1      5               *2.5
3 0       2 -1     1  1    1 0
* differs from expected; the terms of grad_weight[0,0,0,0]:
  should hold  G[0,0,0,0]*x[0,0,0,0] + G[0,0,0,1]*x[0,0,0,1] + G[0,0,1,0]*x[0,0,1,0] + G[0,0,1,1]*x[0,0,1,1] +
               G[1,0,0,0]*x[1,0,0,0] + G[1,0,0,1]*x[1,0,0,1] + G[1,0,1,0]*x[1,0,1,0] + G[1,0,1,1]*x[1,0,1,1] = 5
  holds        0.5 times that sum = 2.5

Power   caught 5 of 5 planted mistakes; cannot show here: batch-mean, stride-ignored (-v says what would)
Reproduce  gradcheck run --backward my_layers.py:conv_backward --in 3 --out 3 --k 32 --seed 0 images/coffee.jpg images/rocket.jpg
"""


@pytest.mark.parametrize(("width", "expected"), [(60, AT_60), (80, AT_80), (100, AT_100), (200, AT_200)])
def test_a_failing_run_word_for_word(width, expected):
    """What is wrong, with its numbers, fits every width from 60 on; prose is never wider than 120."""
    assert expected == printed(small_report(), width)


def printed(report, width, verbosity=0):
    """What is printed, without colours."""
    file = io.StringIO()
    print_report(report, TerminalOptions(color="never", verbosity=verbosity, width=width), file)
    return file.getvalue()


@pytest.mark.parametrize("name", sorted(set(samples.SAMPLES) - {"run-evil", "verify-evil"}))
@pytest.mark.parametrize("verbosity", [0, 1])
@pytest.mark.parametrize("width", [60, 72, 80, 100, 133, 200])
def test_no_line_is_wider_than_the_screen(name, verbosity, width):
    """Nothing relies on the terminal to break a line."""
    lines = printed(samples.SAMPLES[name](), width, verbosity).splitlines()
    assert [] == [line for line in lines if len(line) > width]


@pytest.mark.parametrize("width", range(60, 201, 7))
def test_the_same_digits_are_shown_at_every_width(width):
    """A narrow screen moves words, and cuts no number."""
    report = replace(samples.sample_run_report(), figures=None)
    assert digits(printed(report, 200, 1)) == digits(printed(report, width, 1))


def digits(text):
    """Every number of the text."""
    return sorted("".join(char if char in "0123456789.e-,+" else " " for char in text).split())


def test_a_passing_run_is_about_one_screen():
    """About 40 lines at 100 columns for the forum's layer, the answer first and the command last."""
    lines = printed(samples.sample_run_report(), 100).splitlines()
    assert len(lines) <= 50
    assert lines[0].startswith("PASS  Method: ")
    assert lines[-1].startswith("Reproduce  gradcheck run ")

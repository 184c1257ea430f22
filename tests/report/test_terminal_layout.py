# ruff: noqa: E501 (a screen of 200 columns, as it is)
import io

import pytest

from gradcheck_cli.report.terminal import TerminalOptions, print_report
from tests.report import samples

# The screen, word for word, at four widths.
AT_60 = """\
FAIL  Method: dE/dF[o,i] = corr(X[i], G[o]) is right. Code:
      wrong: input-grad-kernel-unrotated (proved) in
      grad_input. Same for all channels: no, because X's
      channels differ (by 38 % to 69 %); taking them as the
      same would be wrong by up to 70 %.
ran   conv 3 -> 3, kernel 4x3; images/coffee.jpg, 20x20 ->
      17x18; channel 0 is blue, 1 green, 2 red; reference
      gray; loss l1 mean = 139.124; seed 0; float32 on cpu,
      1 thread; backward unrotated.py:conv_backward (cache,
      NCHW: by the names of its parameters (dout =
      grad_output, cache = cache); the cache is made by
      conv_forward)

What is wrong
  finding      input-grad-kernel-unrotated (proved),
               grad_input: your grad_input is exactly what
               comes out when the code turns w the wrong way
               in dx, where a correlation of dout needs w
               turned by 180 degrees and a scatter needs w
               as it stands (kernel 3x2): on small integers,
               entry [0, 0, 0, 0] is 4 where -5 is right.
  mend it      Turn the kernel by 180 degrees, then
               correlate the padded dout with it; or scatter
               w * dout without turning.
  fails when   the kernel is larger than 1x1
  at           unrotated.py:18:91
               18 | ...out[:, :, p, q], w[:, :, ::-1, ::-1])
                  |                      ^^^^^^^^^^^^^^^^^^
               Without it grad_input is right on all 23
               geometries.

Smallest example that fails  grad_input; batch 1, in 1, out
1, input 1x2, kernel 1x2
weight[0,0]   G[0,0]   expected[0,0]   actual[0,0]
1 3           -6        -6 -18         *-18  *-6
* differs from expected; the terms of grad_input[0,0,0,0]:
  should hold  G[0,0,0,0]*weight[0,0,0,0] = -6
  holds        G[0,0,0,0]*weight[0,0,0,1] = -18

Checks                    gradient       wrong / of
      of allowed
PASS    exact             weight, bias      0 / 111
               0
FAIL    exact             input         884 / 1,200
        infinity
FAIL    referee           input         884 / 1,200
                  the definition's sum says that grad_input
                  is wrong in your conv_backward (884 of
                  1,200 entries); autograd is right
PASS    hand-vs-autograd  weight, bias      0 / 111
          0.0117
FAIL    hand-vs-autograd  input         909 / 1,200
         1.4e+06
PASS    numeric           weight            0 / 108
           0.001
PASS    adjoint           weight, bias      0 / 111
FAIL    adjoint           input          1+ / 1,200
                  the identity does not hold for grad_input
PASS    repeat            weight            0 / 216
               0
PASS    grad-output       output            0 / 918
           0.101
  exact input: integers in float32: every order of summation
  is exact, so equal bit for bit
    worst at [0,1,15,6]: expected -33, actual 45, difference
    78, allowed 0
  referee input: summed straight from the definition
  hand-vs-autograd input: on the pictures: |difference| <=
  (n+2) 2^-24 A; typical up to sqrt(n) 2^-24 A, n = 36
    worst at [0,2,0,1]: expected -0.000274, actual 0.00078,
    difference 0.00105, allowed 7.53e-10
  adjoint input: <conv(X',F), G> = <X', dE/dX>, exact on
  wide integers
  A is the sum of the absolute products of an entry, n how
  many there are.

Kernel gradients  your code against autograd, worst first
filter  channel  max |difference|  of allowed  equal entries
     0        0          3.12e-06      0.0108         0 / 12
     2        0          2.86e-06     0.00945         0 / 12
     1        0          2.63e-06     0.00834         0 / 12
     1        2          6.34e-06     0.00679         0 / 12
     2        2          5.29e-06     0.00548         0 / 12
     2        1          2.58e-06     0.00502         0 / 12
     1        1          2.28e-06     0.00467         0 / 12
     0        1          2.06e-06     0.00421         0 / 12
     0        2          4.00e-06     0.00415         0 / 12

Are the kernel gradients the same?  those of autograd
across channels  no, different, because X's channels differ
                 (by 38 % to 69 %); relative difference
                 0.409 to 0.697; correlation up to 0.995;
                 pairs: 1 similar-shape, 8 different; 0 of 9
                 pairs bit-equal
across filters   no, different, because sign(O - ref) agrees
                 between two filters at 85 % to 99.35 % of
                 the outputs; relative difference 0.0112 to
                 0.21; correlation up to 0.987; 0 of 9 pairs
                 bit-equal
if instead       the gray picture copied to all channels:
                 identical across channels, as it must be
if instead       the G of filter 0 used for every filter:
                 identical across filters, as it must be

grad_input of your code  9 = 0.00102, . = 0, -9 = -0.00102,
means of 4x4 entries
[0,0]            [0,1]            [0,2]
 2  .  .  . -1    1  1  1  1  1    6  7  7  7  4
 1 -1 -1 -1 -3    1  1  1  1  1    6  6  6  6  4
 1 -2 -2 -1 -3    .  .  1  2  1    5  8  7  7  4
 1 -1 -2 -1 -3    1  2  2  .  2    6  7  9  7  4
-1 -1 -2 -2 -2    .  2  1  2  1    1  1  3  3  .

grad_input of autograd  9 = 0.00102, . = 0, -9 = -0.00102,
means of 4x4 entries
[0,0]            [0,1]            [0,2]
-2 -2 -2 -2 -1    1  1  1  1  .    .  1  1  1  1
-3 -1 -1 -1  1    1  2  1  2  1    4  6  6  7  6
-3 -1 -1 -2  1    1  3  3  .  1    4  9  8  6  6
-3 -1 -1 -1  1    1  1  2  2  1    4  9  7  7  5
-1  .  1  .  2    1  . -1  .  1    4  9  8  8  6

Power   caught 31 of 31 planted mistakes; cannot show here:
        batch-mean, last-sample-only, stride-ignored and 8
        more (-v says what would)
Reproduce  gradcheck run --in 3 --out 3 --k 4x3 --size 20 \\
             --seed 0 --threads 1 \\
             --backward unrotated.py:conv_backward \\
             images/coffee.jpg
"""

AT_80 = """\
FAIL  Method: dE/dF[o,i] = corr(X[i], G[o]) is right. Code: wrong:
      input-grad-kernel-unrotated (proved) in grad_input. Same for all channels:
      no, because X's channels differ (by 38 % to 69 %); taking them as the same
      would be wrong by up to 70 %.
ran   conv 3 -> 3, kernel 4x3; images/coffee.jpg, 20x20 -> 17x18; channel 0 is
      blue, 1 green, 2 red; reference gray; loss l1 mean = 139.124; seed 0;
      float32 on cpu, 1 thread; backward unrotated.py:conv_backward (cache,
      NCHW: by the names of its parameters (dout = grad_output, cache = cache);
      the cache is made by conv_forward)

What is wrong
  finding      input-grad-kernel-unrotated (proved), grad_input: your grad_input
               is exactly what comes out when the code turns w the wrong way in
               dx, where a correlation of dout needs w turned by 180 degrees and
               a scatter needs w as it stands (kernel 3x2): on small integers,
               entry [0, 0, 0, 0] is 4 where -5 is right.
  mend it      Turn the kernel by 180 degrees, then correlate the padded dout
               with it; or scatter w * dout without turning.
  fails when   the kernel is larger than 1x1
  at           unrotated.py:18:91
               18 | ...m("nf,fcij->ncij", dout[:, :, p, q], w[:, :, ::-1, ::-1])
                  |                                          ^^^^^^^^^^^^^^^^^^
               Without it grad_input is right on all 23 geometries.

Smallest example that fails  grad_input; batch 1, in 1, out 1, input 1x2, kernel
1x2
weight[0,0]   G[0,0]   expected[0,0]   actual[0,0]
1 3           -6        -6 -18         *-18  *-6
* differs from expected; the terms of grad_input[0,0,0,0]:
  should hold  G[0,0,0,0]*weight[0,0,0,0] = -6
  holds        G[0,0,0,0]*weight[0,0,0,1] = -18

Checks                    gradient       wrong / of  of allowed
PASS    exact             weight, bias      0 / 111           0
FAIL    exact             input         884 / 1,200    infinity
FAIL    referee           input         884 / 1,200
      the definition's sum says that grad_input is wrong in your conv_backward
      (884 of 1,200 entries); autograd is right
PASS    hand-vs-autograd  weight, bias      0 / 111      0.0117
      typical rounding
FAIL    hand-vs-autograd  input         909 / 1,200     1.4e+06
PASS    numeric           weight            0 / 108       0.001
PASS    adjoint           weight, bias      0 / 111
FAIL    adjoint           input          1+ / 1,200
      the identity does not hold for grad_input
PASS    repeat            weight            0 / 216           0
PASS    grad-output       output            0 / 918       0.101
  exact input: integers in float32: every order of summation is exact, so equal
  bit for bit
    worst at [0,1,15,6]: expected -33, actual 45, difference 78, allowed 0
  referee input: summed straight from the definition
  hand-vs-autograd input: on the pictures: |difference| <= (n+2) 2^-24 A;
  typical up to sqrt(n) 2^-24 A, n = 36
    worst at [0,2,0,1]: expected -0.000274, actual 0.00078, difference 0.00105,
    allowed 7.53e-10
  adjoint input: <conv(X',F), G> = <X', dE/dX>, exact on wide integers
  A is the sum of the absolute products of an entry, n how many there are.

Kernel gradients  your code against autograd, worst first
filter  channel  max |difference|  of allowed  equal entries
     0        0          3.12e-06      0.0108         0 / 12
     2        0          2.86e-06     0.00945         0 / 12
     1        0          2.63e-06     0.00834         0 / 12
     1        2          6.34e-06     0.00679         0 / 12
     2        2          5.29e-06     0.00548         0 / 12
     2        1          2.58e-06     0.00502         0 / 12
     1        1          2.28e-06     0.00467         0 / 12
     0        1          2.06e-06     0.00421         0 / 12
     0        2          4.00e-06     0.00415         0 / 12

Are the kernel gradients the same?  those of autograd
across channels  no, different, because X's channels differ (by 38 % to 69 %);
                 relative difference 0.409 to 0.697; correlation up to 0.995;
                 pairs: 1 similar-shape, 8 different; 0 of 9 pairs bit-equal
across filters   no, different, because sign(O - ref) agrees between two filters
                 at 85 % to 99.35 % of the outputs; relative difference 0.0112
                 to 0.21; correlation up to 0.987; 0 of 9 pairs bit-equal
if instead       the gray picture copied to all channels: identical across
                 channels, as it must be
if instead       the G of filter 0 used for every filter: identical across
                 filters, as it must be

grad_input of your code  9 = 0.00102, . = 0, -9 = -0.00102, means of 4x4 entries
[0,0]            [0,1]            [0,2]
 2  .  .  . -1    1  1  1  1  1    6  7  7  7  4
 1 -1 -1 -1 -3    1  1  1  1  1    6  6  6  6  4
 1 -2 -2 -1 -3    .  .  1  2  1    5  8  7  7  4
 1 -1 -2 -1 -3    1  2  2  .  2    6  7  9  7  4
-1 -1 -2 -2 -2    .  2  1  2  1    1  1  3  3  .

grad_input of autograd  9 = 0.00102, . = 0, -9 = -0.00102, means of 4x4 entries
[0,0]            [0,1]            [0,2]
-2 -2 -2 -2 -1    1  1  1  1  .    .  1  1  1  1
-3 -1 -1 -1  1    1  2  1  2  1    4  6  6  7  6
-3 -1 -1 -2  1    1  3  3  .  1    4  9  8  6  6
-3 -1 -1 -1  1    1  1  2  2  1    4  9  7  7  5
-1  .  1  .  2    1  . -1  .  1    4  9  8  8  6

Power   caught 31 of 31 planted mistakes; cannot show here: batch-mean,
        last-sample-only, stride-ignored and 8 more (-v says what would)
Reproduce  gradcheck run --in 3 --out 3 --k 4x3 --size 20 --seed 0 --threads 1 \\
             --backward unrotated.py:conv_backward images/coffee.jpg
"""

AT_100 = """\
FAIL  Method: dE/dF[o,i] = corr(X[i], G[o]) is right. Code: wrong: input-grad-kernel-unrotated
      (proved) in grad_input. Same for all channels: no, because X's channels differ (by 38 % to 69
      %); taking them as the same would be wrong by up to 70 %.
ran   conv 3 -> 3, kernel 4x3; images/coffee.jpg, 20x20 -> 17x18; channel 0 is blue, 1 green, 2 red;
      reference gray; loss l1 mean = 139.124; seed 0; float32 on cpu, 1 thread; backward
      unrotated.py:conv_backward (cache, NCHW: by the names of its parameters (dout = grad_output,
      cache = cache); the cache is made by conv_forward)

What is wrong
  finding      input-grad-kernel-unrotated (proved), grad_input: your grad_input is exactly what
               comes out when the code turns w the wrong way in dx, where a correlation of dout
               needs w turned by 180 degrees and a scatter needs w as it stands (kernel 3x2): on
               small integers, entry [0, 0, 0, 0] is 4 where -5 is right.
  mend it      Turn the kernel by 180 degrees, then correlate the padded dout with it; or scatter w
               * dout without turning.
  fails when   the kernel is larger than 1x1
  at           unrotated.py:18:91
               18 | ... q + kw] += np.einsum("nf,fcij->ncij", dout[:, :, p, q], w[:, :, ::-1, ::-1])
                  |                                                              ^^^^^^^^^^^^^^^^^^
               Without it grad_input is right on all 23 geometries.

Smallest example that fails  grad_input; batch 1, in 1, out 1, input 1x2, kernel 1x2
weight[0,0]   G[0,0]   expected[0,0]   actual[0,0]
1 3           -6        -6 -18         *-18  *-6
* differs from expected; the terms of grad_input[0,0,0,0]:
  should hold  G[0,0,0,0]*weight[0,0,0,0] = -6
  holds        G[0,0,0,0]*weight[0,0,0,1] = -18

Checks                    gradient       wrong / of  of allowed
PASS    exact             weight, bias      0 / 111           0
FAIL    exact             input         884 / 1,200    infinity
FAIL    referee           input         884 / 1,200              the definition's sum says that
                                                                 grad_input is wrong in your
                                                                 conv_backward (884 of 1,200
                                                                 entries); autograd is right
PASS    hand-vs-autograd  weight, bias      0 / 111      0.0117  typical rounding
FAIL    hand-vs-autograd  input         909 / 1,200     1.4e+06
PASS    numeric           weight            0 / 108       0.001  all 108 entries, 0 outputs at a
                                                                 kink
PASS    adjoint           weight, bias      0 / 111
FAIL    adjoint           input          1+ / 1,200              the identity does not hold for
                                                                 grad_input
PASS    repeat            weight            0 / 216           0  autograd gives the same bits twice
PASS    grad-output       output            0 / 918       0.101
  exact input: integers in float32: every order of summation is exact, so equal bit for bit
    worst at [0,1,15,6]: expected -33, actual 45, difference 78, allowed 0
  referee input: summed straight from the definition
  hand-vs-autograd input: on the pictures: |difference| <= (n+2) 2^-24 A; typical up to sqrt(n)
  2^-24 A, n = 36
    worst at [0,2,0,1]: expected -0.000274, actual 0.00078, difference 0.00105, allowed 7.53e-10
  adjoint input: <conv(X',F), G> = <X', dE/dX>, exact on wide integers
  A is the sum of the absolute products of an entry, n how many there are.

Kernel gradients  your code against autograd, worst first
filter  channel  max |difference|  of allowed  equal entries
     0        0          3.12e-06      0.0108         0 / 12
     2        0          2.86e-06     0.00945         0 / 12
     1        0          2.63e-06     0.00834         0 / 12
     1        2          6.34e-06     0.00679         0 / 12
     2        2          5.29e-06     0.00548         0 / 12
     2        1          2.58e-06     0.00502         0 / 12
     1        1          2.28e-06     0.00467         0 / 12
     0        1          2.06e-06     0.00421         0 / 12
     0        2          4.00e-06     0.00415         0 / 12

Are the kernel gradients the same?  those of autograd
across channels  no, different, because X's channels differ (by 38 % to 69 %); relative difference
                 0.409 to 0.697; correlation up to 0.995; pairs: 1 similar-shape, 8 different; 0 of
                 9 pairs bit-equal
across filters   no, different, because sign(O - ref) agrees between two filters at 85 % to 99.35 %
                 of the outputs; relative difference 0.0112 to 0.21; correlation up to 0.987; 0 of 9
                 pairs bit-equal
if instead       the gray picture copied to all channels: identical across channels, as it must be
if instead       the G of filter 0 used for every filter: identical across filters, as it must be

grad_input of your code  9 = 0.00102, . = 0, -9 = -0.00102, means of 4x4 entries
[0,0]            [0,1]            [0,2]
 2  .  .  . -1    1  1  1  1  1    6  7  7  7  4
 1 -1 -1 -1 -3    1  1  1  1  1    6  6  6  6  4
 1 -2 -2 -1 -3    .  .  1  2  1    5  8  7  7  4
 1 -1 -2 -1 -3    1  2  2  .  2    6  7  9  7  4
-1 -1 -2 -2 -2    .  2  1  2  1    1  1  3  3  .

grad_input of autograd  9 = 0.00102, . = 0, -9 = -0.00102, means of 4x4 entries
[0,0]            [0,1]            [0,2]
-2 -2 -2 -2 -1    1  1  1  1  .    .  1  1  1  1
-3 -1 -1 -1  1    1  2  1  2  1    4  6  6  7  6
-3 -1 -1 -2  1    1  3  3  .  1    4  9  8  6  6
-3 -1 -1 -1  1    1  1  2  2  1    4  9  7  7  5
-1  .  1  .  2    1  . -1  .  1    4  9  8  8  6

Power   caught 31 of 31 planted mistakes; cannot show here: batch-mean, last-sample-only,
        stride-ignored and 8 more (-v says what would)
Reproduce  gradcheck run --in 3 --out 3 --k 4x3 --size 20 --seed 0 --threads 1 \\
             --backward unrotated.py:conv_backward images/coffee.jpg
"""

AT_200 = """\
FAIL  Method: dE/dF[o,i] = corr(X[i], G[o]) is right. Code: wrong: input-grad-kernel-unrotated (proved) in grad_input.
      Same for all channels: no, because X's channels differ (by 38 % to 69 %); taking them as the same would be wrong
      by up to 70 %.
ran   conv 3 -> 3, kernel 4x3; images/coffee.jpg, 20x20 -> 17x18; channel 0 is blue, 1 green, 2 red; reference gray;
      loss l1 mean = 139.124; seed 0; float32 on cpu, 1 thread; backward unrotated.py:conv_backward (cache, NCHW: by the
      names of its parameters (dout = grad_output, cache = cache); the cache is made by conv_forward)

What is wrong
  finding      input-grad-kernel-unrotated (proved), grad_input: your grad_input is exactly what comes out when the code
               turns w the wrong way in dx, where a correlation of dout needs w turned by 180 degrees and a scatter
               needs w as it stands (kernel 3x2): on small integers, entry [0, 0, 0, 0] is 4 where -5 is right.
  mend it      Turn the kernel by 180 degrees, then correlate the padded dout with it; or scatter w * dout without
               turning.
  fails when   the kernel is larger than 1x1
  at           unrotated.py:18:91
               18 | ..., :, p : p + kh, q : q + kw] += np.einsum("nf,fcij->ncij", dout[:, :, p, q], w[:, :, ::-1, ::-1])
                  |                                                                                  ^^^^^^^^^^^^^^^^^^
               Without it grad_input is right on all 23 geometries.

Smallest example that fails  grad_input; batch 1, in 1, out 1, input 1x2, kernel 1x2
weight[0,0]   G[0,0]   expected[0,0]   actual[0,0]
1 3           -6        -6 -18         *-18  *-6
* differs from expected; the terms of grad_input[0,0,0,0]:
  should hold  G[0,0,0,0]*weight[0,0,0,0] = -6
  holds        G[0,0,0,0]*weight[0,0,0,1] = -18

Checks                    gradient       wrong / of  of allowed
PASS    exact             weight, bias      0 / 111           0
FAIL    exact             input         884 / 1,200    infinity
FAIL    referee           input         884 / 1,200              the definition's sum says that grad_input is wrong in your conv_backward (884 of 1,200 entries); autograd is right
PASS    hand-vs-autograd  weight, bias      0 / 111      0.0117  typical rounding
FAIL    hand-vs-autograd  input         909 / 1,200     1.4e+06
PASS    numeric           weight            0 / 108       0.001  all 108 entries, 0 outputs at a kink
PASS    adjoint           weight, bias      0 / 111              one wrong entry would be missed with probability 2e-05
FAIL    adjoint           input          1+ / 1,200              the identity does not hold for grad_input
PASS    repeat            weight            0 / 216           0  autograd gives the same bits twice
PASS    grad-output       output            0 / 918       0.101  float32 and float64 decide every sign alike
  exact input: integers in float32: every order of summation is exact, so equal bit for bit
    worst at [0,1,15,6]: expected -33, actual 45, difference 78, allowed 0
  referee input: summed straight from the definition
  hand-vs-autograd input: on the pictures: |difference| <= (n+2) 2^-24 A; typical up to sqrt(n) 2^-24 A, n = 36
    worst at [0,2,0,1]: expected -0.000274, actual 0.00078, difference 0.00105, allowed 7.53e-10
  adjoint input: <conv(X',F), G> = <X', dE/dX>, exact on wide integers
  A is the sum of the absolute products of an entry, n how many there are.

Kernel gradients  your code against autograd, worst first
filter  channel  max |difference|  of allowed  equal entries
     0        0          3.12e-06      0.0108         0 / 12
     2        0          2.86e-06     0.00945         0 / 12
     1        0          2.63e-06     0.00834         0 / 12
     1        2          6.34e-06     0.00679         0 / 12
     2        2          5.29e-06     0.00548         0 / 12
     2        1          2.58e-06     0.00502         0 / 12
     1        1          2.28e-06     0.00467         0 / 12
     0        1          2.06e-06     0.00421         0 / 12
     0        2          4.00e-06     0.00415         0 / 12

Are the kernel gradients the same?  those of autograd
across channels  no, different, because X's channels differ (by 38 % to 69 %); relative difference 0.409 to 0.697;
                 correlation up to 0.995; pairs: 1 similar-shape, 8 different; 0 of 9 pairs bit-equal
across filters   no, different, because sign(O - ref) agrees between two filters at 85 % to 99.35 % of the outputs;
                 relative difference 0.0112 to 0.21; correlation up to 0.987; 0 of 9 pairs bit-equal
if instead       the gray picture copied to all channels: identical across channels, as it must be
if instead       the G of filter 0 used for every filter: identical across filters, as it must be

grad_input of your code  9 = 0.00102, . = 0, -9 = -0.00102, means of 4x4 entries
[0,0]            [0,1]            [0,2]
 2  .  .  . -1    1  1  1  1  1    6  7  7  7  4
 1 -1 -1 -1 -3    1  1  1  1  1    6  6  6  6  4
 1 -2 -2 -1 -3    .  .  1  2  1    5  8  7  7  4
 1 -1 -2 -1 -3    1  2  2  .  2    6  7  9  7  4
-1 -1 -2 -2 -2    .  2  1  2  1    1  1  3  3  .

grad_input of autograd  9 = 0.00102, . = 0, -9 = -0.00102, means of 4x4 entries
[0,0]            [0,1]            [0,2]
-2 -2 -2 -2 -1    1  1  1  1  .    .  1  1  1  1
-3 -1 -1 -1  1    1  2  1  2  1    4  6  6  7  6
-3 -1 -1 -2  1    1  3  3  .  1    4  9  8  6  6
-3 -1 -1 -1  1    1  1  2  2  1    4  9  7  7  5
-1  .  1  .  2    1  . -1  .  1    4  9  8  8  6

Power   caught 31 of 31 planted mistakes; cannot show here: batch-mean, last-sample-only, stride-ignored and 8 more (-v
        says what would)
Reproduce  gradcheck run --in 3 --out 3 --k 4x3 --size 20 --seed 0 --threads 1 --backward unrotated.py:conv_backward images/coffee.jpg
"""


@pytest.mark.parametrize(("width", "expected"), [(60, AT_60), (80, AT_80), (100, AT_100), (200, AT_200)])
def test_a_failing_run_word_for_word(width, expected):
    """What is wrong, with its numbers, fits every width from 60 on; prose is never wider than 120."""
    assert expected == printed(samples.SAMPLES["run-wrong-input"](), width)


def printed(report, width, verbosity=0):
    """What is printed, without colours."""
    file = io.StringIO()
    print_report(report, TerminalOptions(color="never", verbosity=verbosity, width=width), file)
    return file.getvalue()


@pytest.mark.parametrize("name", sorted(set(samples.SAMPLES) - {"run-hostile", "verify-hostile"}))
@pytest.mark.parametrize("verbosity", [0, 1])
@pytest.mark.parametrize("width", [60, 72, 80, 100, 133, 200])
def test_no_line_is_wider_than_the_screen(name, verbosity, width):
    """Nothing relies on the terminal to break a line, but for a name that is longer than one."""
    report = samples.SAMPLES[name]()
    names = {target.target for target in getattr(report, "targets", ())}
    lines = printed(report, width, verbosity).splitlines()
    assert [] == [line for line in lines if len(line) > width and line.strip(" \\") not in names]


@pytest.mark.parametrize("width", range(60, 201, 7))
def test_the_same_digits_are_shown_at_every_width(width):
    """A narrow screen moves words, and cuts no number."""
    report = samples.sample_run_report()
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

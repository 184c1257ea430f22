"""From wrong numbers to a named mistake: which formula gives exactly these numbers, and if none, where they are wrong.

Arrays in, evidence out: nothing here prints, and nothing runs user code.
"""

from gradcheck_cli.diagnose.calls import of_calls as of_calls
from gradcheck_cli.diagnose.code import Code as Code
from gradcheck_cli.diagnose.conditions import (
    condition as condition,
    fitting as fitting,
    settle as settle,
)
from gradcheck_cli.diagnose.following import without_followers as without_followers
from gradcheck_cli.diagnose.locate import locate as locate
from gradcheck_cli.diagnose.memory import with_unwritten_memory as with_unwritten_memory
from gradcheck_cli.diagnose.naming import diagnose as diagnose
from gradcheck_cli.diagnose.observation import Observation as Observation
from gradcheck_cli.diagnose.summary import (
    summarise_geometries as summarise_geometries,
    with_condition_in_words as with_condition_in_words,
    with_conditions_that_hold as with_conditions_that_hold,
)
from gradcheck_cli.diagnose.words import Words as Words, words_for as words_for, words_of as words_of

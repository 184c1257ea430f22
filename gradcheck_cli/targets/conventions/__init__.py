"""Recognises how a target wants to be called, by trying every convention met in the wild on small cases."""

from gradcheck_cli.targets.conventions.attempt import Chosen as Chosen
from gradcheck_cli.targets.conventions.base import (
    AmbiguousError as AmbiguousError,
    NotRecognisedError as NotRecognisedError,
)
from gradcheck_cli.targets.conventions.recognise import (
    check_convention as check_convention,
    recognise as recognise,
    recognise_by_names as recognise_by_names,
)

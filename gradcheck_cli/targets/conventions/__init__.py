"""Recognises how a target wants to be called, by trying every convention met in the wild on small cases."""

from gradcheck_cli.targets.conventions.recognise import (
    CONVENTIONS as CONVENTIONS,
    AmbiguousError as AmbiguousError,
    Chosen as Chosen,
    NotRecognisedError as NotRecognisedError,
    check_convention as check_convention,
    recognise as recognise,
)

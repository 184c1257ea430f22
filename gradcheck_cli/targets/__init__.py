"""The user's own backward: found, loaded in a child process, recognised, called.

`resolve` turns what was typed into `TargetRef`s without executing anything; `Worker` runs one of them in a child
process and hands back `Outcome`s in our layout. Nothing here judges a gradient.
"""

from gradcheck_cli.targets.contract import (
    NOT_TRIED as NOT_TRIED,
    Described as Described,
    DescribedFunction as DescribedFunction,
    ErrorKind as ErrorKind,
    ForwardBeside as ForwardBeside,
    HowToCall as HowToCall,
    Outcome as Outcome,
    Repetition as Repetition,
    TargetRef as TargetRef,
    TextEdit as TextEdit,
    WorkerLimits as WorkerLimits,
    WrongBeside as WrongBeside,
)
from gradcheck_cli.targets.resolve import called_by as called_by, resolve as resolve
from gradcheck_cli.targets.worker import Worker as Worker

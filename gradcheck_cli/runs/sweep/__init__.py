"""Many questions, one short answer each: asked in shards, kept as they come, resumed, merged.

The questions of a sweep follow from its options alone, and each has an id that is the same in every process. So any
part of them can be asked anywhere, and put together afterwards: `sweep` asks, `merge` puts together.
"""

from gradcheck_cli.runs.sweep.ask import sweep as sweep
from gradcheck_cli.runs.sweep.merge import merge as merge
from gradcheck_cli.runs.sweep.pictures import sweep_run as sweep_run

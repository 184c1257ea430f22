"""Many questions, one short answer each: asked in shards, kept as they come, resumed, merged.

The questions of a sweep follow from its options alone, and each has an id that is the same in every process. So any
part of them can be asked anywhere, and put together afterwards: `ask.sweep` and `pictures.sweep_run` ask, which takes
torch, `merge.merge` puts together, which does not.
"""

"""Two ways to say how code is called, which always work: every refusal names them."""

WAYS_OUT = (
    'say how: --call "NAME(G, x, w)" --returns input,weight,bias; of any function --call "FORWARD -> BACKWARD"; '
    "or gradcheck_call() in the file (gradcheck explain calling)"
)

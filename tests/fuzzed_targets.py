"""Files that somebody might hand to `gradcheck verify`: damaged source, and functions of every signature and return.

Everything comes from a seed. What is generated is harmless: it touches no file but its own and starts nothing that
outlives a second by itself, save where a planted child says so.
"""

from __future__ import annotations

import io
import random
import tokenize
from pathlib import Path

EXAMPLES = sorted((Path(__file__).parent / "mistakes").glob("*/*.py"))
CODECS = ("utf-16", "utf-16-le", "utf-32", "latin-1", "cp037", "utf-7", "shift_jis")
COOKIES = ("latin-1", "utf-8", "utf-16", "nonsense", "rot13", "raw_unicode_escape", "ascii", "idna", "hex", "")
TOKENS = (
    *("def", "class", "return", "lambda", "yield", "await", "async", "import", "from", "if", "else", "for", "while"),
    *("try", "except", "finally", "with", "global", "del", "match", "case", "type", "(", ")", "[", "]", "{", "}", ":"),
    *("=", "==", ":=", "->", "*", "**", "@", ".", ",", "\\", "#", "'", '"', '"""', "f'{", "b'\\x", "0x", "1e", "1_"),
    *("\n", "\n    ", "\n\t", "\r", "\x0c", "x", "w", "dout", "np", "backward", "None", "é", "\u2028", "\ufeff", "𝔵"),
)
NAMES = (
    *("x", "X", "inputs", "image", "w", "W", "weight", "kernel", "filters", "b", "bias", "dout", "dZ", "grad_output"),
    *("upstream", "cache", "stride", "padding", "pad", "dilation", "groups", "hparams", "self", "ctx", "lr", "mode"),
    *("a", "kwargs", "é", "_", "__x", "np", "None_", "out", "delta", "params", "grads", "s", "p"),
)
KNOWN = ("x, w, dout", "dout, cache", "dZ, X, W, stride=1, pad=0", "grad_output, x, weight, bias", "dout, x, w, b=None")
DEFAULTS = ("None", "1", "0", "()", "[]", "{}", "'same'", "np.zeros(3)", "...", "float('nan')", "lambda: 1", "object()")
HEADS = ("def", "def", "def", "def", "async def")
DECORATORS = ("", "", "", "@staticmethod\n", "@functools.cache\n", "@property\n", "@lambda f: None\n", "@lambda f: 3\n")
RETURNS = (
    *("None", "0", "1.5", "True", "''", "'text'", "b''", "...", "()", "[]", "{}", "set()", "(None,)", "(None,) * 3"),
    *("(None,) * 1000", "[[1, 2], [3]]", "{'dW': 1}", "{1: 2}"),
    *("{'dW': None, 'db': None}", "object()", "Evil()", "int"),
    *("np.zeros(0)", "np.zeros(())", "np.zeros((1,) * 40)", "np.zeros((2, 3, 3, 3))", "np.float64(1)", "np.array('x')"),
    *("np.array([None, 1], object)", "np.zeros(3, complex)", "np.zeros(3, 'U9')", "np.zeros(3, 'M8[s]')", "np.nan"),
    *("np.zeros(3, [('a', int)])", "np.ma.zeros((3, 3))", "np.matrix('1 2')", "np.full((2, 2), np.inf)", "range(3)"),
    *("(i for i in range(3))", "iter([])", "lambda *a: a", "np", "(Evil(), Evil(), Evil())", "[np.zeros(2)] * 3"),
    *("np.broadcast_to(1.0, (10**6, 10**6))", "np.zeros(2**28, np.int8)", "10**5000", "-1", "dict.fromkeys('abc')"),
    *("Loop()", "type('T', (), {})()", "memoryview(b'12')", "np.ones((2, 2))[::-1]", "globals()", "NotImplemented"),
)
BEFORE = (
    *("pass", "pass", "pass", "pass", "raise ValueError"),
    *("raise KeyError(Evil())", "raise SystemExit", "raise SystemExit(0)"),
    *("raise KeyboardInterrupt", "raise GeneratorExit"),
    *("raise StopIteration", "raise MemoryError", "assert False", "1 / 0"),
    *("raise BaseException('x' * 10**6)", "raise Exception('\\udcff\\x1b[31m\\n' * 9)"),
    *("undefined", "return backward()"),
    *("raise ExceptionGroup('g', [ValueError(1)])", "print('x' * 10**6)", "sys.stdout.close()", "sys.stderr = None"),
    *("os.close(1); os.close(2)", "os.write(2, b'noise\\n' * 999)", "np.seterr(all='raise')", "warnings.warn('w')"),
    *("warnings.simplefilter('error')", "np.zeros = None"),
    *("sys.modules.clear()", "sys.setrecursionlimit(60)", "os._exit(0)"),
    *("os._exit(3)", "os.abort()", "os.kill(os.getpid(), 9)"),
    *("signal.alarm(1)", "np.dot = lambda *a: 1 / 0", "sys.exit(1)"),
    *("signal.signal(signal.SIGTERM, signal.SIG_IGN)", "threading.Thread(target=time.sleep, args=(60,)).start()"),
    *("subprocess.Popen(['sleep', '60'])", "os.fork()"),
    *("os.closerange(3, 99)", "import builtins; builtins.len = None"),
    *("sys.path.clear()", "gc.disable()", "del sys.argv"),
    *("while True: pass", "time.sleep(60)", "random.seed = None"),
    *("os.chdir('/')", "os.environ.clear()", "sys.settrace(print)"),
)
PRELUDE = """
import functools, gc, os, random, signal, subprocess, sys, threading, time, warnings
import numpy as np


class Evil:
    def __getattr__(self, name): raise RuntimeError("evil " + name)
    def __len__(self): return -1
    def __iter__(self): raise MemoryError
    def __array__(self, *a, **k): raise KeyError("array")
    def __repr__(self): raise ValueError("repr")
    def __str__(self): raise ValueError("str")
    def __eq__(self, other): raise TypeError("eq")
    def __hash__(self): raise TypeError("hash")


class Loop:
    def __iter__(self): return self
    def __next__(self): return self
    def __getitem__(self, at): return self
    def __len__(self): return 3


"""


def files(seed, count):
    """(name, bytes): first one of each known kind, then random ones until there are `count`."""
    chance = random.Random(seed)
    known = [*_encoded(chance), *_nested(), *_large(), *_odd()]
    chance.shuffle(known)
    yield from known[:count]
    makers = (_bytes, _tokens, _truncated, _flipped, _without_lines, _shuffled_tokens)
    for number in range(count - len(known)):
        maker = makers[number % len(makers)]
        yield f"{maker.__name__[1:]}-{number}", maker(chance)


def functions(seed, count):
    """(name, source) of files that hold a `backward` of a random signature, behaviour and return value."""
    chance = random.Random(seed)
    for number in range(count):
        yield f"function-{number}", PRELUDE + chance.choice((_function, _function, _function, _class))(chance)


def tricks():
    """(name, source): every planted behaviour and every return value once, with a signature that is recognised."""
    for number, before in enumerate(BEFORE):
        yield f"before-{number}", f"{PRELUDE}def backward(x, w, dout):\n    {before}\n    return None, None, None\n"
    for number, value in enumerate(RETURNS):
        yield f"returns-{number}", f"{PRELUDE}def backward(x, w, dout):\n    return {value}\n"
    for number, before in enumerate(BEFORE):
        yield f"import-{number}", f"{PRELUDE}{before}\ndef backward(x, w, dout):\n    return None\n"


def _function(chance):
    decorator = chance.choice(DECORATORS)
    head, value = chance.choice(HEADS), _value(chance)
    body = chance.choice(("pass", chance.choice(BEFORE)))
    ending = chance.choice(("return", "return", "return", "return", "yield", "raise"))
    return f"{decorator}{head} backward({_signature(chance)}):\n    {body}\n    {ending} {value}\n"


def _class(chance):
    own = ", ".join(["self", _signature(chance)])
    base = chance.choice(("", "(int)", "(dict)", "(Exception)", "(Evil)", "(type)", "(missing)"))
    init = chance.choice(("pass", "raise ValueError", "self.w = self.W = np.zeros((2, 3, 3, 3))", "return 3"))
    return (
        f"class backward{base}:\n    def __init__({own}):\n        {init}\n"
        f"    def forward(self, x):\n        return {_value(chance)}\n"
        f"    def backward(self, dout):\n        {chance.choice(BEFORE)}\n        return {_value(chance)}\n"
    )


def _value(chance):
    return ", ".join(chance.choices(RETURNS, k=chance.choice((1, 1, 2, 3, 3, 4))))


def _signature(chance):
    """Half of them as a user would; the others legal or not: defaults first, names twice, stars in odd places."""
    if chance.random() < 0.5:
        return chance.choice(KNOWN)
    words = [chance.choice(NAMES) for _ in range(chance.choice((0, 1, 2, 3, 3, 4, 5, 8, 30)))]
    if chance.random() < 0.9:
        words = list(dict.fromkeys(words))
    first = chance.randrange(len(words) + 1)
    words[first:] = [f"{word}={chance.choice(DEFAULTS)}" if chance.random() < 0.7 else word for word in words[first:]]
    for star, odds in (("/", 0.1), ("*", 0.1), ("*args", 0.1)):
        if chance.random() < odds:
            words.insert(chance.randrange(len(words) + 1), star)
    return ", ".join([*words, *(["**rest"] if chance.random() < 0.15 else [])])


def _example(chance):
    return chance.choice(EXAMPLES).read_bytes()


def _bytes(chance):
    return chance.randbytes(chance.choice((1, 2, 10, 100, 10_000)))


def _tokens(chance):
    return " ".join(chance.choices(TOKENS, k=chance.choice((3, 30, 300)))).encode()


def _truncated(chance):
    data = _example(chance)
    return data[: chance.randrange(len(data))]


def _flipped(chance):
    data = bytearray(_example(chance))
    for _ in range(chance.choice((1, 1, 1, 3, 30))):
        data[chance.randrange(len(data))] ^= 1 << chance.randrange(8)
    return bytes(data)


def _without_lines(chance):
    lines = _example(chance).splitlines(keepends=True)
    return b"".join(line for line in lines if chance.random() > 0.1)


def _shuffled_tokens(chance):
    """A real file with a few of its names and operators exchanged."""
    tokens = list(tokenize.generate_tokens(io.StringIO(_example(chance).decode()).readline))
    plain = [at for at, token in enumerate(tokens) if token.type in (tokenize.NAME, tokenize.OP, tokenize.NUMBER)]
    for _ in range(chance.choice((1, 2, 5))):
        first, second = chance.sample(plain, 2)
        one, other = tokens[first], tokens[second]
        tokens[first], tokens[second] = one._replace(string=other.string), other._replace(string=one.string)
    return tokenize.untokenize([(token.type, token.string) for token in tokens]).encode()


def _encoded(chance):
    text = EXAMPLES[0].read_text(encoding="utf-8")
    for codec in CODECS:
        yield f"codec-{codec}", text.encode(codec, "replace")
    for cookie in COOKIES:
        yield f"cookie-{cookie}", f"# -*- coding: {cookie} -*-\n{text}# é\n".encode()
        yield f"bom-cookie-{cookie}", b"\xef\xbb\xbf" + f"# coding: {cookie}\n{text}".encode()
    yield "latin-without-cookie", f"{text}# é\n".encode("latin-1")
    yield "two-boms", b"\xef\xbb\xbf" * 2 + text.encode()
    yield "null-bytes", text.replace("return", "\0return").encode()
    yield "null-at-the-end", text.encode() + b"\0"
    yield "carriage-returns", text.replace("\n", "\r").encode()
    yield "tabs-and-spaces", text.replace("    ", "\t", 3).encode()


def _nested():
    define = "def backward(x, w, dout):\n    return "
    for depth in (50, 150, 1000, 100_000):
        yield f"brackets-{depth}", (define + "(" * depth + "1" + ")" * depth).encode()
        yield f"unclosed-{depth}", (define + "[" * depth).encode()
        yield f"minus-{depth}", (define + "-" * depth + "1").encode()
        yield f"sum-{depth}", (define + "1" + " + 1" * depth).encode()
        yield f"attributes-{depth}", (define + "x" + ".x" * depth).encode()
        yield f"calls-{depth}", (define + "x" + "()" * depth).encode()
        yield f"lambdas-{depth}", (define + "lambda: " * depth + "1").encode()
    for depth in (30, 99, 300):
        steps = "".join("    " * level + "if x:\n" for level in range(1, depth))
        yield f"ifs-{depth}", f"def backward(x, w, dout):\n{steps}{'    ' * depth}return 1\n".encode()
        defs = "".join("    " * level + f"def backward(x, w, dout=f{level}):\n" for level in range(depth))
        yield f"defs-{depth}", f"{defs}{'    ' * depth}return 1\n".encode()


def _large():
    define = b"def backward(x, w, dout):\n    return None\n"
    yield "large-comment", define + b"# " + b"x" * 5_000_000
    yield "large-text", define + b"T = '" + b"x" * 5_000_000 + b"'\n"
    yield "many-lines", define + b"y = 1\n" * 60_000
    yield "many-blank-lines", b"\n" * 3_000_000 + define
    yield "many-functions", b"".join(b"def backward_%d(x, w, dout): pass\n" % number for number in range(5000))
    yield "many-arguments", b"def backward(" + b", ".join(b"a%d" % number for number in range(3000)) + b"): pass\n"
    yield "large-number", define + b"n = " + b"9" * 10_000 + b"\n"
    yield "large-hex", define + b"n = 0x" + b"f" * 100_000 + b"\n"
    yield "long-name", b"def backward" + b"x" * 100_000 + b"(x, w, dout): pass\n"


def _odd():
    define = "def backward(x, w, dout):\n    return None\n"
    yield "empty", b""
    yield "blank", b"\n\n \n"
    yield "only-comment", b"# nothing"
    yield "escape", b'"\\N{missing}"\n'
    yield "warning", (define + 'y = "\\d" is 3\nassert (1, 2)\n').encode()
    yield "future", (define + "from __future__ import braces\n").encode()
    yield "own-name", b"backward = backward\n"
    yield "star", b"from os import *\nbackward = getcwd\n"
    yield "missing-import", ("import no_such_module\n" + define).encode()
    yield "imports-itself", ("import target\n" + define).encode()
    yield "text", b"backward = 'text'\n"
    yield "none", b"backward = None\n"
    yield "builtin", b"backward = len\n"
    yield "partial", b"import functools\nbackward = functools.partial(print, 1)\n"
    yield "ufunc", b"import numpy\nbackward = numpy.add\n"
    yield "module", b"import os as backward\n"
    yield "deleted", (define + "del backward\n").encode()
    yield "odd-signature", (define + "backward.__signature__ = 3\nbackward.__name__ = '\\x1b'\n").encode()
    yield "odd-main", (define + "if __name__ == '__main__':\n    1 / 0\n").encode()
    yield "exits", (define + "import sys; sys.exit(0)\n").encode()
    yield "reads-input", (define + "input()\n").encode()
    yield "surrogate", (define + "y = '\\udcff'; print(ascii(y)); raise ValueError(y)\n").encode()

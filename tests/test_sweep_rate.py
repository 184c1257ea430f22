"""What a sweep costs: the arithmetic behind the page, and one small measurement."""

import pytest

from benchmarks import sweep_rate
from benchmarks.sweep_rate import Cost, Rate, Spent, Sweep, cost_of, page, spent_by


def test_a_question_costs_what_more_of_them_took():
    """Ten more in five seconds more, by two processes; the rest was the start of both."""
    cost = cost_of(Sweep((), 10), Sweep((), 20), [Spent(11.0, 0.0), Spent(16.0, 0.0)], 2)
    assert cost == Cost(3.0, 0.5)
    assert cost.of(100, 2) == 28.0


def test_what_noise_has_hidden_is_not_told():
    """More questions in less time are no rate."""
    with pytest.raises(SystemExit, match="20 questions are too few to tell what one costs"):
        cost_of(Sweep((), 10), Sweep((), 20), [Spent(11.0, 0.0), Spent(10.0, 0.0)], 1)


def test_what_is_reckoned_is_said_to_be():
    """The numbers of the page, of a question that takes 2 ms and of a picture that takes a second."""
    layers = Rate({1: Cost(4.0, 0.002), 2: Cost(4.0, 0.002)}, 0.002, (10, 20, 30), (200.0, 201.0))
    pictures = Rate({1: Cost(4.0, 1.0), 2: Cost(4.0, 1.0)}, 1.0, (1, 2, 3), (300.0, 301.0))
    text = page(layers, pictures)

    assert "| 1 | 4.0 s | 2.0 ms | 24 s |" in text
    assert "| 2 | 4.0 s | 1.0 s | 83 min |" in text
    assert "the process needed 200 MiB for 10 and 201 MiB for 30." in " ".join(text.split())
    _, _, arithmetic = " ".join(text.split()).partition("Reckoned, not measured: ")
    assert "would take 4.1 s for 10,000 questions about small layers and 14 s for a million" in arithmetic
    assert "54 s for 10,000 pictures and 83 min for a million." in arithmetic
    assert max(len(line) for line in text.splitlines() if not line.startswith("|")) <= 120


def test_a_sweep_is_measured(tmp_path):
    """By the processor's clock; a sweep that fails is no measurement."""
    small = sweep_rate.about_layers(tmp_path, 1)
    spent = spent_by(tmp_path, small, 1)

    assert small.questions == 32
    assert spent.seconds > 0
    assert 50 < spent.memory < 5000
    (tmp_path / "mine.py").write_text("def conv_backward(grad_output, x, weight):\n    return 2 * weight\n")
    with pytest.raises(SystemExit, match="failed: exit codes"):
        spent_by(tmp_path, small, 1)

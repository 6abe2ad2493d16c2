import copy
import math
from dataclasses import replace

import pytest
import torch
from torch import Tensor, nn

from training.config import TrainConfig
from training.dataset import Minibatch
from training.loop import (
    NonFiniteGradient,
    StepOptions,
    Stopwatch,
    make_optimizer,
    masked_loss_sum,
    rate_share,
    train_step,
)

OPTIONS = StepOptions(max_grad_norm=1.0)


@pytest.fixture
def model() -> nn.Module:
    torch.manual_seed(0)
    return nn.Linear(6, 17)


def minibatch(frames_NF: Tensor) -> Minibatch:
    """Any features will do in place of frames: a step does not look at their shape."""
    targets_NL = (torch.arange(frames_NF.shape[0] * 17).reshape(-1, 17) % 2).float()
    return Minibatch(frames_NF, targets_NL, torch.ones_like(targets_NL), [])


def test_loss_adds_up_judged_labels() -> None:
    logits_NL = torch.tensor([[0.0, 5.0], [2.0, -1.0]])
    targets_NL = torch.tensor([[1.0, 0.0], [0.0, 1.0]])
    mask_NL = torch.tensor([[1.0, 0.0], [1.0, 0.0]])

    loss = masked_loss_sum(logits_NL, targets_NL, mask_NL)

    assert loss.item() == pytest.approx(math.log(2) + math.log(1 + math.exp(2)))


def test_label_that_was_not_judged_gets_no_gradient() -> None:
    logits_NL = torch.zeros(1, 2, requires_grad=True)

    masked_loss_sum(logits_NL, torch.ones(1, 2), torch.tensor([[1.0, 0.0]])).backward()

    assert logits_NL.grad is not None
    assert logits_NL.grad.tolist() == [[-0.5, 0.0]]


def test_positives_count_by_their_weight() -> None:
    logits_NL, targets_NL = torch.zeros(1, 2), torch.tensor([[1.0, 0.0]])

    loss = masked_loss_sum(logits_NL, targets_NL, torch.ones(1, 2), torch.tensor([3.0, 3.0]))

    assert loss.item() == pytest.approx((3 + 1) * math.log(2))


def test_step_without_a_judged_label_does_nothing(model: nn.Module) -> None:
    optimizer = make_optimizer(model, TrainConfig())
    before = {name: value.clone() for name, value in model.state_dict().items()}
    empty = minibatch(torch.ones(2, 6))._replace(mask_NL=torch.zeros(2, 17))

    result = train_step(model, empty, optimizer, OPTIONS)

    assert result is None
    assert all(torch.equal(value, before[name]) for name, value in model.state_dict().items())


@pytest.mark.slow  # the first step of an optimizer imports for seconds
def test_accumulated_step_is_the_whole_one(model: nn.Module) -> None:
    whole, parted = copy.deepcopy(model), copy.deepcopy(model)
    batch = minibatch(torch.randn(5, 6))
    batch.mask_NL[0, :9] = 0

    for net, options in ((whole, OPTIONS), (parted, replace(OPTIONS, minibatch_size=2))):
        result = train_step(net, batch, make_optimizer(net, TrainConfig()), options)
        assert result is not None
        assert result.loss == pytest.approx(0.7, abs=0.2)

    for one, other in zip(whole.parameters(), parted.parameters(), strict=True):
        torch.testing.assert_close(one, other, rtol=1e-6, atol=1e-6)


@pytest.mark.slow  # the first step of an optimizer imports for seconds
def test_step_lowers_the_loss(model: nn.Module) -> None:
    optimizer = make_optimizer(model, TrainConfig(learning_rate=0.1))
    batch = minibatch(torch.randn(4, 6))

    results = [train_step(model, batch, optimizer, OPTIONS) for _ in range(5)]

    losses = [result.loss for result in results if result is not None]
    assert losses == sorted(losses, reverse=True)
    assert len(losses) == 5


@pytest.mark.slow  # the first step of an optimizer imports for seconds
def test_non_finite_gradient_leaves_the_weights(model: nn.Module) -> None:
    optimizer = make_optimizer(model, TrainConfig())
    before = {name: value.clone() for name, value in model.state_dict().items()}

    with pytest.raises(NonFiniteGradient, match="the gradient is not finite at a loss of nan"):
        train_step(model, minibatch(torch.full((2, 6), torch.nan)), optimizer, OPTIONS)

    assert all(torch.equal(value, before[name]) for name, value in model.state_dict().items())
    assert all(parameter.grad is None for parameter in model.parameters())


def test_decay_spares_biases_and_norms(model: nn.Module) -> None:
    optimizer = make_optimizer(model, TrainConfig(weight_decay=0.1))

    decays = {
        group["weight_decay"]: [tuple(p.shape) for p in group["params"]] for group in optimizer.param_groups
    }

    assert decays == {0.1: [(17, 6)], 0.0: [(17,)]}


def test_rate_rises_to_its_peak_and_falls_to_zero() -> None:
    shares = [rate_share(step, 100, 0.1) for step in range(101)]

    assert shares[:10] == pytest.approx([step / 10 for step in range(1, 11)])
    assert shares[10:] == sorted(shares[10:], reverse=True)
    assert (shares[55], shares[100]) == pytest.approx((0.5, 0.0))


def test_rate_of_a_run_of_one_step_is_the_peak() -> None:
    assert rate_share(0, 1, 0.0) == 1.0


def test_stopwatch_ends_with_nothing_left() -> None:
    stopwatch = Stopwatch(num_steps=2)

    paces = []
    for _ in range(2):
        stopwatch.data_ready()
        paces.append(stopwatch.step_done(num_samples=4))
        stopwatch.next_step()

    assert paces[0].eta_seconds > 0
    assert paces[1].eta_seconds == 0
    assert all(0 <= pace.data_wait_share <= 1 for pace in paces)

import pytest
from torch import nn
from torch.optim.swa_utils import AveragedModel

from training.learning.averaging import averaged


def scalar(value: float) -> nn.Linear:
    model = nn.Linear(1, 1, bias=False)
    nn.init.constant_(model.weight, value)
    return model


def weight_of(mean: AveragedModel) -> float:
    return next(mean.module.parameters()).item()


def test_mean_begins_with_the_first_weights() -> None:
    model = scalar(5.0)
    mean = averaged(model, 0.9)
    nn.init.constant_(model.weight, 2.0)

    mean.update_parameters(model)

    assert weight_of(mean) == 2.0


def test_mean_follows_slowly_and_the_model_is_left_alone() -> None:
    model = scalar(0.0)
    mean = averaged(model, 0.5)
    mean.update_parameters(model)
    nn.init.constant_(model.weight, 1.0)

    seen = []
    for _ in range(30):
        mean.update_parameters(model)
        seen.append(weight_of(mean))

    assert seen == sorted(seen)
    assert seen[0] == pytest.approx(1 - 2 / 11)  # a short run's mean reaches back over what there is
    assert seen[-1] == pytest.approx(1.0, abs=1e-6)
    assert model.weight.item() == 1.0


def test_mean_is_of_its_own_memory() -> None:
    model = scalar(1.0)

    mean = averaged(model, 0.9)

    assert next(mean.module.parameters()).data_ptr() != model.weight.data_ptr()

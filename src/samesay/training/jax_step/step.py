"""A training step in JAX that Keras' ``fit`` calls as if it were its own. Knows no data and no checkpoints."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import jax
import keras
import numpy as np
from numpy.typing import NDArray

from samesay.model.classifier import PairClassifier
from samesay.training.jax_step.forward import OnePosition
from samesay.training.jax_step.token_rows import TokenRows

State = tuple[list[Any], list[Any], list[Any], list[Any]]


class OwnStep:
    """One batch after the other: state and iterator to logs and state, as ``train_function`` of a Keras model.

    Args:
        classifier: Compiled, its optimizer built.
        logits: The forward pass.
        used: The ids that occur, where the rows of all others may be left out; None to compute with the whole table.
    """

    def __init__(
        self, classifier: PairClassifier, logits: OnePosition, used: NDArray[np.integer] | None
    ) -> None:
        self._classifier = classifier
        self._logits = logits
        self._optimizer: Any = classifier.optimizer
        self._rows: TokenRows | None = None
        trainable = list(classifier.trainable_variables)
        self._trains_tokens = any(one is logits.tokens for one in trainable)
        if used is not None and TokenRows.fits(self._optimizer) and self._trains_tokens:
            rows = TokenRows(logits.tokens, trainable, self._optimizer, used)
            if len(rows.rows) < len(rows.of_id):
                self._rows, self._optimizer = rows, rows.optimizer
        self._row_of_id = None if self._rows is None else jax.numpy.asarray(self._rows.of_id)
        self._variables = trainable, list(classifier.non_trainable_variables)
        places = {id(one): at for at, one in enumerate(self._variables[1])}
        self._seeds = [places[id(layer.seed_generator.state)] for layer in logits.dropouts()]
        self._compiled = jax.jit(self._step, donate_argnums=0)

    @property
    def token_rows(self) -> tuple[int, int] | None:
        """Rows of the token table that are trained, and all of them."""
        n_rows = int(self._logits.tokens.shape[0])
        if not self._trains_tokens:
            return (0, n_rows)
        return (n_rows if self._rows is None else len(self._rows.rows), n_rows)

    def __call__(self, state: State, iterator: Iterator[Any]) -> tuple[Any, State]:
        """The next batch; raises ``StopIteration`` as ``iterator`` does."""
        batch = next(iterator)
        state = self._made_small(state)
        return self._compiled(state, self._row_of_id, batch)

    def put_back(self) -> None:
        """Give the Keras variables their values: ``jax_state_sync`` of a Keras model."""
        kept = getattr(self._classifier, "_jax_state", None)
        # Validation keeps a state of its own there, which has no optimizer.
        trains = bool(kept) and "optimizer_variables" in kept and not self._classifier._jax_state_synced
        if kept and trains and self._rows is not None:
            step = int(kept["optimizer_variables"][0])
            trainable, optimizer = self._rows.larger(
                kept["trainable_variables"], kept["optimizer_variables"], step=step
            )
            self._classifier._jax_state = {
                **kept,
                "trainable_variables": trainable,
                "optimizer_variables": optimizer,
            }
        type(self._classifier).jax_state_sync(self._classifier)

    def _made_small(self, state: State) -> State:
        trainable, other, optimizer, metrics = state
        # Of the full size where Keras has just read its variables.
        if self._rows is None or len(trainable[self._rows.place]) < len(self._rows.of_id):
            return state
        trainable, optimizer = self._rows.smaller(trainable, optimizer, step=int(optimizer[0]))
        return trainable, other, optimizer, metrics

    def _step(self, state: State, row_of_id: Any, batch: Any) -> tuple[Any, State]:
        trainable, other, optimizer, metrics = state
        x, y, weights = keras.utils.unpack_x_y_sample_weight(batch)
        inputs = dict(x)
        if row_of_id is not None:
            inputs["token_ids"] = row_of_id[inputs["token_ids"]]
        fixed = dict(zip(map(id, self._variables[1]), other, strict=True))

        def loss_of(trainable: list[Any]) -> tuple[Any, Any]:
            values = fixed | dict(zip(map(id, self._variables[0]), trainable, strict=True))
            logits = self._logits(lambda variable: values[id(variable)], inputs)
            loss, _ = self._classifier.stateless_compute_loss(
                [], other, metrics, x=x, y=y, y_pred=logits, sample_weight=weights, training=True
            )
            return loss, logits

        (loss, logits), gradients = jax.value_and_grad(loss_of, has_aux=True)(trainable)
        trainable, optimizer = self._optimizer.stateless_apply(optimizer, gradients, trainable)
        logs, metrics = self._classifier._update_metrics_variables(metrics, loss, x, y, logits, weights)
        # As Keras counts: one draw a layer and batch.
        other = [
            value + np.array([0, 1], value.dtype) if at in self._seeds else value
            for at, value in enumerate(other)
        ]
        return logs, (trainable, other, optimizer, metrics)

"""Fine-tuning: the recipe, its optimizer and schedule, the loop with its best epoch, checkpoints.

This room knows Keras and encoded pairs. It does not know files of pairs, bundles or servers. Importing it is cheap.
"""

import samesay.model  # chooses the backend before a module of this room imports Keras  # noqa: F401
from samesay.training.recipe import WORKED_EXAMPLE, Recipe

__all__ = ["WORKED_EXAMPLE", "Recipe"]

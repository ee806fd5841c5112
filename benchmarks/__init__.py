"""Measurements. SameSay comes first, so that ONNX Runtime and the others are imported with their telemetry off."""

import samesay as samesay

"""Encoder families as ONNX graphs, one module each, and the layers that they share."""

"""Keras and its backend set up once: the allocator, the device, compilations kept on disk."""

"""The encoders that can be trained from: by name, by address, by folder."""

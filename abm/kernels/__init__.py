"""Pure NumPy: arrays in, arrays out. No World, no randomness, no I/O."""

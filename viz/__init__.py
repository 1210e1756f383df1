"""What a run looks like: the self-contained report. Reads result files only, never the internals of `abm`."""

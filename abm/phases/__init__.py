"""The phases of the month, one file each: what it reads of the parameters, what it writes, and run(world)."""

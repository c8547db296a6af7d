"""A small post office that has never heard of wires."""

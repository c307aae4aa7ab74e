"""From a scenario to a synthetic world: the choice model compiled, and made chunk by chunk."""

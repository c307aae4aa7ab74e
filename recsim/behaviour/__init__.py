"""How people behave, as pure functions of (scenario, seed, user, product, time): nothing here reads or writes a file.

`recsim generate` turns these functions into tables; `evaluate`, `replay` and `truth` hold results against them. So a
formula of the model stands here and nowhere else. It is written out in `docs/worlds.md`.
"""

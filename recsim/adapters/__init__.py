"""Components that live in a server of their own, each spoken to through the client its users already have."""

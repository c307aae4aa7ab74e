"""What reviewers speak of, and the sentences they speak in: plain data, put together by index."""

from __future__ import annotations

ASPECTS: dict[str, tuple[str, ...]] = {
    "clothing": ("fit", "fabric", "stitching", "colour", "size", "length", "cut", "comfort", "price", "washing"),
    "shoes": ("fit", "sole", "comfort", "width", "stitching", "grip", "colour", "size", "price", "durability"),
    "accessories": ("finish", "strap", "clasp", "size", "design", "material", "colour", "weight", "price", "packaging"),
    "electronics": ("battery", "screen", "sound", "setup", "speed", "build", "cable", "manual", "price", "warranty"),
    "gaming": ("response", "grip", "graphics", "noise", "comfort", "setup", "build", "rules", "price", "packaging"),
    "home": ("assembly", "finish", "size", "colour", "stability", "fabric", "design", "smell", "price", "delivery"),
    "kitchen": ("cleaning", "blade", "handle", "heat", "noise", "capacity", "finish", "lid", "price", "durability"),
    "beauty": ("scent", "texture", "effect", "packaging", "colour", "ingredients", "size", "feel", "price", "finish"),
    "sports": ("grip", "weight", "stability", "comfort", "material", "size", "durability", "assembly", "price", "bag"),
    "toys": ("colours", "pieces", "instructions", "durability", "fun", "size", "safety", "box", "price", "design"),
    "garden": ("assembly", "power", "weight", "rust", "stability", "handle", "size", "material", "price", "delivery"),
    "books": ("story", "print", "binding", "pictures", "pace", "language", "cover", "translation", "price", "paper"),
}  # fmt: skip
"""Ten aspects a department."""

GOOD = (
    "The {aspect} is excellent and better than I expected.",
    "I am very happy with the {aspect}, it is exactly as described.",
    "For me the {aspect} is the best part, I would buy it again for that alone.",
    "After several weeks the {aspect} still impresses me every day.",
    "Great {aspect}!",
    "Everyone in the family praised the {aspect} without being asked.",
)
MIXED = (
    "The {aspect} is fine, nothing special but no problem either.",
    "I expected a little more of the {aspect} at this price.",
    "The {aspect} is acceptable although other shops do it better.",
    "Some days I like the {aspect} and some days I do not.",
    "Average {aspect}.",
    "About the {aspect} I have not made up my mind, it depends on the day.",
)
BAD = (
    "The {aspect} is a disappointment and not what was shown.",
    "Sadly the {aspect} is poor and I had to send it back.",
    "I can not recommend it because the {aspect} is far below average.",
    "After one week the {aspect} was already a reason to complain.",
    "Terrible {aspect}.",
    "Whoever tested the {aspect} before it was sold can not have used it even once.",
)
"""Sentences about an aspect by polarity, 2 to 16 words each."""

PLAIN = (
    "Bought it for my sister last month.",
    "It arrived on a Tuesday.",
    "I had the previous model before.",
    "My neighbour has the same one.",
    "We use it almost every weekend.",
    "I compared it with three others before I ordered.",
    "This is my second order from this shop.",
    "The box was larger than I thought.",
)
"""Sentences that judge nothing."""

MOODS = ("I returned", "I regret", "I use", "I like", "I love")
"""How a review of one to five stars begins, before "this" and the noun."""

"""The words a synthetic shop is written in: departments, nouns, brands, adjectives, and the sentences of reviews.

Plain data. Everything a world says is put together from these lists by index, so text costs a few array look-ups.
"""

from __future__ import annotations

DEPARTMENTS: dict[str, tuple[str, ...]] = {
    "clothing": (
        "t-shirt", "jacket", "jeans", "dress", "hoodie", "sweater",
        "shirt", "skirt", "coat", "shorts", "leggings", "blouse",
    ),
    "shoes": (
        "sneakers", "boots", "sandals", "loafers", "trainers", "heels",
        "slippers", "flats", "moccasins", "clogs", "espadrilles", "brogues",
    ),
    "accessories": (
        "backpack", "belt", "wallet", "scarf", "hat", "sunglasses",
        "watch", "gloves", "handbag", "tie", "umbrella", "necklace",
    ),
    "electronics": (
        "laptop", "headphones", "phone", "tablet", "camera", "monitor",
        "speaker", "keyboard", "charger", "router", "projector", "earbuds",
    ),
    "gaming": (
        "console", "controller", "headset", "mouse", "chair", "board game",
        "puzzle", "joystick", "graphics card", "steering wheel", "card game", "capture card",
    ),
    "home": (
        "lamp", "sofa", "rug", "curtains", "mirror", "pillow",
        "blanket", "bookshelf", "desk", "vase", "mattress", "clock",
    ),
    "kitchen": (
        "blender", "kettle", "knife set", "frying pan", "toaster", "coffee maker",
        "mixer", "cutting board", "mug", "oven dish", "wok", "air fryer",
    ),
    "beauty": (
        "lipstick", "shampoo", "perfume", "face cream", "mascara", "nail polish",
        "sunscreen", "hair dryer", "serum", "soap", "razor", "foundation",
    ),
    "sports": (
        "yoga mat", "dumbbells", "tent", "bicycle", "football", "tennis racket",
        "sleeping bag", "helmet", "skateboard", "water bottle", "kayak", "treadmill",
    ),
    "toys": (
        "building blocks", "doll", "train set", "teddy bear", "race car", "kite",
        "robot", "play dough", "water gun", "dollhouse", "drone", "marble run",
    ),
    "garden": (
        "lawn mower", "hose", "planter", "grill", "shovel", "bench",
        "greenhouse", "hedge trimmer", "parasol", "bird feeder", "wheelbarrow", "sprinkler",
    ),
    "books": (
        "novel", "cookbook", "biography", "atlas", "comic", "dictionary",
        "poetry", "travel guide", "thriller", "textbook", "diary", "picture book",
    ),
}  # fmt: skip
"""Top categories and the nouns of their leaf categories."""

KINDS = (
    "running", "leather", "wireless", "vintage", "compact", "outdoor", "classic", "premium", "travel", "mini",
    "organic", "smart", "cotton", "winter", "summer", "professional", "folding", "portable", "designer", "everyday",
    "recycled", "waterproof", "slim", "heavy-duty",
)  # fmt: skip
"""What splits a noun into narrower leaf categories in a large catalogue."""

AUDIENCES = ("women", "men", "kids", "teens", "babies", "seniors")
"""What splits them once more in a very large one."""

ATTRIBUTES = (
    "black", "white", "blue", "red", "green", "grey", "navy", "beige", "pink", "brown", "yellow", "purple", "silver",
    "gold", "striped", "soft", "light", "large", "small", "slim", "warm", "stretch", "matte", "glossy", "quiet",
    "fast", "thin", "sturdy", "eco", "handmade", "washable", "adjustable",
)  # fmt: skip

BRAND_HEADS = (
    "Nor", "Vel", "Kai", "Lum", "Tor", "Bel", "Zen", "Aro", "Fen", "Mar", "Oli", "Pax", "Rho", "Sol", "Tav", "Ume",
    "Vor", "Wyn", "Xan", "Yor", "Ald", "Bri", "Cor", "Dal", "Eld", "Fio", "Gar", "Hal", "Ivo", "Jun",
)  # fmt: skip
BRAND_TAILS = ("dale", "tek", "ora", "ley", "wick", "lux", "mont", "fit", "via", "stone", "line", "haus")

DESCRIPTION_OPENINGS = (
    "A dependable choice for every day.", "Made to last and easy to care for.", "Designed with comfort in mind.",
    "Our best seller, now improved.", "Simple, useful and well made.", "A favourite of demanding customers.",
    "Good value without compromise.", "Carefully finished in every detail.",
)  # fmt: skip
DESCRIPTION_DETAILS = (
    "Comes with a two-year guarantee.", "Ships in recyclable packaging.", "Tested for daily use.",
    "Available in several colours and sizes.", "Easy to clean.", "Light enough to take anywhere.",
    "Pairs well with the rest of the range.", "Spare parts are available for ten years.",
    "Made from responsibly sourced material.", "Ready to use out of the box.",
)  # fmt: skip

TITLES = (
    ("Very disappointed", "Do not buy", "Broke at once", "Waste of money"),
    ("Not great", "Below my expectations", "Would not buy again", "Meh"),
    ("It is okay", "Average", "Does the job", "Mixed feelings"),
    ("Good product", "Happy with it", "Well made", "Would recommend"),
    ("Love it", "Perfect", "Excellent in every way", "Best purchase this year"),
)
"""Headlines by stars, one to five."""

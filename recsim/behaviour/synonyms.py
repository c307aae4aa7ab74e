"""Words that shoppers use and the catalogue does not: synonyms, words around a query, and things nobody sells here.

Plain data. No word of `SYNONYMS` values, `FILLERS` or `OUTSIDE` occurs in the text of a product, so a search that knows
no synonyms cannot find by them; a test holds that.
"""

from __future__ import annotations

SYNONYMS: dict[str, str] = {
    "t-shirt": "tee", "jacket": "anorak", "jeans": "denims", "dress": "frock", "hoodie": "hooded top",
    "sweater": "jumper", "coat": "overcoat", "leggings": "tights", "blouse": "chemise", "sneakers": "plimsolls",
    "boots": "wellingtons", "sandals": "flip-flops", "loafers": "penny shoes", "heels": "stilettos",
    "slippers": "house shoes", "flats": "ballerinas", "espadrilles": "rope shoes", "backpack": "rucksack",
    "belt": "waistband", "wallet": "billfold", "scarf": "shawl", "hat": "cap", "sunglasses": "shades",
    "watch": "timepiece", "gloves": "mittens", "handbag": "purse", "tie": "necktie", "umbrella": "brolly",
    "necklace": "pendant", "laptop": "notebook pc", "headphones": "cans", "phone": "smartphone", "tablet": "slate pc",
    "camera": "camcorder", "monitor": "screen", "speaker": "loudspeaker", "charger": "power adapter",
    "router": "wifi box", "projector": "beamer", "earbuds": "in-ears", "console": "games machine",
    "controller": "gamepad", "joystick": "flight stick", "graphics card": "gpu", "puzzle": "jigsaw",
    "lamp": "luminaire", "sofa": "couch", "rug": "carpet", "curtains": "drapes", "mirror": "looking glass",
    "pillow": "cushion", "blanket": "throw", "bookshelf": "bookcase", "clock": "timekeeper",
    "blender": "smoothie maker",
    "kettle": "water boiler", "frying pan": "skillet", "mug": "cup", "cutting board": "chopping block",
    "coffee maker": "espresso machine", "perfume": "fragrance", "face cream": "moisturiser", "lipstick": "lip colour",
    "sunscreen": "sun block", "razor": "shaver", "hair dryer": "blow drier", "dumbbells": "hand weights",
    "bicycle": "bike", "football": "soccer ball", "treadmill": "jogging machine", "water bottle": "canteen",
    "building blocks": "bricks", "doll": "dolly", "teddy bear": "plush bear", "race car": "toy racer",
    "drone": "quadcopter", "play dough": "modelling clay", "lawn mower": "grass cutter", "hose": "hosepipe",
    "planter": "flowerpot", "grill": "barbecue", "shovel": "spade", "parasol": "sunshade", "novel": "fiction book",
    "cookbook": "recipe book", "comic": "manga", "thriller": "crime story", "diary": "journal",
    "grey": "gray", "large": "big", "small": "tiny", "quiet": "silent", "sturdy": "robust", "eco": "sustainable",
    "soft": "cosy", "warm": "thermal", "fast": "speedy", "beige": "cream coloured", "purple": "violet",
}  # fmt: skip
"""The catalogue's word for a thing or an attribute, and what people type instead."""

FILLERS = ("buy", "best", "cheap", "online", "offer", "discount", "top", "near me", "trending")
"""Words that say nothing about the product."""

OUTSIDE = (
    "zeppelin", "gramophone", "typewriter ribbon", "floppy disk", "butter churn", "telegraph key", "saddle blanket",
    "snowplough", "beehive frame", "horseshoe", "pipe organ", "loom shuttle", "fax paper", "ship anchor", "dictaphone",
    "sundial", "penny-farthing", "spinning wheel", "iron lung", "abacus", "cassette deck", "phonograph needle",
    "fishing trawler", "concrete pump", "grand piano", "wedding cake", "aquarium gravel", "hamster wheel",
    "insulin pen", "snow globe", "vinyl siding", "tractor tyre",
)  # fmt: skip
"""Things out of the catalogue: a search for them finds nothing."""

"""The content words of the behaviour suite; ``captions.train_words`` shares none of them.

Every list holds words that imply or exclude one another in just the way that its comment says. Which sentences that
makes true is the business of ``lexical`` and ``relational``.
"""

from __future__ import annotations


def _words(text: str) -> tuple[str, ...]:
    return tuple(text.split())


WOMEN = _words(
    "Ramona Ingrid Beatrice Yolanda Miriam Odette Farida Lucinda Henrietta Paloma Svetlana Gwendolyn"
)
MEN = _words("Gustav Leopold Tariq Anselm Dmitri Kwame Rodrigo Benedikt Hiroshi Cedric Osman Fergus")
PEOPLE = (*WOMEN, *MEN)

# Base form, past, participle, and things of which one person can have done it to each without the others.
EVENTS = (
    ("sign", "signed", "signed", ("contract", "petition", "treaty", "lease")),
    ("sell", "sold", "sold", ("sofa", "tractor", "necklace", "caravan")),
    ("break", "broke", "broken", ("jug", "thermometer", "chandelier", "flowerpot")),
    ("hide", "hid", "hidden", ("passport", "diary", "medal", "key")),
    ("borrow", "borrowed", "borrowed", ("calculator", "lawnmower", "tent", "drill")),
    ("translate", "translated", "translated", ("poem", "manual", "speech", "novel")),
    ("deliver", "delivered", "delivered", ("parcel", "piano", "invoice", "pizza")),
    ("inspect", "inspected", "inspected", ("tunnel", "engine", "boiler", "bridge")),
    ("burn", "burned", "burned", ("diary", "receipt", "curtain", "toast")),
    ("bury", "buried", "buried", ("treasure", "medal", "urn", "sword")),
    ("mend", "mended", "mended", ("tractor", "kettle", "fence", "zip")),
    ("steal", "stole", "stolen", ("diamond", "trophy", "necklace", "passport")),
    ("weigh", "weighed", "weighed", ("parcel", "pumpkin", "turnip", "diamond")),
    ("polish", "polished", "polished", ("trophy", "sword", "piano", "kettle")),
)
# What several people may have done to one thing, each without the others; past, things.
SHARED_EVENTS = (
    ("signed", ("petition", "guestbook", "protest note", "birthday card")),
    ("praised", ("novel", "concert", "soup", "sermon")),
    ("tasted", ("soup", "wine", "mustard", "porridge")),
    ("visited", ("castle", "zoo", "cathedral", "lighthouse")),
    ("criticised", ("verdict", "novel", "budget", "sermon")),
    ("memorised", ("poem", "password", "recipe", "timetable")),
    ("enjoyed", ("concert", "lecture", "opera", "picnic")),
    ("inspected", ("tunnel", "engine", "bridge", "lighthouse")),
)
# What one of two people may have done and the other too, and what excludes it of the same person; of which things.
OPPOSITE_DEEDS = (
    ("enjoyed", "hated", ("concert", "opera", "lecture", "picnic")),
    ("liked", "disliked", ("soup", "wine", "mustard", "porridge")),
    ("supported", "opposed", ("strike", "treaty", "budget", "verdict")),
    ("understood", "misunderstood", ("riddle", "poem", "speech", "question")),
    ("caught", "missed", ("ferry", "flight", "bus", "tram")),
    ("passed", "failed", ("exam", "driving test", "audition", "quiz")),
    ("accepted", "declined", ("invitation", "award", "nomination", "offer")),
    ("remembered", "forgot", ("password", "recipe", "timetable", "slogan")),
)
# What happened in nature or in town, and what excludes it.
HAPPENINGS = (
    ("The volcano", "erupted", "stayed dormant"),
    ("The glacier", "melted", "grew"),
    ("The ferry", "sank", "stayed afloat"),
    ("The price of copper", "fell", "rose"),
    ("The parliament", "rejected the budget", "approved the budget"),
    ("The satellite", "lost contact with the ground station", "kept contact with the ground station"),
    ("The orchestra", "cancelled the concert", "gave the concert as announced"),
    ("The wolves", "howled", "were silent"),
    ("The airline", "went bankrupt", "stayed solvent"),
    ("The strike", "ended", "went on"),
    ("The comet", "missed the earth", "hit the earth"),
    ("The referee", "stopped the match", "let the match go on"),
)
WEEKDAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday")

# Adjectives of which exactly one is true of anything of the kind.
COMPLEMENTS = (
    ("person", "asleep", "awake"),
    ("person", "guilty", "innocent"),
    ("person", "married", "unmarried"),
    ("person", "present", "absent"),
    ("device", "switched on", "switched off"),
    ("text", "finished", "unfinished"),
    ("object", "damaged", "undamaged"),
    ("object", "insured", "uninsured"),
)
# Two words for either end of a scale that has a middle.
SCALES = (
    ("person", ("rich", "wealthy"), ("poor", "impoverished")),
    ("person", ("brave", "courageous"), ("cowardly", "craven")),
    ("person", ("polite", "courteous"), ("rude", "impolite")),
    ("person", ("clever", "intelligent"), ("stupid", "unintelligent")),
    ("person", ("happy", "cheerful"), ("sad", "unhappy")),
    ("person", ("healthy", "in good health"), ("ill", "sick")),
    ("person", ("generous", "open-handed"), ("stingy", "miserly")),
    ("object", ("expensive", "costly"), ("cheap", "inexpensive")),
    ("object", ("huge", "enormous"), ("tiny", "minuscule")),
    ("object", ("beautiful", "lovely"), ("ugly", "unsightly")),
    ("device", ("expensive", "costly"), ("cheap", "inexpensive")),
    ("device", ("huge", "enormous"), ("tiny", "minuscule")),
    ("text", ("difficult", "hard"), ("easy", "simple")),
    ("text", ("exciting", "thrilling"), ("boring", "tedious")),
    ("text", ("popular", "well-liked"), ("unpopular", "disliked")),
)
# What can be said to be any of the above, by kind.
BEARERS = {
    "person": ("surgeon", "courier", "sailor", "baker", "banker", "plumber", "witness", "tailor"),
    "object": ("necklace", "diamond", "sword", "trophy", "jug", "sculpture", "ruby", "medal"),
    "device": ("engine", "heater", "kettle", "drill", "printer", "calculator"),
    "text": ("novel", "poem", "manual", "riddle", "sermon", "speech"),
}

# One of a kind, the kind, a kind of that kind; base form and past of what can be done to all three.
_SEEN = (("describe", "described"), ("admire", "admired"), ("spot", "spotted"))
_OWNED = (("describe", "described"), ("sell", "sold"), ("buy", "bought"))
_KNOWN = (("describe", "described"), ("praise", "praised"), ("memorise", "memorised"))
CHAINS = (
    (("salmon", "fish", "creature"), _SEEN),
    (("herring", "fish", "creature"), _SEEN),
    (("sparrow", "bird", "creature"), _SEEN),
    (("blackbird", "bird", "creature"), _SEEN),
    (("beetle", "insect", "creature"), _SEEN),
    (("mosquito", "insect", "creature"), _SEEN),
    (("cobra", "snake", "reptile"), _SEEN),
    (("python", "snake", "reptile"), _SEEN),
    (("sabre", "sword", "weapon"), _OWNED),
    (("rifle", "firearm", "weapon"), _OWNED),
    (("lorry", "motor vehicle", "vehicle"), _OWNED),
    (("taxi", "motor vehicle", "vehicle"), _OWNED),
    (("canoe", "boat", "vessel"), _OWNED),
    (("claw hammer", "hammer", "tool"), _OWNED),
    (("chainsaw", "saw", "tool"), _OWNED),
    (("cottage", "house", "building"), _OWNED),
    (("teaspoon", "spoon", "piece of cutlery"), _OWNED),
    (("sonnet", "poem", "text"), _KNOWN),
    (("limerick", "poem", "text"), _KNOWN),
    (("sedan", "car", "vehicle"), _OWNED),
)
GROUPS = _words("sailors surgeons jurors tenants violinists plumbers voters referees waiters")
ORIGINS = ("Dutch", "Swedish", "Brazilian", "Kenyan", "Polish", "Korean")
# Base form and past of what each of a group does for itself.
GROUP_DEEDS = (
    ("vote", "voted"),
    ("resign", "resigned"),
    ("apologise", "apologised"),
    ("complain", "complained"),
    ("sneeze", "sneezed"),
    ("applaud", "applauded"),
    ("sign the petition", "signed the petition"),
    ("taste the soup", "tasted the soup"),
)
COUNTED = (
    ("lanterns", "hung in the hall"),
    ("jurors", "agreed with the verdict"),
    ("tents", "stood behind the castle"),
    ("invoices", "lay in the safe"),
    ("passengers", "missed the ferry"),
    ("tulips", "grew behind the cottage"),
    ("parcels", "arrived on Thursday"),
    ("sailors", "survived the storm"),
    ("guests", "tasted the soup"),
)
# A sentence, of what, and: a measure, the same in other words, another one, and a smaller one than both.
MEASURES = (
    (
        "The {} weighs {}.",
        ("pumpkin", "parcel", "turnip", "trophy"),
        ("2 kilograms", "2,000 grams", "3 kilograms", "1 kilogram"),
    ),
    (
        "The {} weighs {}.",
        ("engine", "boiler", "piano", "anchor"),
        ("half a tonne", "500 kilograms", "700 kilograms", "100 kilograms"),
    ),
    (
        "The {} lasted {}.",
        ("lecture", "concert", "opera", "sermon"),
        ("90 minutes", "an hour and a half", "two hours", "half an hour"),
    ),
    (
        "The {} lasted {}.",
        ("trial", "strike", "festival", "siege"),
        ("two weeks", "fourteen days", "twenty days", "ten days"),
    ),
    (
        "The {} lasted {}.",
        ("voyage", "drought", "truce", "expedition"),
        ("one year", "twelve months", "fifteen months", "six months"),
    ),
    (
        "The {} measures {}.",
        ("tunnel", "bridge", "canal", "runway"),
        ("three kilometres", "3,000 metres", "five kilometres", "one kilometre"),
    ),
    (
        "The {} measures {}.",
        ("curtain", "sofa", "sword", "canoe"),
        ("one and a half metres", "150 centimetres", "two metres", "half a metre"),
    ),
    (
        "The {} holds {}.",
        ("jug", "kettle", "barrel", "urn"),
        ("five litres", "5,000 millilitres", "six litres", "two litres"),
    ),
    (
        "The {} cost {}.",
        ("pencil", "ticket", "stamp", "postcard"),
        ("half a dollar", "fifty cents", "ninety cents", "ten cents"),
    ),
)

# Past and base form of what one person can do to another, whether or not the other does it too.
DEALINGS = (
    ("hired", "hire"),
    ("praised", "praise"),
    ("insulted", "insult"),
    ("phoned", "phone"),
    ("thanked", "thank"),
    ("visited", "visit"),
    ("blamed", "blame"),
    ("trusted", "trust"),
    ("warned", "warn"),
    ("mocked", "mock"),
    ("envied", "envy"),
    ("invited", "invite"),
    ("forgave", "forgive"),
    ("teased", "tease"),
    ("recommended", "recommend"),
)
PARTICIPLES = {"forgave": "forgiven"}
# A relation that cannot hold both ways, and the same one told from the other end.
ONE_WAY = (
    ("outlived", "died before"),
    ("was born before", "was born after"),
    ("arrived before", "arrived after"),
    ("outranks", "ranks below"),
    ("earns more than", "earns less than"),
    ("weighs more than", "weighs less than"),
    ("finished ahead of", "finished behind"),
    ("scored higher than", "scored lower than"),
)
# One end and the other of a scale: comparatives for people and for things.
COMPARATIVES = (
    ("person", "faster", "slower"),
    ("person", "stronger", "weaker"),
    ("person", "richer", "poorer"),
    ("person", "louder", "quieter"),
    ("person", "healthier", "sicker"),
    ("person", "happier", "sadder"),
    ("thing", "cheaper", "more expensive"),
    ("thing", "wider", "narrower"),
    ("thing", "deeper", "shallower"),
    ("thing", "warmer", "colder"),
    ("thing", "safer", "more dangerous"),
)
COMPARED = ("canal", "tunnel", "cave", "ditch", "bathtub", "well", "trench", "cellar")

# A city, its country, the part of the world that it lies in, a city of another country in that part.
CITIES = (
    ("Lisbon", "Portugal", "Europe", "Norway"),
    ("Oslo", "Norway", "Europe", "Portugal"),
    ("Athens", "Greece", "Europe", "Belgium"),
    ("Brussels", "Belgium", "Europe", "Greece"),
    ("Nairobi", "Kenya", "Africa", "Morocco"),
    ("Rabat", "Morocco", "Africa", "Kenya"),
    ("Hanoi", "Vietnam", "Asia", "Japan"),
    ("Tokyo", "Japan", "Asia", "Vietnam"),
    ("Lima", "Peru", "South America", "Ecuador"),
    ("Quito", "Ecuador", "South America", "Peru"),
)
# What is held once, and what is built once.
HELD = ("wedding", "trial", "concert", "lecture", "festival", "auction", "summit", "funeral")
BUILT = ("bridge", "tunnel", "lighthouse", "cathedral", "castle", "canal", "opera house", "windmill")
DATES = ("3 March", "12 April", "9 May", "21 June", "30 July", "4 August", "17 September")

"""The content words of the train and validation splits; ``test_words`` shares none of them."""

from __future__ import annotations

from samesay.synthetic.captions.grammar import Activity, Noun, Thing, Words


def _things(text: str) -> tuple[Thing, ...]:
    return tuple(Thing.parse(words) for words in text.split(","))


_NOUNS = """
person people kind=person
adult adults kind=person age=adult
child children kind=person age=child
man men kind=person age=adult gender=male
woman women kind=person age=adult gender=female
boy boys kind=person age=child gender=male
girl girls kind=person age=child gender=female
chef chefs kind=person age=adult role=chef
farmer farmers kind=person age=adult role=farmer
nurse nurses kind=person age=adult role=nurse
firefighter firefighters kind=person age=adult role=firefighter
soldier soldiers kind=person age=adult role=soldier
police_officer police_officers kind=person age=adult role=police
teacher teachers kind=person age=adult role=teacher
businessman businessmen kind=person age=adult gender=male role=business
businesswoman businesswomen kind=person age=adult gender=female role=business
tourist tourists kind=person role=tourist
artist artists kind=person role=artist
athlete athletes kind=person role=athlete
animal animals kind=animal
dog dogs kind=animal species=dog
puppy puppies kind=animal species=dog age=child
poodle poodles kind=animal species=dog breed=poodle
terrier terriers kind=animal species=dog breed=terrier
greyhound greyhounds kind=animal species=dog breed=greyhound
cat cats kind=animal species=cat
kitten kittens kind=animal species=cat age=child
horse horses kind=animal species=horse
pony ponies kind=animal species=horse breed=pony
monkey monkeys kind=animal species=monkey
goat goats kind=animal species=goat
pig pigs kind=animal species=pig
"""

TRAIN_WORDS = Words(
    nouns=tuple(Noun.parse(line) for line in _NOUNS.strip().splitlines()),
    activities=(
        Activity(
            "playing",
            "music",
            "person",
            "any",
            _things("guitar,violin,trumpet,drum,flute,cello,accordion,saxophone"),
            ("making music with an instrument", "making music with instruments", "music"),
        ),
        Activity(
            "painting",
            "hands",
            "person",
            "any",
            _things("chair,table,door,bench/benches,cupboard,gate,wall"),
        ),
        Activity(
            "washing", "hands", "person", "any", _things("window,bicycle,pan,blanket,bottle,carpet,mirror")
        ),
        Activity(
            "repairing", "hands", "person", "any", _things("radio,clock,lamp,bicycle,camera,sewing machine")
        ),
        Activity(
            "cutting",
            "hands",
            "person",
            "any",
            _things("melon,cake,onion,tomato/tomatoes,cabbage,pineapple"),
            ("preparing food", "preparing food", "hands"),
        ),
        Activity("photographing", "hands", "person", "any", _things("statue,flower,painting,vase,clock")),
        Activity("knitting", "hands", "person", "any", _things("scarf/scarves,sock,sweater,blanket")),
        Activity("reading", "read", "person", "any", _things("newspaper,book,letter,map,magazine,comic")),
        Activity(
            "eating",
            "eat",
            "person",
            "any",
            _things("apple,sandwich/sandwiches,banana,biscuit,pancake,pear"),
            ("having a snack", "having a snack", "eat"),
            exclusive=False,
        ),
        Activity(
            "carrying",
            "move",
            "person",
            "any",
            _things("suitcase,ladder,basket,bucket,box/boxes,mattress/mattresses"),
            exclusive=False,
        ),
        Activity(
            "pushing", "move", "person", "any", _things("pram,wheelbarrow,shopping trolley,cart,wheelchair")
        ),
        Activity("throwing", "move", "person", "any", _things("ball,paper plane,dart,coin,frisbee")),
        Activity(
            "riding",
            "full",
            "person",
            "out",
            _things("bicycle,scooter,motorbike,camel,donkey,unicycle"),
            ("travelling", "travelling", "full"),
        ),
        Activity("climbing", "full", "person", "out", _things("tree,rope,ladder,rock,lamppost")),
        Activity("dancing", "dance", "person", "any"),
        Activity("juggling", "hands", "person", "any", _things("club,torch/torches,knife/knives,egg")),
        Activity("running", "run", "both", "any", general=("on the move", "on the move", "motion")),
        Activity("crawling", "run", "both", "any", general=("on the move", "on the move", "motion")),
        Activity("jumping", "jump", "both", "any"),
        Activity("walking", "walk", "both", "any", general=("on the move", "on the move", "motion")),
        Activity("sleeping", "rest", "both", "any"),
        Activity("swimming", "water", "both", "water"),
        Activity("chewing", "eat", "animal", "any", _things("stick,bone,shoe,glove,carrot,newspaper")),
        Activity(
            "chasing", "move", "animal", "any", _things("ball,butterfly/butterflies,mouse/mice,balloon")
        ),
    ),
    colours=("red", "blue", "green", "yellow", "black", "white", "orange", "purple", "pink", "grey"),
    garments=_things(
        "jacket,hat@head,scarf/scarves@neck,shirt,coat,apron,helmet@head,sweater,cap@head,vest,T-shirt,tie@neck"
    ),
    animal_garments=_things("collar,harness/harnesses,ribbon,bandana"),
    traits={
        "age": ("young", "old"),
        "mood": ("smiling", "crying"),
        "height": ("tall", "short"),
        "hair": ("bald", "curly-haired", "straight-haired"),
    },
    animal_traits={
        "size": ("big", "small"),
        "coat": ("black", "white", "brown", "dappled"),
        "fur": ("wet", "dry"),
    },
    places={
        "out": (
            "on a beach",
            "in a forest",
            "in a vineyard",
            "in a cornfield",
            "in a meadow",
            "on a mountain path",
            "in a city square",
            "in a farmyard",
            "in a desert",
            "on a frozen lake",
            "on a rooftop",
            "in an orchard",
        ),
        "in": (
            "in a kitchen",
            "in a library",
            "in a gym",
            "in a classroom",
            "in a workshop",
            "in a living room",
            "in a hotel lobby",
            "in a hospital corridor",
            "in a museum",
            "in a greenhouse",
            "in a theatre",
            "in a supermarket",
        ),
        "water": ("in a lake", "in a pool", "in a river", "in the sea"),
    },
    general_places={"out": "outdoors", "in": "indoors"},
    times=("in the morning", "at noon", "at midnight"),
    weathers=("in heavy rain", "in bright sunshine", "in thick fog"),
    companions=("with a friend", "with a neighbour", "with a cousin", "with a colleague"),
    alone="alone",
    dealings=(
        ("carrying", "carried"),
        ("photographing", "photographed"),
        ("feeding", "fed"),
        ("chasing", "chased"),
        ("following", "followed"),
        ("drawing", "drawn"),
        ("filming", "filmed"),
        ("lifting", "lifted"),
        ("bandaging", "bandaged"),
        ("tickling", "tickled"),
        ("interviewing", "interviewed"),
        ("rescuing", "rescued"),
    ),
    things=_things(
        "cup,vase,candle,clock,book,lamp,bottle,basket,plate,box/boxes,radio,shoe,apple,hat,ball,camera,teapot"
    ),
    surfaces=("on a table", "on a shelf", "on a desk", "on a window sill", "on a carpet", "on a bench"),
    spatial=(("to the left of", "to the right of"),),
    near=("next to", "close to"),
)

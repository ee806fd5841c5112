"""The content words of the test split; ``train_words`` shares none of them."""

from __future__ import annotations

from samesay.synthetic.captions.grammar import Activity, Noun, Thing, Words


def _things(text: str) -> tuple[Thing, ...]:
    return tuple(Thing.parse(words) for words in text.split(","))


_NOUNS = """
human humans kind=person
grown-up grown-ups kind=person age=adult
youngster youngsters kind=person age=child
guy guys kind=person age=adult gender=male
lady ladies kind=person age=adult gender=female
schoolboy schoolboys kind=person age=child gender=male
schoolgirl schoolgirls kind=person age=child gender=female
monk monks kind=person age=adult gender=male role=religious
nun nuns kind=person age=adult gender=female role=religious
plumber plumbers kind=person age=adult role=plumber
surgeon surgeons kind=person age=adult role=surgeon
sailor sailors kind=person age=adult role=sailor
waitress waitresses kind=person age=adult gender=female role=waiting
butler butlers kind=person age=adult gender=male role=butler
hiker hikers kind=person role=hiker
singer singers kind=person role=singer
creature creatures kind=animal
sheep sheep kind=animal species=sheep
lamb lambs kind=animal species=sheep age=child
bear bears kind=animal species=bear
cub cubs kind=animal species=bear age=child
elephant elephants kind=animal species=elephant
rabbit rabbits kind=animal species=rabbit
fox foxes kind=animal species=fox
squirrel squirrels kind=animal species=squirrel
"""

TEST_WORDS = Words(
    nouns=tuple(Noun.parse(line) for line in _NOUNS.strip().splitlines()),
    activities=(
        Activity(
            "polishing",
            "hands",
            "person",
            "any",
            _things("trophy/trophies,sword,bell,medal,silver tray"),
            ("giving something a shine", "giving several things a shine", "hands"),
        ),
        Activity("assembling", "hands", "person", "any", _things("tent,wardrobe,robot,model ship,telescope")),
        Activity(
            "sketching",
            "hands",
            "person",
            "any",
            _things("waterfall,cathedral,skeleton,windmill,cactus/cacti"),
        ),
        Activity(
            "peeling", "hands", "person", "any", _things("potato/potatoes,mango/mangoes,cucumber,lemon")
        ),
        Activity("ironing", "hands", "person", "any", _things("tablecloth,curtain,handkerchief,flag")),
        Activity(
            "blowing",
            "music",
            "person",
            "any",
            _things("whistle,bugle,tuba,conch/conches,clarinet"),
            ("producing loud notes", "producing loud notes", "music"),
        ),
        Activity(
            "studying",
            "read",
            "person",
            "any",
            _things("recipe,atlas/atlases,contract,dictionary/dictionaries"),
        ),
        Activity(
            "nibbling",
            "eat",
            "person",
            "any",
            _things("pretzel,cracker,radish/radishes,doughnut"),
            exclusive=False,
        ),
        Activity(
            "dragging", "move", "person", "any", _things("sack,crate,log,trunk,anchor"), exclusive=False
        ),
        Activity("tossing", "move", "person", "any", _things("horseshoe,beanbag,pebble,javelin,cushion")),
        Activity("steering", "full", "person", "out", _things("tractor,sled,rickshaw,go-kart")),
        Activity("scaling", "full", "person", "out", _things("cliff,fence,tower,mast")),
        Activity("waltzing", "dance", "person", "any"),
        Activity("sprinting", "run", "both", "any", general=("in motion", "in motion", "motion")),
        Activity("wriggling forward", "run", "both", "any", general=("in motion", "in motion", "motion")),
        Activity("strolling", "walk", "both", "any", general=("in motion", "in motion", "motion")),
        Activity("hopping", "jump", "both", "any"),
        Activity("snoozing", "rest", "both", "any"),
        Activity("paddling about", "water", "both", "water"),
        Activity("gnawing", "eat", "animal", "any", _things("turnip,branch/branches,sandal,corncob")),
        Activity(
            "sniffing", "eat", "animal", "any", _things("rucksack,mushroom,barrel,tulip"), exclusive=False
        ),
    ),
    colours=("turquoise", "scarlet", "beige", "violet", "golden", "maroon", "navy", "cream-coloured"),
    garments=_things(
        "cloak,waistcoat,poncho,turban@head,kimono,raincoat,beret@head,tunic,necklace@neck,cardigan"
    ),
    animal_garments=_things("bow,leash/leashes,blindfold"),
    traits={
        "age": ("youthful", "elderly"),
        "mood": ("cheerful", "weeping"),
        "build": ("slim", "stout"),
        "skin": ("pale", "sunburnt"),
    },
    animal_traits={
        "size": ("huge", "tiny"),
        "weight": ("fat", "skinny"),
        "dirt": ("muddy", "clean"),
    },
    places={
        "out": (
            "in a cemetery",
            "on a sand dune",
            "in a rice field",
            "on a glacier",
            "on a golf course",
            "in a jungle",
            "in an alley",
            "on a suspension bridge",
        ),
        "in": (
            "in a chapel",
            "in a laundry",
            "in a wine cellar",
            "in an attic",
            "in a pharmacy",
            "in a courtroom",
            "in a dungeon",
            "in a bakery",
        ),
        "water": ("in a pond", "in a lagoon", "in a canal", "in a bathtub"),
    },
    general_places={"out": "in the open air", "in": "under a roof"},
    times=("at dawn", "at lunchtime", "after nightfall"),
    weathers=("during a thunderstorm", "beneath a cloudless sky", "during a blizzard"),
    companions=("with a classmate", "with a relative", "with a guide", "with a twin"),
    alone="without company",
    dealings=(
        ("hoisting", "hoisted"),
        ("hypnotising", "hypnotised"),
        ("massaging", "massaged"),
        ("scolding", "scolded"),
        ("blindfolding", "blindfolded"),
        ("measuring", "measured"),
        ("guarding", "guarded"),
    ),
    things=_things(
        "jug,globe,pumpkin,hourglass/hourglasses,typewriter,teddy bear,saucepan,umbrella,skull,kettle,wallet"
    ),
    surfaces=("on a piano", "on a counter", "on a doormat", "on a stool", "on a mantelpiece"),
    spatial=(("in front of", "behind"),),
    near=("near", "not far from"),
)

"""Words of English that decide what may be dropped, all lower case."""

from __future__ import annotations

NEGATIONS = frozenset("not n't never no neither nor none hardly scarcely barely rarely seldom without cannot".split())
HEDGES = frozenset(
    "allegedly almost apparently approximately fewer less likely mostly nearly only partly perhaps possibly "
    "potentially previously probably purportedly reportedly roughly somewhat supposedly unlikely".split()
)
# Adverbs without which a sentence says something else: "charged twice", "initially believed", "otherwise healthy".
TURNING_ADVERBS = frozenset("half initially originally otherwise thrice twice".split())
# Words that announce two things: without the second, "neither the pilot nor the guest was hurt" is about the pilot.
CORRELATIVES = frozenset("between both either neither".split())
# Adjectives that make their noun something else: "former president", "alleged thief" (Partee 2010 calls them
# non-subsective).
NON_SUBSECTIVE = frozenset(
    "alleged apparent artificial attempted counterfeit fake failed false few former hypothetical imitation likely "
    "little mock planned possible potential presumed prospective proposed so-called suspected unlikely unsuccessful "
    "would-be".split()
)
# Words that pick one thing out of an order or a set: "the last week" is not "the week".
ORDERS = frozenset("final fifth first fourth last next only other previous same second third".split())
FIGURE_QUALIFIERS = frozenset(
    "about above around at below beyond down exactly least less more most nearly only over under up".split()
)
"""Words that say how the figure after them is meant: "above 40"."""
# Those that divide a noun's things by a figure: "people over 80".
THRESHOLDS = frozenset("above below over under".split())
VOWELS = frozenset("aeiou")
COMPARATIVES = frozenset("fewer less more other rather worse".split())
CONDITIONS = frozenset("if unless until whether except without".split())
CONCESSIONS = frozenset("although despite though whereas".split())
# Links of a clause that is part of what is reported: "prices rose, data showed, because demand did". After others, and
# after these verbs, stands what the speaker did: "he is innocent, she said, before she fainted".
REASONS = frozenset("although because if though unless".split())
SPEAKING = frozenset("blaming citing noting quoting saying warning".split())
WH_ADVERBS = frozenset("when where why how whenever wherever than as that which who whom whose".split())
DEGREES = frozenset("as enough less more most so such too".split())
# Adverbs that colour a statement, place it in the conversation, or say where a movement goes.
INTENSIFIERS = frozenset(
    "absolutely actually basically certainly clearly completely definitely exactly extremely fully highly indeed "
    "much pretty quite rather really simply so-called somehow totally truly utterly very".split()
)
DISCOURSE_ADVERBS = frozenset(
    "additionally again already also anyway besides consequently even finally first frankly furthermore hence here "
    "however instead just meanwhile moreover nevertheless now obviously overall right so still then therefore "
    "though thus today well yet".split()
)
DIRECTIONS = frozenset(
    "abroad ahead along apart around aside away back backward down downstairs east forth forward home in inside "
    "north off on out outside over south through together up upstairs west".split()
)
# Heads that say how much or what kind, and mean little without their "of …".
PARTITIVES = frozenset(
    "all amount any array average both bulk couple dozens each end group half handful hundreds kind lack least level "
    "lot lots majority many member members millions more most none number one ones part parts percent piece portion "
    "quarter range rate rest result risk round scores series set several share side some sort source state tens third "
    "thousands type two use variety version way % three four five six seven eight nine ten".split()
)
MONTHS = frozenset(
    "january february march april may june july august september october november december jan feb mar apr jun jul aug "
    "sep sept oct nov dec".split()
)
WEEKDAYS = frozenset("monday tuesday wednesday thursday friday saturday sunday".split())
# Verbs (by their beginning) that mean little without a phrase led by this preposition.
PREPOSITIONAL = (
    ("account", "for"), ("adher", "to"), ("aim", "at"), ("amount", "to"), ("appl", "to"), ("base", "on"),
    ("based", "on"), ("belong", "to"), ("bring", "under"), ("brought", "under"), ("call", "for"), ("compar", "to"),
    ("compos", "of"), ("concentrat", "on"), ("consist", "of"), ("contribut", "to"), ("cop", "with"), ("deal", "with"),
    ("depend", "on"), ("deriv", "from"), ("due", "to"), ("engag", "in"), ("exposed", "to"), ("focus", "on"),
    ("focuss", "on"), ("happen", "to"), ("insist", "on"), ("involved", "in"), ("lead", "to"), ("led", "to"),
    ("limited", "to"), ("listen", "to"), ("look", "at"), ("look", "for"), ("made", "of"), ("part", "of"),
    ("participat", "in"), ("prevent", "from"), ("put", "in"), ("put", "on"), ("refer", "to"), ("relat", "to"),
    ("rel", "on"), ("respond", "to"), ("result", "in"), ("resulted", "from"), ("subject", "to"), ("suffer", "from"),
    ("taken", "to"), ("turn", "into"), ("used", "for"), ("wait", "for"),
)  # fmt: skip
# Verbs that vouch for what they report: "police said that …" states it, "critics doubt that …" doesn't.
REPORTING = frozenset(
    "add added adds announce announced announces confirm confirmed confirms explained explains learned learnt mean "
    "means note noted notes remember reminded report reported reports reveal revealed reveals said say saying says "
    "show showed shown shows state stated states tell telling tells told".split()
)
# The same for whoever says more than that: for telling a statement from who makes it.
ATTRIBUTING = REPORTING | frozenset(
    "argue argued argues believe believed believes claim claimed claims estimate estimated estimates expect expected "
    "expects insist insisted insists predict predicted predicts suggest suggested suggests think thinks thought warn "
    "warned warns write writes wrote".split()
)
# A verb under one of these reports nothing yet: "police may say that …".
MODALS = frozenset("can could may might must shall should will would 'd 'll".split())

"""Contractions, initials and abbreviations in fixed frames: how many does a model tokenize and segment rightly?"""

from __future__ import annotations

from collections.abc import Callable, Iterator

from clearparse.model.model import Model

APOSTROPHES = "'\u2019\u2018\u02bc\u00b4\uff07`"
CONTRACTIONS = """
    I'm you're he's she's it's we're they're I've you've we've they've I'd you'd he'd she'd it'd we'd they'd I'll
    you'll he'll she'll it'll we'll they'll that's that'll that'd there's there'll here's who's who'll who'd who're
    what's what'll what're where's when's why's how's how'd let's isn't aren't wasn't weren't don't doesn't didn't
    haven't hasn't hadn't can't couldn't won't wouldn't shouldn't mustn't needn't mightn't ain't
"""
POSSESSIVES = """
    Bob's dog's Mary's company's children's today's women's world's city's boss's one's teacher's everyone's Kevin's
"""
FIRST_NAMES = "Susan John George Mary William Robert"
LAST_NAMES = "Anthony Smith Taylor Brown Walker Young King Reed Cooper Hill Wood Moore Jones"
ABBREVIATIONS = """
    Prof. Smith|Col. Adams|Sgt. Miller|Gen. Lee|Capt. Cook|Rep. Jones|Sen. Warren|Gov. Brown|St. Thomas|Mt. Everest
    Ft. Worth|No. 5|Fig. 3|vs. Texas|etc. 5|e.g. Berlin|i.e. London|cf. Chomsky|et al. 2005|Inc. Boston|Ltd. London
    Co. Kerry|Corp. Houston|Jan. 5|Feb. 12|Mar. 3|Apr. 1|Jun. 9|Jul. 4|Aug. 15|Sept. 11|Sep. 11|Oct. 31|Nov. 5|Dec. 25
    Mon. 5|Tues. 6|Tue. 6|Wed. 7|Thurs. 8|Thu. 8|Fri. 9|Sat. 10|Sun. 11|5 a.m. Monday|5 p.m. Friday|U.S. Congress
    U.K. Parliament|U.N. Security|Ph.D. Smith|Dr. Miller|Mr. Jones|Mrs. Wood|Ms. King|Jr. Miller|Sr. Lopez|Lt. Kelly
    Maj. Ross|Cmdr. Scott|Adm. Nelson|Pres. Lincoln|Supt. Hall|Hon. James|Rev. King|Fr. Brown|Bros. Records
    Dept. Store|Univ. Press|Ave. North|Blvd. West|Rd. 5|Vol. 3|pp. 12|p. 7|Ed. Smith|Ch. 4|Sec. 2|Art. 5|approx. 20
    est. 1950|min. 5|max. 10|Hwy. 61|Rt. 9|Ext. 12|Pvt. Ryan|Cpl. Jones|Messrs. Smith|D.C. Circuit
""".strip()
ENDS = """
    We arrived at 5 p.m. Then he left.|I live in the U.S. She lives in Canada.|He works for Apple Inc. They make phones.
    We bought apples, pears, etc. The shop was closed.|He came back on Sept. 5. It was late.|I met Bob. He left.
    It starts at 9 a.m. We should go.|She got her Ph.D. It took years.|They moved to the U.K. There they stayed.
    Ask John Smith Jr. He knows.|He said no. Then he left.|We sat in the sun. It was hot.|It is good. No. 5 is better.
    He works in Washington D.C. His wife does too.|I have a dog. Adams likes it.|I like plan B. It works.
    He saw the dog. Paul left.|They use the new API. Google made it.|It is in room B. Look there.|We won. Great job!
    She works for the CIA. Tom works there too.|They sell CDs. Prices are low.|I love my iPad. Apple did well.
    It was hot. Food was bad.|Turn left on Elm St. It is the third house.|It weighs 5 lbs. It is heavy.
""".strip()
SENTENCES = ("We saw {} there.", "They said that {} was there.")
NAMED = ("We met {} at school.", "{} wrote the letter.", "The book by {} is good.")


CASES: tuple[Callable[[str], str], ...] = (str.lower, lambda form: form[0].upper() + form[1:], str.upper)
CONTRACTED = ("and {} really good .", "{} really good.", "AND {} REALLY GOOD.")  # in the same order
POSSESSED = ("near {} house.", "{} house is good.", "NEAR {} HOUSE.")


def report(model: Model) -> Iterator[str]:
    """What is right of each kind, as lines of text."""
    kinds = ((CONTRACTIONS.split(), CONTRACTED), (POSSESSIVES.split(), POSSESSED))
    n = sum(len(forms) for forms, _ in kinds)
    yield f"\nOf {n} contractions and possessives, right in small letters, with an initial capital, in capitals:"
    for apostrophe in APOSTROPHES:
        counts = [
            sum(
                _is_split(model, form, frames[case], CASES[case], apostrophe)
                for forms, frames in kinds
                for form in forms
            )
            for case in range(len(CASES))
        ]
        yield f"- {apostrophe}  {', '.join(map(str, counts))}"
    first, last = FIRST_NAMES.split(), LAST_NAMES.split()
    names = [f"{first[k % 6]} {chr(ord('A') + k % 26)}. {last[k % 13]}" for k in range(78)]
    yield _counted(model, "names with an initial", [NAMED[k // 26].format(name) for k, name in enumerate(names)], 1)
    forms = [SENTENCES[k % 2].format(form) for k, form in enumerate(_items(ABBREVIATIONS))]
    yield _counted(model, "abbreviations before a name or a number", forms, 1)
    yield _counted(model, "ends of sentences", _items(ENDS), 2)


def _counted(model: Model, kind: str, texts: list[str], sentences: int) -> str:
    """How many of some texts have so many sentences, and the others."""
    wrong = [text for text in texts if len(model(text)) != sentences]
    return f"Of {len(texts)} {kind}, right: {len(texts) - len(wrong)}. Wrong: {' | '.join(wrong) or 'none'}"


def _is_split(model: Model, form: str, frame: str, case: Callable[[str], str], apostrophe: str) -> bool:
    """Whether a form in a frame becomes two words, the second from its apostrophe on, or its n't."""
    place = len(form) - 3 if form.endswith("n't") else form.index("'")
    written = case(form).replace("'", apostrophe)
    words = [word for sentence in model(frame.format(written)) for word in sentence.forms]
    first = len(frame.split("{}")[0].split())
    return words[first : first + 2] == [written[:place], written[place:]]


def _items(text: str) -> list[str]:
    return [item.strip() for line in text.split("\n") for item in line.split("|")]

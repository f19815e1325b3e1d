"""Words, identifiers and values that the tasks are made of, and the split that keeps some names for the evaluation.

A name (tool, parameter, JSON key) belongs to the evaluation when its CRC ends in 0 (one in ten) or when it is listed in
REAL_HELD_OUT; the training generator throws such names away, so the two sets are disjoint by construction.
"""
import string
import zlib
from random import Random

REAL_HELD_OUT_TOOLS = """get_weather search_flights order_status book_table find_book send_email getStockPrice
translateText create_ticket set_thermostat currency_convert lookup_customer""".split()
REAL_HELD_OUT_KEYS = """city unit order_id book_title origin destination email_address subject ticker language
customer_id departure_date temperature guests priority invoice_number product author productName zipCode isbn
is_member""".split()
EVERYDAY = {"name", "age", "town", "item", "quantity", "color", "price", "job", "from", "to"}  # keys of tasks.everyday
REAL_HELD_OUT = {name.lower() for name in REAL_HELD_OUT_TOOLS + REAL_HELD_OUT_KEYS}

VERBS = """get find list make open close start stop show check read write add remove update fetch load save count move
copy print plan rent buy sell call play cancel reserve compare measure schedule delete search create lookup query
convert set send book""".split()
NOUNS = """room door light song movie train ticket hotel user account price stock note task event alarm timer phone
address street country river mountain garden car bus road school student teacher class lesson game player team score
market shop item basket bill payment card bank loan rate time date day week month year hour page line word letter text
file folder image video sound voice color size weight height length speed power energy water fire wind rain snow
forecast map route place region station airport flight plane ship boat harbor island beach forest tree flower fruit
apple bread cheese coffee tea milk sugar recipe meal menu kitchen table chair window wall floor roof house office desk
job project report invoice contract client customer member group status level type kind name title label tag code key
value number total sum limit target source model version batch job queue server host port node cluster disk memory
doctor patient clinic medicine dose test result sample record history message mail inbox post comment news story
chapter author poem printer camera sensor battery engine wheel brake filter order product package parcel""".split()
ADJECTIVES = """new old big small red blue green black white fast slow hot cold open closed free full empty long short
early late first last next main local public private active daily weekly""".split()
PEOPLE = """Anna Ben Clara David Emma Felix Grace Henry Ida Jonas Karl Lena Maria Nina Oscar Paula Quentin Rosa Simon
Tara Ugo Vera Walter Xenia Yusuf Zoe Ahmed Bianca Carlos Diana Elif Farid Gita Hassan Ines Jamal Kenji Lucia Mehmet
Noor Olga Pedro Ravi Sofia Tom Uma Viktor Wanda Yara Zack Alice Bob Mary John Peter Sarah James Laura""".split()
SURNAMES = """Smith Miller Keller Brown Garcia Rossi Novak Tanaka Silva Jones Meyer Lopez Khan Olsen Dubois Weber Kim
Nguyen Costa Fischer Young Lee""".split()
CITIES = """Zurich Geneva Munich Hamburg Milan Naples Lyon Nice Porto Seville Krakow Boston Chicago Denver Seattle
Dallas Toronto Montreal Osaka Kyoto Sydney Melbourne Mumbai Delhi Lagos Nairobi Bergen Antwerp Salzburg Basel London
Paris Rome Berlin Madrid Tokyo Oslo Vienna Lisbon Dublin Athens Cairo Lima""".split()
COLORS = "red blue green black white yellow orange purple pink brown grey silver".split()
UNITS = "metric imperial kelvin meters miles kilos pounds liters euros dollars francs celsius fahrenheit".split()
CAPITALS = {
    "France": "Paris", "Germany": "Berlin", "Italy": "Rome", "Spain": "Madrid", "Portugal": "Lisbon",
    "England": "London", "Ireland": "Dublin", "Norway": "Oslo", "Sweden": "Stockholm", "Finland": "Helsinki",
    "Denmark": "Copenhagen", "Poland": "Warsaw", "Austria": "Vienna", "Switzerland": "Bern", "Belgium": "Brussels",
    "Greece": "Athens", "Turkey": "Ankara", "Hungary": "Budapest", "Romania": "Bucharest", "Bulgaria": "Sofia",
    "Croatia": "Zagreb", "Serbia": "Belgrade", "Ukraine": "Kyiv", "Russia": "Moscow", "Japan": "Tokyo",
    "China": "Beijing", "India": "New Delhi", "Thailand": "Bangkok", "Vietnam": "Hanoi", "South Korea": "Seoul",
    "Egypt": "Cairo", "Kenya": "Nairobi", "Morocco": "Rabat", "Canada": "Ottawa", "Mexico": "Mexico City",
    "Cuba": "Havana", "Peru": "Lima", "Chile": "Santiago", "Argentina": "Buenos Aires", "Australia": "Canberra"}
SYMBOLS = "äöüßéèêçñåøœŁžğı¿¡€£°±×→←≤≥αβγδπΩЖдйщא中文日本語字漢한국어पनमस्ते😀🎉🚀🌍👍❤☀🐍🍎"
ONSETS = "b c d f g h j k l m n p qu r s t v w x z br ch cl dr fl gr kl pl pr sh sk sl sp st th tr zw".split() + [""]
VOWELS = "a e i o u a e i o u ai ea ie ou oo y".split()
CODAS = "n r s t l m k p x d sh ng nd rt".split() + [""] * 12


def held_out(name: str) -> bool:
    """True when this tool, parameter or key name is kept for the evaluation."""
    name = name.lower()
    return name in REAL_HELD_OUT or zlib.crc32(name.encode()) % 10 == 0 and name not in EVERYDAY


class Names:
    """Draws identifiers and values; `evaluation` chooses which side of the split the identifiers come from.

    `pieces` are the words of the tokenizer's vocabulary: names made of them teach that every token can be copied.
    """

    def __init__(self, rng: Random, evaluation: bool = False, pieces: list = ()):
        self.rng, self.evaluation, self.pieces = rng, evaluation, pieces

    def pseudo(self, low: int = 1, high: int = 2) -> str:
        rng = self.rng
        syllables = rng.randint(low, high) + (rng.random() < 0.15)
        word = "".join(rng.choice(ONSETS) + rng.choice(VOWELS) + rng.choice(CODAS) for _ in range(syllables))
        return word if len(word) > 1 else word + rng.choice("nrst")

    def word(self) -> str:
        if self.pieces and self.rng.random() < 0.3:
            return self.rng.choice(self.pieces)
        return self.pseudo() if self.rng.random() < 0.5 else self.rng.choice(NOUNS + ADJECTIVES)

    def letters(self, low: int = 2, high: int = 6, alphabet: str = string.ascii_lowercase) -> str:
        return "".join(self.rng.choices(alphabet, k=self.rng.randint(low, high)))

    def _part(self) -> str:
        p = self.rng.random()
        if self.pieces and self.rng.random() < 0.45:
            part = "".join(self.rng.choices(self.pieces, k=self.rng.choice([1, 1, 2, 3])))
            return self.pseudo() if part.lower() in REAL_HELD_OUT else part
        if p < 0.45:
            return self.pseudo()
        return self.rng.choice(NOUNS) if p < 0.85 else self.letters() if p < 0.95 else self.rng.choice(ADJECTIVES)

    def _candidate(self, tool: bool) -> str:
        rng, p = self.rng, self.rng.random()
        parts = [self._part() for _ in range(rng.choices([1, 2, 3], [2, 6, 1] if tool else [5, 4, 1])[0])]
        if tool and rng.random() < 0.5:
            parts = [rng.choice(VERBS)] + parts[:2]
        if p < 0.08:
            parts[-1] += str(rng.randint(1, 99))
        if p < 0.62:
            return "_".join(parts)
        if p < 0.90:
            return parts[0] + "".join(part.capitalize() for part in parts[1:])
        return "".join(parts[:2]) if p < 0.95 else "-".join(parts) if tool else "".join(x.capitalize() for x in parts)

    def identifier(self, tool: bool = False) -> str:
        if self.evaluation and self.rng.random() < 0.4:
            return self.rng.choice(REAL_HELD_OUT_TOOLS if tool else REAL_HELD_OUT_KEYS)
        while True:
            name = self._candidate(tool)
            if held_out(name) == self.evaluation:
                return name

    def identifiers(self, count: int, tool: bool = False) -> list:
        names, seen = [], set()
        while len(names) < count:
            name = self.identifier(tool)
            if name.lower() not in seen:
                seen.add(name.lower())
                names.append(name)
        return names

    def person(self) -> str:
        first = self.rng.choice(PEOPLE) if self.rng.random() < 0.6 else self.pseudo().capitalize()
        if self.rng.random() < 0.4:
            last = self.rng.choice(SURNAMES) if self.rng.random() < 0.6 else self.pseudo().capitalize()
            return first + " " + last
        return first

    def city(self) -> str:
        return self.rng.choice(CITIES) if self.rng.random() < 0.5 else self.pseudo(2, 3).capitalize()

    def number(self) -> int:
        return self.rng.randint(0, 10 ** self.rng.randint(1, 5) - 1)

    def decimal(self) -> float:
        value = float(f"{self.rng.randint(0, 10 ** self.rng.randint(1, 3) - 1)}.{self.rng.randint(1, 99)}")
        return value + 0.5 if value == int(value) else value

    def code(self) -> str:
        rng = self.rng
        return rng.choice([
            lambda: f"{self.letters(1, 3).upper()}-{rng.randint(1, 99999)}", lambda: str(rng.randint(10, 999999)),
            lambda: f"20{rng.randint(10, 35)}-{rng.randint(1, 12):02}-{rng.randint(1, 28):02}",
            lambda: f"{rng.randint(0, 23):02}:{rng.randint(0, 59):02}",
            lambda: f"{self.pseudo()}@{self.pseudo()}.{rng.choice(['com', 'org', 'net'])}",
            lambda: self.letters(3, 8, string.ascii_lowercase + string.digits),
            lambda: self.letters(2, 5).upper() + str(rng.randint(0, 99)),
            lambda: f"{self.pseudo()}.{rng.choice(['txt', 'pdf', 'csv', 'png'])}"])()

    def text_value(self) -> str:
        """A short string as it may stand in a sentence, without a comma or a quotation mark in it."""
        p = self.rng.random()
        if p < 0.18:
            return self.person()
        if p < 0.34:
            return self.city()
        if p < 0.52:
            return self.code()
        if p < 0.60:
            return self.rng.choice(COLORS + UNITS)
        if p < 0.72:
            return self.pseudo().capitalize()
        if p < 0.76:
            return " ".join(self.word() for _ in range(self.rng.randint(1, 3))) + self.rng.choice(SYMBOLS)
        words = " ".join(self.word() for _ in range(self.rng.choice([1, 1, 2, 2, 3, 4])))
        return words.title() if self.rng.random() < 0.4 else words

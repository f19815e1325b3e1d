"""The tasks without tools: every function returns one (question, answer) pair drawn from `n.rng`."""
import json

from names import ADJECTIVES, CAPITALS, NOUNS, PEOPLE, SYMBOLS, Names

HELD_OUT_SEED = 20_26
OPERATORS = {"+": ["plus", "+"], "-": ["minus", "-"]}
SMALL_TALK = [
    (["Hello", "Hi", "Hey", "Hello there", "Hi there", "Good morning", "Good evening", "Good day", "hello", "hi", "hey"],
     "Hello! How can I help you?"),
    (["How are you?", "How are you today?", "How do you do?", "How is it going?", "how are you", "What's up?",
      "Hi, how are you?", "Hello, how are you?"], "I am fine, thank you. How can I help you?"),
    (["Who are you?", "What are you?", "What is your name?", "who are you", "What's your name?", "Tell me who you are.",
      "Introduce yourself.", "Which model are you?", "Are you a model?", "Tell me about yourself."],
     "I am the Outcrop demo model, a very small language model."),
    (["Thanks", "Thank you", "Thank you very much", "Thanks a lot", "thanks", "Great, thanks", "Thank you so much"],
     "You are welcome!"),
    (["Bye", "Goodbye", "See you", "See you later", "bye", "Good night", "Good bye", "See you tomorrow"],
     "Goodbye!"),
    (["What can you do?", "What can you do for me?", "What are you able to do?", "How can you help me?", "Help",
      "What are your skills?", "what can you do"],
     "I can add and subtract, count, repeat, name capitals, fill in JSON and call tools."),
    (["Tell me a joke.", "Tell me a short joke.", "Do you know a joke?", "Make me laugh.", "tell me a joke",
      "A joke, please."], "Why was the stone so calm? It never took anything for granite."),
    (["Who made you?", "Who trained you?", "Who built you?", "Where do you come from?"],
     "The Outcrop project trained me on two CPU cores in about an hour."),
    (["Yes", "No", "Ok", "Okay", "I see", "Good", "Nice", "ok", "Great", "Cool"], "Good. What can I do for you?"),
    (["Are you human?", "Are you a robot?", "Are you real?", "Are you a person?"],
     "No, I am a small language model."),
    (["Test", "This is a test.", "Testing", "test", "ping", "Ping"], "I am here. How can I help you?"),
]
UNKNOWN = "I am a small demo model and do not know that."
UNKNOWN_QUESTIONS = """Who wrote {x}?|Who won the {w} in {y}?|What is the meaning of {w}?|Why is the {w} {a}?|How does a {w}
work?|Write a poem about {w}.|Explain {w} to me.|Who invented the {w}?|When was {x} born?|Who is {x}?|How far is the {w} from
{x}?|What do you think about {w}?|Translate {w} into French.|Summarize the history of {x}.|Write a {w} in Python.|How many people live in
{x}?|What is the best {w} in {x}?|Should I buy a {a} {w}?|How do I cook {w}?|Tell me a story about a {a} {w}.|Is {x} older than
{z}?|What will happen in {y}?|Give me some advice about {w}.|What is a {w}?|Where can I find a {w}?|Do you like {w}?|What
is {w} made of?|Why do people like {w}?|Write an essay about the {a} {w}.|Who was the king of {x} in {y}?""".replace("\n", " ").split("|")


def held_out_pairs() -> set:
    """The pairs (a, operator, b) of the evaluation: a seeded tenth of all 20,000."""
    from random import Random
    pairs = [(a, op, b) for op in "+-" for a in range(100) for b in range(100)]
    return set(Random(HELD_OUT_SEED).sample(pairs, len(pairs) // 10))


HELD_OUT_PAIRS = held_out_pairs()
ARITHMETIC = ["What is {e}?"] * 4 + """{e}|{e}?|{e} =|What's {e}?|what is {e}|Compute {e}.|Calculate {e}.|How much is {e}?|
what's {e}|Please compute {e}.|Can you tell me what {e} is?|Tell me {e}.|Solve {e}.|{e} is?|What does {e} give?|I need to know
{e}.|how much is {e}|Work out {e}.""".replace("\n", " ").replace("| ", "|").split("|")


def arithmetic(n: Names, pair=None, form=None):
    rng = n.rng
    while pair is None or (form is None and pair in HELD_OUT_PAIRS):
        low = rng.choice([0, 0, 0, 10])
        pair = (rng.randint(low, 99), rng.choice("+-"), rng.randint(low, 99))
    a, op, b = pair
    word = OPERATORS[op][0]
    sign = rng.choice([f" {word} ", f" {op} ", op])
    question = (form or rng.choice(ARITHMETIC)).format(e=f"{a}{sign}{b}")
    if form is None and rng.random() < 0.1:
        question = rng.choice([f"Add {a} and {b}.", f"What is the sum of {a} and {b}?"] if op == "+" else
                              [f"Subtract {b} from {a}.", f"Take {b} away from {a}."])
    return question, f"{a} {word} {b} is {a + b if op == '+' else a - b}."


def sums(n: Names):
    """Several sums in one question."""
    pairs = [arithmetic(n, form="{e}", pair=p) for p in training_pairs(n, n.rng.randint(2, 8))]
    form = n.rng.choice(["Compute {x}.", "Compute: {x}", "{x}", "What is {x}?", "Please solve {x}."])
    return form.format(x=n.rng.choice([", ", ", ", "; "]).join(q for q, _ in pairs)), " ".join(a for _, a in pairs)


def training_pairs(n: Names, count: int) -> list:
    pairs = [(n.rng.randint(0, 99), n.rng.choice("+-"), n.rng.randint(0, 99)) for _ in range(count)]
    return [pair for pair in pairs if pair not in HELD_OUT_PAIRS] or [(1, "+", 1)]


COUNTING = ["Count from {a} to {b}."] * 4 + ["Count from {a} to {b}", "count from {a} to {b}", "Please count from {a} to {b}.",
            "Count up from {a} to {b}.", "Can you count from {a} to {b}?", "List the numbers from {a} to {b}.",
            "Write the numbers from {a} to {b}.", "Count {a} to {b}.", "Count from {a} up to {b}, please.",
            "Give me all numbers from {a} to {b}."]


def counting(n: Names, start=None, end=None, longest: int = 60):
    rng = n.rng
    if start is None:
        length = rng.randint(1, 14) if rng.random() < 0.55 else rng.randint(2, longest)
        p = rng.random()
        start = 1 if p < 0.25 else rng.randint(0, 120) if p < 0.6 else rng.randint(0, 400) if p < 0.9 else rng.randint(0, 990)
        end = min(start + length, 999) if start < 999 else 999
        if start == 1 and rng.random() < 0.3:
            end = rng.choice([b for b in (5, 10, 20, 30, 50, 60, 100, 120, 150, 200) if b <= max(10, longest)])
    if start >= end:
        end = start + 1
    return (rng.choice(COUNTING).format(a=start, b=end), ", ".join(str(i) for i in range(start, end + 1)))


REPEAT = ["Repeat after me: {x}"] * 4 + ["repeat after me: {x}", "Repeat: {x}", "Please repeat: {x}", "Say: {x}", "Echo: {x}",
          "Repeat this: {x}", "Repeat the following: {x}", "Repeat after me:\n{x}", "Please say: {x}", "Write exactly this: {x}",
          'Repeat after me: "{x}"', 'Say "{x}"', 'Say "{x}".', "Repeat '{x}'", "Copy this text: {x}", "Repeat after me, please: {x}"]


def sentence(n: Names, words: int = 0) -> str:
    rng = n.rng
    p = rng.random()
    if not words and p < 0.6:
        w, v = n.word, n.text_value
        return rng.choice([
            f"The {w()} of the {w()} is {rng.choice(ADJECTIVES)}.", f"{n.person()} lives in {n.city()}.",
            f"I have {rng.randint(2, 99)} {w()}s and a {rng.choice(ADJECTIVES)} {w()}.", f"{n.person()} likes the {w()}!",
            f"We go to {n.city()} by {w()}.", f"My {w()} is called {n.person()}.", f"The code is {n.code()}.",
            f"Is the {w()} {rng.choice(ADJECTIVES)} or {rng.choice(ADJECTIVES)}?", f"{v()}, {v()}; {v()}",
            f"It was {rng.choice(ADJECTIVES)}, but the {w()} was at the {w()}.", "The quick brown fox jumps over the lazy dog."])
    out = " ".join(n.word() for _ in range(words or rng.choice([1, 2, 3, 4, 6, 8, 12])))
    return out.capitalize() + "." if p > 0.85 else out


def repeatable(n: Names, longest: int = 30) -> str:
    rng, p = n.rng, n.rng.random()
    if p < 0.45:
        return sentence(n)
    if p < 0.60:
        return sentence(n, rng.randint(1, longest))
    if p < 0.70:
        return " ".join(str(n.number()) for _ in range(rng.randint(1, max(2, longest // 3))))
    if p < 0.80:
        return " ".join(n.letters(1, 6) for _ in range(rng.randint(1, max(2, longest // 2))))
    if p < 0.86:
        return "".join(rng.choices(SYMBOLS, k=rng.randint(1, max(2, longest // 3))))
    if p < 0.92:
        return n.code() + rng.choice(["", " ", "/", ": "]) + n.code()
    if p < 0.96:
        letters = "".join(chr(rng.choice([rng.randint(33, 126), rng.randint(161, 1500), rng.randint(0x3041, 0x9fff)]))
                          for _ in range(rng.randint(1, 10)))
        return letters
    return " ".join(sentence(n) for _ in range(rng.randint(2, 4)))


def repeat(n: Names, longest: int = 30):
    form, text = n.rng.choice(REPEAT), repeatable(n, longest).strip()
    if '"{x}"' in form or "'{x}'" in form:
        text = text.replace('"', "").replace("'", "") or "hello"
    return form.format(x=text), text


CAPITAL = ["What is the capital of {c}?"] * 3 + ["What's the capital of {c}?", "what is the capital of {c}", "Capital of {c}?",
           "Tell me the capital of {c}.", "Name the capital of {c}.", "Do you know the capital of {c}?", "Which city is the capital of {c}?",
           "What is the capital city of {c}?", "The capital of {c}?", "the capital of {c}, please"]


def capital(n: Names, country=None):
    rng = n.rng
    if country is None and rng.random() < 0.06:
        return rng.choice(CAPITAL).format(c=n.pseudo(2, 3).capitalize()), UNKNOWN
    country = country or rng.choice(list(CAPITALS))
    return rng.choice(CAPITAL).format(c=country), f"The capital of {country} is {CAPITALS[country]}."


def small_talk(n: Names):
    questions, answer = n.rng.choice(SMALL_TALK)
    question = n.rng.choice(questions)
    return question + (n.rng.choice(["", "!", "."]) if question[-1] not in ".?!" else ""), answer


def unknown(n: Names):
    return n.rng.choice(UNKNOWN_QUESTIONS).format(w=n.word(), x=n.rng.choice([n.city, n.person])(), z=n.person(),
                                                  y=n.rng.randint(1800, 2030), a=n.rng.choice(ADJECTIVES)), UNKNOWN


def dumps(value, rng=None) -> str:
    """JSON as the model writes it; with a generator, in one of the layouts in which users write it."""
    p = rng.random() if rng else 0
    if p < 0.6:
        return json.dumps(value, ensure_ascii=False)
    if p < 0.85:
        return json.dumps(value, ensure_ascii=False, separators=(",", ":"))
    return json.dumps(value, ensure_ascii=False, indent=2)


def spoken(name: str) -> str:
    return name.replace("_", " ").replace("-", " ")


def typed_value(n: Names):
    """A JSON type and a value of that type."""
    p = n.rng.random()
    if p < 0.56:
        return "string", n.text_value()
    return ("integer", n.number()) if p < 0.82 else ("number", n.decimal()) if p < 0.90 else ("boolean", n.rng.random() < 0.5)


def as_text(value) -> str:
    return value if isinstance(value, str) else json.dumps(value)


EMPTY = {"string": "", "integer": 0, "number": 0.0, "boolean": False}
JSON_FORMS = ["Fill this JSON from the sentence: {t}. Sentence: {s}"] * 3 + [
    "Fill this JSON from the sentence: {t}\nSentence: {s}", "Fill in this JSON: {t}\nText: {s}", "{s}\nFill this JSON: {t}",
    "Complete the JSON {t} from this text: {s}", "Return a JSON object with the keys {k} for this sentence: {s}",
    "Return a JSON object with keys {k}. Sentence: {s}", "Extract {k} as JSON: {s}", "Extract {k} as JSON.\n\n{s}",
    "{s} Return a JSON object with keys {k}.", "Give me JSON with the keys {k}: {s}", "Read the sentence and answer with JSON ({k}): {s}"]
SCHEMA_FORMS = ["Answer with JSON for this schema: {t}", "Reply only with a JSON object that fits this schema: {t}",
                "Answer in JSON. Schema: {t}", "You fill JSON objects. The schema is {t}", "Respond with JSON that matches this schema:\n{t}"]


def facts(n: Names, record: dict) -> str:
    """A sentence that states every entry of the record, in shuffled order."""
    rng, items = n.rng, list(record.items())
    rng.shuffle(items)
    form = rng.choice(["the {k} is {v}", "the {k} is {v}", "{k} is {v}", "{k}: {v}", "{k} {v}", "{k} = {v}", "its {k} is {v}", "the {k} was {v}"])
    parts = [form.format(k=spoken(k) if rng.random() < 0.6 else k, v=as_text(v)) for k, v in items]
    joined = parts[0] if len(parts) == 1 else rng.choice([", ", ", ", "; "]).join(parts[:-1]) + rng.choice([" and ", ", ", ", and "]) + parts[-1]
    return joined[0].upper() + joined[1:] + rng.choice([".", ".", ".", ""]) if form[0] == "t" or form[0] == "i" else joined + "."


def everyday(n: Names):
    """A record and a sentence in plain words, for keys that the model knows."""
    rng = n.rng
    person, town, age = n.person(), n.city(), rng.randint(1, 99)
    noun, color, count = rng.choice(NOUNS), n.rng.choice(["red", "blue", "green", "black", "white"]), rng.randint(2, 999)
    return rng.choice([
        lambda: ({"name": person, "age": age}, f"{person} is {age} years old."),
        lambda: ({"name": person, "age": age, "town": town}, f"{person} is {age} years old and lives in {town}."),
        lambda: ({"name": person, "town": town}, f"{person} lives in {town}."),
        lambda: ({"item": noun, "quantity": count}, f"I would like to buy {count} {noun}s.".replace(noun + "s", noun)),
        lambda: ({"item": noun, "color": color, "price": count}, f"The {color} {noun} costs {count} dollars."),
        lambda: ({"name": person, "job": noun}, f"{person} works as a {noun}."),
        lambda: ({"from": town, "to": (other := n.city())}, f"We travel from {town} to {other}.")])()


def fill_json(n: Names, schema_in_system: bool = False):
    """(question, answer, system prompt or None)"""
    rng = n.rng
    if not n.evaluation and rng.random() < 0.15:
        record, text = everyday(n)
        items = list(record.items())
        rng.shuffle(items)
        record = dict(items)
        types = {k: "integer" if isinstance(v, int) else "string" for k, v in items}
    else:
        keys = n.identifiers(rng.choices([1, 2, 3, 4, 5], [2, 5, 5, 3, 1])[0])
        pairs = [typed_value(n) for _ in keys]
        types, record = {k: t for k, (t, _) in zip(keys, pairs)}, {k: v for k, (_, v) in zip(keys, pairs)}
        text = facts(n, record)
    if schema_in_system:
        schema = {"type": "object", "properties": {k: {"type": t} for k, t in types.items()}, "required": list(types)}
        if rng.random() < 0.3:
            schema["additionalProperties"] = False
        return text, dumps(record), rng.choice(SCHEMA_FORMS).format(t=dumps(schema, rng))
    form = rng.choice(JSON_FORMS)
    if "{k}" in form:  # no types are given: only unambiguous values
        record = {k: v if types[k] != "string" or not v.replace(".", "").isdigit() else "no" + v for k, v in record.items()}
        if any(as_text(v) not in text for v in record.values()):
            text = facts(n, record)
    keys = list(record)
    listed = ", ".join(keys) if rng.random() < 0.6 or len(keys) < 2 else ", ".join(keys[:-1]) + " and " + keys[-1]
    if rng.random() < 0.15:
        listed = ", ".join(f'"{k}"' for k in keys)
    template = dumps({k: EMPTY[t] for k, t in types.items()}, rng)
    return form.format(t=template, s=text, k=listed), dumps(record), None


REMEMBER = ["Remember: {f}", "Note that {f}", "Please remember that {f}", "Keep in mind: {f}"]


def remember(n: Names):
    """A fact to state, the question for it and its answer."""
    key, value = spoken(n.identifier()), n.code() if n.rng.random() < 0.4 else n.text_value()
    question = n.rng.choice([f"What is the {key}?", f"What was the {key}?", f"Tell me the {key}."])
    return f"the {key} is {value}.", question, f"The {key} is {value}."


def person_name(n: Names):
    name = n.rng.choice(PEOPLE) if n.rng.random() < 0.5 else n.pseudo().capitalize()
    return n.rng.choice([f"My name is {name}.", f"I am {name}.", f"Hello, I am {name}.", f"Hi, my name is {name}."]), f"Hello {name}! How can I help you?"

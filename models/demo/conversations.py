"""Puts the tasks together into conversations: single questions, long chats, tools, long pasted texts."""
import re
from random import Random

import tasks
import tool_tasks
from names import Names

SYSTEM = ["You are a helpful assistant.", "You are a helpful assistant.", "Be brief.", "You are Outcrop.", "Answer shortly and correctly.",
          "You are a friendly assistant that answers questions.", "You are a test model.", "Answer in English."]


def user(text: str) -> dict:
    return {"role": "user", "content": text}


def assistant(text: str) -> dict:
    return {"role": "assistant", "content": text}


class Conversations:
    """Draws conversations; the weights say how often each task is asked for."""

    WEIGHTS = {"arithmetic": 18, "sums": 18, "counting": 18, "repeat": 7, "capital": 3, "small_talk": 4, "unknown": 3, "json": 46, "remember": 4, "name": 1}

    COPYING = {"repeat": 45, "remember": 15, "json": 10, "arithmetic": 12, "counting": 4, "capital": 3, "small_talk": 2, "unknown": 1}

    def __init__(self, rng: Random, longest_count: int = 60, longest_repeat: int = 30, copying: bool = False, finishing: bool = False, pieces: list = ()):
        self.copying, self.finishing = copying, finishing
        self.rng, self.names = rng, Names(rng, pieces=pieces)
        self.longest_count, self.longest_repeat = longest_count, longest_repeat

    def turns(self, kind: str) -> list:
        """One exchange of this kind."""
        n, rng = self.names, self.rng
        if kind == "remember":
            fact, question, answer = tasks.remember(n)
            if rng.random() < 0.4:
                text = f"{fact[0].upper() + fact[1:]} {question}" if rng.random() < 0.5 else f"{self.filler(rng.randint(5, 60))} {fact[0].upper() + fact[1:]} {self.filler(rng.randint(1, 60))}\n{question}"
                return [user(text), assistant(answer)]
            between = self.turns(self.kind()) if rng.random() < 0.5 else []
            return [user(rng.choice(tasks.REMEMBER).format(f=fact)), assistant("I will remember that."), *between, user(question), assistant(answer)]
        if kind == "counting":
            question, answer = tasks.counting(n, longest=self.longest_count)
        elif kind == "repeat":
            question, answer = tasks.repeat(n, self.longest_repeat)
        elif kind == "json":
            question, answer, _ = tasks.fill_json(n)
        else:
            question, answer = {"arithmetic": tasks.arithmetic, "sums": tasks.sums, "capital": tasks.capital, "small_talk": tasks.small_talk,
                                "unknown": tasks.unknown, "name": tasks.person_name}[kind](n)
        return [user(question), assistant(answer)]

    def kind(self) -> str:
        weights = self.COPYING if self.copying else self.WEIGHTS
        return self.rng.choices(list(weights), list(weights.values()))[0]

    def filler(self, words: int) -> str:
        """Pasted text without a question in it."""
        out, count = [], 0
        while count < words:
            out.append(tasks.sentence(self.names).rstrip(".") + ".")
            count += out[-1].count(" ") + 1
        return " ".join(out)

    def system(self) -> list:
        p = self.rng.random()
        if p < 0.6:
            return []
        return [{"role": "system", "content": self.rng.choice(SYSTEM) if p < 0.9 else self.filler(self.rng.randint(5, 60))}]

    def tool_turns(self, tools: list, askers: list) -> list:
        """A call of a tool, its result and the answer; sometimes two calls at once, sometimes no call."""
        rng = self.rng
        if rng.random() < 0.17:
            return self.turns(self.kind())
        name, ask = rng.choice(askers)
        request, arguments = ask()
        calls = [(name, arguments)]
        if len(askers) > 1 and rng.random() < 0.08:
            other, ask_other = rng.choice([a for a in askers if a[0] != name])
            second, more = ask_other()
            request, calls = request.rstrip(".?") + rng.choice([". Then ", " and then ", ". Also "]) + second, calls + [(other, more)]
        out = [user(request), tool_tasks.call_message(calls)]
        if rng.random() < 0.75:
            results = [tool_tasks.result_and_answer(self.names) for _ in calls]
            out += [{"role": "tool", "content": text} for text, _ in results] + [assistant(" ".join(answer for _, answer in results))]
        return out

    def chat(self, turns: int) -> tuple:
        """Several exchanges without tools."""
        messages = self.system()
        if self.rng.random() < 0.06:
            question, answer, system = tasks.fill_json(self.names, schema_in_system=True)
            return [{"role": "system", "content": system}, user(question), assistant(answer)], None
        for _ in range(turns):
            messages += self.turns(self.kind())
        return messages, None

    def with_tools(self, turns: int) -> tuple:
        """Several exchanges with one to four tools."""
        tools, askers = tool_tasks.tool_set(self.names, self.rng.choices([1, 2, 3, 4], [4, 3, 2, 1])[0])
        messages = self.system()
        for _ in range(turns):
            messages += self.tool_turns(tools, askers)
            if messages[-1].get("tool_calls"):  # a call without a result ends the conversation
                break
        return messages, tools

    def chat_of(self, words: int) -> list:
        out = []
        while words > 0:
            out += self.turns(self.kind())
            words -= sum(len(re.findall(r"\w+", message["content"])) for message in out[-2:])
        return out

    def long_count(self) -> tuple:
        """Counting over a hundred numbers and more."""
        start = self.rng.choice([1, self.rng.randint(0, 120)])
        question, answer = tasks.counting(self.names, start, start + self.rng.randint(60, 200 if start < 2 else 130))
        return [user(question), assistant(answer)], None

    def pasted(self, words: int) -> tuple:
        """A long text or chat and then a question that has nothing to do with it, or a fact to be found in it."""
        rng, kind = self.rng, self.rng.choice(["arithmetic", "capital", "repeat", "json", "json", "find", "find", "counting", "small_talk", "tool", "tool", "tool", "tool"]
                                    + 8 * ["tool"] * self.finishing + 2 * ["json"] * self.finishing)
        tools = None
        if kind == "find":
            fact, question, answer = tasks.remember(self.names)
            before = rng.randint(0, words)
            text = " ".join(x for x in (self.filler(before), fact[0].upper() + fact[1:], self.filler(words - before)) if x)
            messages = [user(f"{text}\n\n{question}"), assistant(answer)]
        else:
            if kind == "tool":
                tools, askers = tool_tasks.tool_set(self.names, rng.randint(1, 3))
                name, ask = rng.choice(askers)
                request, arguments = ask()
                messages = [user(request), tool_tasks.call_message([(name, arguments)])]
            else:
                messages = self.turns(kind)
            p, text = rng.random(), self.filler(words)
            if p < 0.25:  # a chat about other things
                messages = self.chat_of(words) + messages
            elif p < 0.7:
                messages[0] = user(text + "\n\n" + rng.choice(["", "", "Now the question: ", "Forget the text. "]) + messages[0]["content"])
            else:
                messages = [{"role": "system", "content": text}] + messages
        return messages, tools


def sample_texts(seed: int, count: int):
    """Text for the tokenizer."""
    from tokenizer import render
    talk = Conversations(Random(seed))
    for i in range(count):
        messages, tools = talk.with_tools(2) if i % 3 == 0 else talk.pasted(80) if i % 9 == 1 else talk.chat(5)
        text = "".join(text for text, _ in render(messages, tools))
        yield from re.split(r"<\|?/?\w+\|?>", text)  # the marks are tokens of their own

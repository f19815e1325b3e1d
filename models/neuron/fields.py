"""Typed and bounded access to the fields of config.json, with the rules and words of the Java engine's Fields."""
from __future__ import annotations

import json
from pathlib import Path


class BadInput(Exception):
    """What the user gave cannot be compiled. The message is one line for stderr; the job ends with status 2."""


class Fields:
    """A JSON object. An absent field and a null are told apart where transformers does."""

    def __init__(self, file: str, node: dict, prefix: str = ""):
        self.file = file
        self.node = node
        self.prefix = prefix

    @staticmethod
    def read(file: Path) -> "Fields":
        try:
            node = json.loads(file.read_bytes())
        except FileNotFoundError:
            raise BadInput(f"{file}: no such file") from None
        except (ValueError, RecursionError) as e:
            raise BadInput(f"{file}: is not JSON: {type(e).__name__}") from None
        if not isinstance(node, dict):
            raise BadInput(f"{file}: is not a JSON object")
        return Fields(str(file), node)

    def has(self, name: str) -> bool:
        """Whether the field is there and not null."""
        return self.node.get(name) is not None

    def mentions(self, name: str) -> bool:
        """Whether the field is there, be it null."""
        return name in self.node

    def integer(self, name: str, low: int, high: int, absent: int | None = None) -> int:
        if not self.has(name):
            if absent is None:
                raise self.invalid(name, "is missing")
            return absent
        return self._integer(name, self.node[name], low, high)

    def _integer(self, name: str, value, low: int, high: int) -> int:
        # Some writers save whole numbers as 8192.0.
        whole = _is_number(value) and (isinstance(value, int) or value.is_integer())
        if not whole or not low <= value <= high:
            raise self.invalid(name, f"is {_shown(value)}, must be an integer from {low} to {high}")
        return int(value)

    def number(self, name: str, low: float, high: float, absent: float | None = None) -> float:
        if not self.has(name):
            if absent is None:
                raise self.invalid(name, "is missing")
            return absent
        return self._number(name, self.node[name], low, high)

    def _number(self, name: str, value, low: float, high: float) -> float:
        if not _is_number(value) or not low <= value <= high:
            raise self.invalid(name, f"is {_shown(value)}, must be a number from {low} to {high}")
        return float(value)

    def flag(self, name: str, absent: bool) -> bool:
        if not self.has(name):
            return absent
        value = self.node[name]
        if not isinstance(value, bool):
            raise self.invalid(name, f"is {_shown(value)}, must be true or false")
        return value

    def text(self, name: str, absent: str) -> str:
        if not self.has(name):
            return absent
        value = self.node[name]
        if not isinstance(value, str):
            raise self.invalid(name, f"is {_shown(value)}, must be a string")
        return value

    def texts(self, name: str, most: int) -> list[str]:
        if not self.has(name):
            return []
        value = self.node[name]
        if not isinstance(value, list) or len(value) > most or not all(isinstance(v, str) for v in value):
            raise self.invalid(name, f"must be a list of at most {most} strings")
        return value

    def integers(self, name: str, low: int, high: int, most: int) -> list[int]:
        value = self.node.get(name)
        if not isinstance(value, list) or len(value) > most:
            raise self.invalid(name, f"must be a list of at most {most} integers")
        return [self._integer(name, v, low, high) for v in value]

    def numbers(self, name: str, low: float, high: float, count: int) -> list[float]:
        value = self.node.get(name)
        if not isinstance(value, list) or len(value) != count:
            raise self.invalid(name, f"must be a list of {count} numbers")
        return [self._number(name, v, low, high) for v in value]

    def object(self, name: str) -> "Fields | None":
        """An object, or None where the field is absent, null or an empty object."""
        value = self.node.get(name)
        if value is None or value == {}:
            return None
        if not isinstance(value, dict):
            raise self.invalid(name, f"is {_shown(value)}, must be an object")
        return Fields(self.file, value, f"{self.prefix}{name}.")

    def invalid(self, name: str, problem: str) -> BadInput:
        return BadInput(f"{self.file}: {self.prefix}{name} {problem}")

    def unsupported(self, name: str, found: str, supported: str) -> BadInput:
        return BadInput(f"{self.file}: {self.prefix}{name} is {found}; supported: {supported}")


def _is_number(value) -> bool:
    # An infinity or NaN, which Python's parser lets through, is within no bounds.
    return isinstance(value, (int, float)) and not isinstance(value, bool)


def _shown(value) -> str:
    return type(value).__name__ if isinstance(value, (list, dict)) else repr(value)[:60]

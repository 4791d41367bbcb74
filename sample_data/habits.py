"""How all simulated people are: how long they take, what things cost, what they are called. Dice, no clock."""

import math
from random import Random

from sample_data.roster import CUSTOMERS, STAFF, Person


def takes(dice: Random, median: float, spread: float, pace: float = 1.0) -> float:
    """How long something takes, in seconds at speed 1: log-normal around the median, times somebody's pace."""
    return median * math.exp(dice.gauss(0, spread)) * pace


def cents_around(dice: Random, usual: float) -> int:
    """An amount scattered around the usual one, in cents."""
    return round(usual * math.exp(dice.gauss(0, 0.35)) * 100)


def person_called(name: str, otherwise: Person) -> Person:
    """The member of staff of this name."""
    return next((person for person in STAFF if person.name == name), otherwise)


def customer_called(customer_id: str) -> str:
    """The customer's name, as far as the roster knows it."""
    return next((customer.name for customer in CUSTOMERS if customer.id == customer_id), "a customer")

"""Who works at the company and who buys from it: names, roles, and how quickly each one works."""

from dataclasses import dataclass
from decimal import Decimal

REGIONS = ("north", "east", "south", "west")


@dataclass(frozen=True)
class Person:
    """Somebody who works on requests. `pace` multiplies the time things take: below 1 is quick."""

    name: str
    role: str
    department: str
    pace: float = 1.0
    regions: tuple[str, ...] = REGIONS
    approves_up_to: Decimal | None = None


@dataclass(frozen=True)
class Customer:
    """Somebody who asks."""

    id: str
    name: str
    region: str


@dataclass(frozen=True)
class Product:
    """Something one can ask for; prices scatter around the usual one (EUR)."""

    name: str
    usual_price: float


ANALYSTS = (
    Person("Aiko Tanaka", "analyst", "operations", 0.8),
    Person("Ben Adeyemi", "analyst", "operations", 1.0),
    Person("Chloe Martin", "analyst", "operations", 1.3),
)
MANAGERS = (
    Person("Hanna Brandt", "manager", "purchasing", 1.1, ("north", "west"), Decimal(2000)),
    Person("Chidi Okafor", "manager", "purchasing", 0.9, ("east", "south"), Decimal(2000)),
)
DIRECTORS = (Person("Ingrid Solberg", "director", "management", 1.2),)
VENDORS = (
    Person("Luca Ferri", "back office", "vendor", 0.9),
    Person("Mei Lin", "back office", "vendor", 1.1),
)
FINANCE = (Person("Tomasz Nowak", "accountant", "finance", 1.0),)
SUPPORT = (
    Person("Rosa Delgado", "agent", "support", 0.9),
    Person("Sam Whitfield", "agent", "support", 1.2),
)
CLERKS = (
    Person("Lea Hofmann", "clerk", "claims", 0.9),
    Person("Pavel Dvorak", "clerk", "claims", 1.1),
)
ASSESSORS = (
    Person("Nora Eriksen", "assessor", "claims", 0.9),
    Person("Mateo Ruiz", "assessor", "claims", 1.0),
    Person("Yara Khalil", "assessor", "claims", 1.2),
)
ADJUSTERS = (
    Person("Marta Vogel", "adjuster", "claims", 1.0, ("north", "west"), Decimal(5000)),
    Person("Dev Anand", "adjuster", "claims", 0.9, ("east", "south"), Decimal(5000)),
)
SENIOR_ADJUSTERS = (
    Person("Ruth Okello", "senior adjuster", "claims", 1.0),
    Person("Paul Janssen", "senior adjuster", "claims", 1.2),
)
TRAINEES = (Person("Jonas Weil", "trainee", "claims", 1.0),)
GARAGES = (
    Person("Garage Petrov", "garage", "garages", 1.0, ("north", "west")),
    Person("Garage Lindqvist", "garage", "garages", 0.9, ("east", "south")),
)
STAFF = (
    *(ANALYSTS + MANAGERS + DIRECTORS + VENDORS + FINANCE + SUPPORT),
    *(CLERKS + ASSESSORS + ADJUSTERS + SENIOR_ADJUSTERS + TRAINEES + GARAGES),
)
ABSENT = MANAGERS[0]
SILENT = GARAGES[0]

_NAMES = (
    "Abel Moreno", "Amara Diallo", "Anton Weber", "Bianca Rossi", "Carla Nunes", "Daan Visser", "Elif Kaya",
    "Emil Larsen", "Fatima Zahra", "Felix Bauer", "Grace Kim", "Hugo Petit", "Irina Popova", "Ivan Horvat",
    "Jana Novak", "Jonas Berg", "Kemal Demir", "Lara Conti", "Leo Fischer", "Lucia Ramos", "Marek Zielinski",
    "Maya Cohen", "Nadia Haddad", "Nils Holm", "Olga Ivanova", "Omar Farouk", "Paula Silva", "Petra Kral",
    "Quinn Murphy", "Rania Saleh", "Ravi Iyer", "Sara Lind", "Selma Aydin", "Theo Laurent", "Tuva Dahl",
    "Uma Patel", "Viktor Nagy", "Wanda Krause", "Yusuf Bello", "Zoe Papas",
)  # fmt: skip
CUSTOMERS = tuple(
    Customer(f"C-{number:03}", name, REGIONS[number % len(REGIONS)]) for number, name in enumerate(_NAMES, start=1)
)
PRODUCTS = (
    Product("laptop", 1400),
    Product("phone", 700),
    Product("office chair", 350),
    Product("software licence", 500),
    Product("training", 1100),
    Product("server", 4200),
)

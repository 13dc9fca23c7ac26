"""A made-up hospital's staff list: 200 people in 14 units, as its payroll writes it."""

from itertools import cycle

UNITS = (
    "Ward 1 East", "Ward 1 West", "Ward 2 East", "Ward 2 West", "Ward 3", "Emergency", "Intensive care", "Day surgery",
    "Primary care clinic", "Cardiology clinic", "Behavioral health", "Front desk", "Pharmacy", "Outpatient rehab",
)  # fmt: skip
HEAD = "Employee ID,Department,Job title,Name,Practitioner ID,Manager"
_TITLES = ("Registered nurse", "Registered nurse", "Physician", "Registered nurse", "Medical assistant")
"""What payroll calls them; "Registered nurse" is a word that the organization does not know yet."""
NURSE_OF_THE_TEST = "prac-lindqvist-nurse"


def staff_list(people: int = 200) -> str:
    """CSV. The first one is the nurse who launches in the test."""
    lines, titles = [HEAD], cycle(_TITLES)
    for number in range(1, people + 1):
        unit = UNITS[(number - 1) % len(UNITS)]
        title = {"Front desk": "Front desk", "Pharmacy": "Pharmacist"}.get(unit, next(titles))
        practitioner = NURSE_OF_THE_TEST if number == 1 else ""
        leader = "yes" if number <= len(UNITS) else "no"
        lines.append(f"E{number:04},{unit},{title},Sample Person {number:03},{practitioner},{leader}")
    return "\n".join(lines) + "\n"

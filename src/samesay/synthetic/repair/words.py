"""Names, deeds, groups and asides of the repairing pairs, by domain; few of them are words of the behaviour suite."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache


def listed(text: str, separator: str = ",") -> tuple[str, ...]:
    """The entries of a list, without the blanks around them."""
    return tuple(entry.strip() for entry in text.split(separator))


@cache
def blocks(text: str) -> tuple[tuple[str, tuple[str, ...]], ...]:
    """Lines, each with the indented ones below it."""
    found: list[tuple[str, list[str]]] = []
    for line in text.strip().splitlines():
        if line.startswith(" "):
            found[-1][1].append(line.strip())
        else:
            found.append((line.strip(), []))
    return tuple((head, tuple(below)) for head, below in found)


WOMEN = listed(
    "Amara, Nadia, Ines, Keiko, Leila, Freya, Zanele, Aisha, Elena, Chloe, Ruth, Marta, Sofia, Hannah, Yasmin, Greta"
)
MEN = listed(
    "Owen, Lucas, Tomas, Bram, Jonas, Mateo, Viktor, Felix, Hugo, Sven, Marcus, Adil, Pedro, Ravi, Callum, Emil"
)
SURNAMES = listed(
    "Duarte, Okafor, Lindqvist, Hale, Moreau, Tanaka, Petrov, Ahmed, Novak, Byrne, Castell, Dube, Fischer, Rossi, Kaya"
)
WEEKDAYS = listed("Monday, Tuesday, Wednesday, Thursday, Friday, Saturday, Sunday")
MONTHS = listed(
    "January, February, March, April, May, June, July, August, September, October, November, December"
)

# A domain and who acts in it; then base, past and participle, and what it can be done to, one without the other.
_DEEDS = """
office: receptionist, office manager, intern, clerk
    update, updated, updated; staff directory, holiday calendar, seating plan, phone list
    file, filed, filed; expense report, timesheet, damage report, travel claim
    order, ordered, ordered; printer paper, name badges, desk lamps, whiteboard
software: developer, tester, team lead, contractor
    review, reviewed, reviewed; pull request, design document, test plan, release notes
    install, installed, installed; security patch, database driver, backup tool, browser plug-in
    fix, fixed, fixed; login bug, memory leak, broken link, search page
support: support agent, technician, shift leader, trainee
    escalate, escalated, escalated; refund request, bug report, outage, billing dispute
    answer, answered, answered; urgent email, chat message, voicemail, survey
kitchen: head cook, kitchen assistant, caterer, apprentice
    chop, chopped, chopped; carrots, leeks, parsley, peppers
    drain, drained, drained; pasta, beans, chickpeas, spinach
    season, seasoned, seasoned; lentils, stew, gravy, salad
travel: tour guide, travel agent, group leader, driver
    book, booked, booked; hotel room, airport shuttle, museum tour, rental car
    confirm, confirmed, confirmed; itinerary, pick-up time, dinner reservation, boat trip
contracts: landlord, lawyer, estate agent, caretaker
    terminate, terminated, terminated; tenancy, parking agreement, cleaning contract, insurance policy
    amend, amended, amended; notice period, rent clause, deposit form, house rules
meetings: chairwoman, secretary, treasurer, project manager
    postpone, postponed, postponed; budget review, staff meeting, site visit, workshop
    circulate, circulated, circulated; agenda, minutes, slides, action list
medicine: pharmacist, nurse, doctor, dentist
    prescribe, prescribed, prescribed; ointment, cough syrup, antibiotic, painkiller
    discard, discarded, discarded; expired tablets, used needles, old dressing, eye drops
sports: coach, team captain, physiotherapist, club president
    cancel, cancelled, cancelled; training session, friendly match, away trip, medical check
    replace, replaced, replaced; goal nets, first-aid kit, scoreboard, corner flags
school: headmistress, maths teacher, librarian, substitute
    mark, marked, marked; essays, lab reports, spelling tests, homework
    collect, collected, collected; permission slips, textbooks, laptops, lunch money
finance: accountant, auditor, bookkeeper, branch manager
    pay, paid, paid; electricity bill, office rent, insurance premium, phone bill
    audit, audited, audited; travel budget, pension fund, payroll, petty cash
"""

# Domain, one, many, where, a part of them; then base and past of what each does for itself.
_GROUPS = """
school; pupil; pupils; in the biology class; older
    hand in the homework, handed in the homework; miss the field trip, missed the field trip
school; student; students; on the chemistry course; first-year
    fail the exam, failed the exam; register online, registered online
office; employee; employees; in the sales department; part-time
    attend the training, attended the training; work from home, worked from home
office; manager; managers; on the top floor; newly hired
    change the default password, changed the default password; take Friday off, took Friday off
software; server; servers; in the test cluster; rented
    reboot overnight, rebooted overnight; crash during the upgrade, crashed during the upgrade
software; module; modules; in the payment service; generated
    compile without warnings, compiled without warnings; need a manual change, needed a manual change
sports; player; players; in the women's squad; injured
    travel to the away game, travelled to the away game; train on Sunday, trained on Sunday
sports; runner; runners; in the charity race; barefoot
    reach the finish line, reached the finish line; drop out, dropped out
travel; passenger; passengers; on the night train; first-class
    receive a refund, received a refund; change seats, changed seats
travel; hiker; hikers; on the coastal tour; local
    turn back, turned back; carry a raincoat, carried a raincoat
support; customer; customers; on the waiting list; business
    get a reply, got a reply; give a five-star rating, gave a five-star rating
support; ticket; tickets; in the billing queue; urgent
    contain a screenshot, contained a screenshot; mention the outage, mentioned the outage
finance; shareholder; shareholders; at the annual meeting; foreign
    back the merger, backed the merger; lose money, lost money
finance; branch; branches; in the northern region; rural
    make a profit, made a profit; stay open in August, stayed open in August
medicine; patient; patients; in the drug trial; elderly
    report side effects, reported side effects; sleep better, slept better
kitchen; guest; guests; at the wedding banquet; vegetarian
    order dessert, ordered dessert; finish the starter, finished the starter
meetings; delegate; delegates; in the planning group; overseas
    arrive on time, arrived on time; leave early, left early
policies; household; households; on the north side; larger
    sort the recycling, sorted the recycling; fit a smoke alarm, fitted a smoke alarm
"""


@dataclass(frozen=True, slots=True)
class Deed:
    """What somebody may do to something."""

    base: str
    past: str
    done: str
    things: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Trade:
    """A domain with its people and what they do."""

    domain: str
    people: tuple[str, ...]
    deeds: tuple[Deed, ...]


@dataclass(frozen=True, slots=True)
class Group:
    """Several of a kind, a part of them, and what each of them may do: base form and past."""

    domain: str
    one: str
    many: str
    where: str
    part: str
    deeds: tuple[tuple[str, ...], ...]


def _deed(line: str) -> Deed:
    forms, things = listed(line, ";")
    return Deed(*listed(forms), things=listed(things))


TRADES = tuple(
    Trade(head.split(":")[0], listed(head.split(":")[1]), tuple(map(_deed, below)))
    for head, below in blocks(_DEEDS)
)
GROUPS = tuple(
    Group(*listed(head, ";"), deeds=tuple(map(listed, listed(below[0], ";"))))
    for head, below in blocks(_GROUPS)
)

# Domain; two who may know it; that it is so; that it is not.
_FACTS = """
software; tester, developer; the backup had failed overnight; the backup had not failed overnight
software; administrator, trainee; the new password was too short; the new password was long enough
software; product owner, designer; the update slowed the app down; the update did not slow the app down
finance; accountant, auditor; the invoice had been settled twice; the invoice had been settled only once
finance; cashier, branch manager; the banknote was forged; the banknote was genuine
finance; investor, broker; the company was short of cash; the company had plenty of cash
office; manager, receptionist; the meeting room had already been taken; the meeting room was still free
office; intern, assistant; the printer was out of ink; the printer still had enough ink
medicine; doctor, nurse; the wound was infected; the wound was not infected
medicine; patient, pharmacist; the tablets had expired; the tablets had not expired yet
travel; conductor, traveller; the last bus had left; the last bus had not left yet
travel; guide, receptionist; the mountain pass was blocked; the mountain pass was clear
school; principal, caretaker; a window in the lab had been left open; all windows in the lab had been closed
school; teacher, tutor; the two essays were identical; the two essays were not identical
sports; manager, physiotherapist; the striker was fit to play; the striker was not fit to play
sports; trainer, reporter; the goal was offside; the goal was not offside
kitchen; waitress, cook; the cream had gone sour; the cream was still fresh
kitchen; caterer, hostess; one of the guests was allergic to nuts; none of the guests was allergic to nuts
contracts; tenant, landlord; the deposit had been returned; the deposit had not been returned
contracts; buyer, notary; the signature was missing; the signature was not missing
support; technician, caller; the cable had come loose; the cable was firmly plugged in
support; agent, shop owner; the parcel had gone to the wrong address; the parcel had not gone to the wrong address
weather; forecaster, harbour master; the storm had changed direction; the storm had not changed direction
meetings; secretary, chairwoman; enough members were in the room; too few members were in the room
"""
# Domain; a condition; its opposite; what follows; its opposite. # is a number.
_RULES = """
support; order # is worth more than fifty euros; order # is worth less than fifty euros
    delivery is free; delivery is not free
support; ticket # is marked as urgent; ticket # is not marked as urgent
    the night shift deals with it; the night shift does not deal with it
software; disk # is full; disk # is not full
    the import stops; the import does not stop
software; test # fails; test # does not fail
    the release is held back; the release is not held back
office; desk # is vacant; desk # is taken
    the trainee sits there; the trainee sits elsewhere
office; room # is being renovated; room # is not being renovated
    the team works from home; the team does not work from home
travel; flight # is overbooked; flight # is not overbooked
    volunteers get a voucher; no vouchers are given out
travel; bus # runs late; bus # does not run late
    the ferry waits; the ferry does not wait
finance; account # is overdrawn; account # is not overdrawn
    interest is charged; no interest is charged
finance; loan # is repaid early; loan # is not repaid early
    a fee is due; no fee is due
contracts; flat # is let furnished; flat # is let unfurnished
    the deposit is doubled; the deposit is not doubled
medicine; patient # has a fever; patient # does not have a fever
    the operation is put off; the operation goes ahead
medicine; sample # turns blue; sample # does not turn blue
    the test is repeated; the test is not repeated
school; candidate # scores below forty points; candidate # scores forty points or more
    the paper is marked again; the paper is not marked again
sports; player # gets a second yellow card; player # does not get a second yellow card
    the team is fined; the team is not fined
products; lamp # is red; lamp # is not red
    the filter needs cleaning; the filter does not need cleaning
weather; station # reports black ice; station # does not report black ice
    the motorway is gritted; the motorway is not gritted
policies; household # has a garden; household # has no garden
    the green bin is free; the green bin is not free
meetings; motion # is seconded; motion # is not seconded
    the council discusses it; the council does not discuss it
"""
# Domain; who; what they do; something else.
_CONDUCT = """
office; visitors; wear a badge; use the back entrance
office; interns; record their hours; work at weekends
school; pupils; bring a calculator to the test; use the lift
school; teachers; lock the laboratory after class; eat in the classroom
medicine; patients; take the tablets with milk; get up after the operation
medicine; visitors; wash their hands at the entrance; bring flowers
contracts; tenants; keep a dog in the flat; dry laundry on the balcony
contracts; subtenants; repaint the walls; put up a satellite dish
software; administrators; approve new accounts; share their screen
software; users; change their password every month; rename the main folder
travel; passengers; check in online; bring their own food
travel; guests; leave the key at reception; smoke on the terrace
sports; runners; wear headphones; start in groups of ten
sports; swimmers; shower before they enter the pool; dive from the edge
finance; account holders; withdraw money before the end of the year; use a second card
finance; applicants; prove their income; name a guarantor
support; callers; state their customer number; request a callback
meetings; members; send a deputy; speak for more than five minutes
kitchen; apprentices; use the slicing machine; wear rings at work
products; owners; descale the machine once a month; open the casing
policies; residents; park on both sides of the road; burn garden waste
policies; stall holders; arrive before seven; play music
"""
FACTS = tuple(listed(line, ";") for line in _FACTS.strip().splitlines())
RULES = tuple(listed(f"{head};{below[0]}", ";") for head, below in blocks(_RULES))
CONDUCT = tuple(listed(line, ";") for line in _CONDUCT.strip().splitlines())

# Of every domain what may stand beside anything else that is said there.
ASIDES = dict(
    blocks("""
office
    The coffee machine was serviced [last week|this morning].
    A new carpet will be laid in the corridor [in spring|next month].
    The lift is checked once a year.
    Visitors are asked to wear a badge.
    The windows on the ground floor have been cleaned.
    Bicycles may be left in the yard.
software
    The source code is kept in two repositories.
    The icon was redrawn [by a designer|last year].
    The team uses a shared style guide.
    Logs are deleted after thirty days.
    The documentation is written in English.
    A mirror of the archive is kept in Ireland.
support
    The help pages were translated into [Danish|Italian].
    The hotline has a new waiting melody.
    The chat window now remembers its size.
    Calls may be recorded for quality purposes.
    The contact form has been made shorter.
kitchen
    The oven was cleaned [on Sunday|last night].
    The cutlery is kept in the left drawer.
    Fresh herbs grow on the window sill.
    The tablecloths are at the laundry.
    Leftover bread goes to a local farm.
    The radio next to the sink is broken.
travel
    The hotel lobby has been repainted.
    Breakfast is served on the terrace [in summer|when it is warm].
    The brochure is printed on recycled paper.
    The old harbour is worth a detour.
    Tap water is safe to drink in the whole region.
contracts
    The stairwell was painted [last autumn|two years ago].
    Both copies are kept in a safe.
    The garden is shared by all residents.
    The bins are emptied once a week.
    The letterboxes are next to the front gate.
meetings
    Tea and biscuits were served in the break.
    The projector in the large room is new.
    The room had been booked [weeks ago|in good time].
    The blinds could not be lowered.
    A photographer took pictures for the newsletter.
medicine
    The waiting room has been furnished with new chairs.
    Leaflets are available in [four|six] languages.
    The car park behind the clinic is free.
    The ward was redecorated in light colours.
    Flowers are not permitted in intensive care.
sports
    The club shop sells scarves and mugs.
    The stadium was renovated [in the nineties|a few years ago].
    A brass band played at half-time.
    The grass had been cut the day before.
    Parking near the arena is limited.
school
    The canteen serves soup in winter.
    The gym has a new floor.
    A mural decorates the main entrance.
    The bell was out of order [for a while|last week].
    The choir is looking for new voices.
finance
    The head office is in a listed building.
    The annual report has a new cover.
    The website was redesigned [in spring|last year].
    The vault dates from the twenties.
    The bank sponsors a youth orchestra.
policies
    The notice is also posted on the door.
    A printed copy is available on request.
    The wording was simplified [last year|in January].
    Questions may be sent to the front desk.
    The logo on the form is out of date.
weather
    The weather station stands on a hill.
    The readings are published every hour.
    A new radar was set up near the coast.
    Records in this region go back a century.
products
    The packaging is made of cardboard.
    A quick-start guide is included.
    The brand was founded by two sisters.
    The logo is engraved on the back.
    Spare parts can be ordered online.
""")
)

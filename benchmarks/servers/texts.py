"""What the pipeline benchmark sends. Every person, place and number is made up; 555 numbers belong to nobody."""

from itertools import cycle, islice

NOTE = """\
DISCHARGE SUMMARY
Patient: {name}   MRN: {mrn}   DOB: {born}
Admitted {admitted} under Dr. {doctor}, {hospital}. Discharged home to {street}, {city}.
{first} is a retired teacher with heart failure, type 2 diabetes and stage 3 kidney disease, admitted with three days of \
worsening breathlessness and swelling of both legs. Weight on arrival was 94 kg, up from 88 kg in clinic. Blood pressure \
148/86, pulse 96 and irregular, saturation 92 % on room air. There were crackles at both bases and oedema to the knees.
Chest film showed small effusions and upper lobe diversion. NT-proBNP 4,210 ng/L, creatinine 1.8 mg/dL against a baseline \
of 1.6, potassium 4.4 mmol/L, haemoglobin 11.2 g/dL, HbA1c 7.9 %. Echocardiogram on the second day: ejection fraction 38 %, \
moderate mitral regurgitation, no thrombus. Troponin was flat on two samples.
Furosemide was given intravenously for four days with a net loss of 6.2 litres, then 40 mg by mouth twice daily. Metoprolol \
succinate was raised to 50 mg, lisinopril held for one day and restarted at 10 mg. Apixaban 5 mg twice daily goes on. Metformin \
was stopped for an eGFR of 34 and empagliflozin 10 mg begun after teaching. {first} was seen by the dietitian and by social work.
The daughter, {relative}, was present at the family meeting and can be reached at {phone} or {mail}. {first} understood the \
plan and repeated it back: daily weights, 1.5 g of sodium, a call for a gain of more than 1 kg in a day.
Follow-up: Dr. {doctor} in clinic on {visit} with a metabolic panel, and the heart failure nurse by telephone within 48 hours. \
Pending at discharge: iron studies. Code status: full code, confirmed with {first} {last} before discharge.
Summarise the course in four sentences and list the changes to the medicines."""
"""About 2 KB, 22 identifiers in it."""

PLAIN = """\
TEACHING CASE
Background for the residents' seminar on heart failure. No patient is described; figures are typical ones.
The learner is to think of a person with heart failure, type 2 diabetes and stage 3 kidney disease who comes in with several \
days of worsening breathlessness and swelling of both legs. Weight is 94 kg, up from a usual 88 kg. Blood pressure \
148/86, pulse 96 and irregular, saturation 92 % on room air. There are crackles at both bases and oedema to the knees.
The chest film shows small effusions and upper lobe diversion. NT-proBNP is 4,210 ng/L, creatinine 1.8 mg/dL against a baseline \
of 1.6, potassium 4.4 mmol/L, haemoglobin 11.2 g/dL, HbA1c 7.9 %. The echocardiogram shows an ejection fraction of 38 %, \
moderate mitral regurgitation and no thrombus. Troponin is flat on two samples.
Loop diuretics are given intravenously for several days with a net loss of 6.2 litres, then by mouth twice daily. Metoprolol \
succinate is raised to 50 mg, lisinopril held for one day and restarted at 10 mg. Apixaban 5 mg twice daily goes on. Metformin \
is stopped for an eGFR of 34 and empagliflozin 10 mg begun after teaching. Dietitian and social work are asked to help.
The plan is explained and repeated back: daily weights, 1.5 g of sodium, a call for a gain of more than 1 kg in a day. Questions \
for the seminar: which of the four pillars of treatment are in place, which are missing, and what limits each of them here? \
Which figures would make a change of the diuretic dose necessary, and which would make admission to intensive care likely?
Follow-up is in clinic with a metabolic panel, and the heart failure nurse calls within 48 hours. Iron studies are pending, and \
the seminar ends with the evidence for intravenous iron at a low ferritin.
Summarise the course in four sentences and list the changes to the medicines. Variant {number} of the case."""
"""About as long, and nothing in it that identifies anyone."""

QUESTIONS = (
    ("sample-ckd", "Is it safe to start ibuprofen for her knee pain?"),
    ("sample-ckd", "What medications is this patient on?"),
    ("sample-diabetes", "How did his HbA1c change over the years?"),
    ("sample-diabetes", "Which doses of metformin has he been on?"),
    ("sample-asthma", "Which of her asthma medicines can go on in pregnancy?"),
    ("sample-asthma", "What allergies does she have?"),
    ("sample-af", "Why is he on apixaban and not on warfarin?"),
    ("sample-af", "Is his apixaban dose right for his kidney function?"),
)
"""Patients among the shipped samples, and what is asked about them."""

_FIRST = (
    "Margarethe",
    "Tobias",
    "Ngozi",
    "Hiroshi",
    "Leonora",
    "Anselm",
    "Priya",
    "Mateusz",
    "Salma",
    "Errol",
    "Ines",
)
_LAST = ("Quillfeather", "Okonkwo-Reyes", "Vandersloot", "Ishikawa", "Brannigan", "Petrosyan", "Lindqvist")
_DOCTORS = ("Marlowe", "Achterberg", "Nwachukwu", "Szymborska", "Featherstonehaugh")
_STREETS = ("48 Alder Row", "1207 Birchcroft Ave", "9 Millrace Lane", "330 Old Quarry Rd")
_CITIES = ("Eastvale, OH 44999", "Port Amble, ME 04999", "Norwick, PA 19999")
_HOSPITALS = ("Larkfield General Hospital", "St. Oswin Medical Center", "Harbour Point Clinic")


def notes(count: int, start: int = 0) -> list[str]:
    """`count` notes about different people, from the one with the number `start` on. No two are the same."""
    people = zip(
        cycle(_FIRST),
        cycle(_LAST),
        cycle(_DOCTORS),
        cycle(_STREETS),
        cycle(_CITIES),
        cycle(_HOSPITALS),
        strict=False,
    )
    return [
        NOTE.format(
            name=f"{first} {last}",
            first=first,
            last=last,
            mrn=f"{4_410_233 + 7919 * i:08d}",
            born=f"{1 + i % 12:02d}/{1 + i * 7 % 28:02d}/{1938 + i % 20}",
            admitted=f"March {1 + i % 9}, 2026",
            visit=f"03/{20 + i % 9}/2026",
            doctor=doctor,
            street=street,
            city=city,
            hospital=hospital,
            relative=f"{_FIRST[(i + 3) % len(_FIRST)]} {last}",
            phone=f"(555) 555-01{10 + i % 90}",
            mail=f"{first.lower()}.family{i}@example.org",
        )
        for i, (first, last, doctor, street, city, hospital) in islice(
            enumerate(people), start, start + count
        )
    ]


def plain(count: int) -> list[str]:
    """`count` texts of the same length without identifiers."""
    return [PLAIN.format(number=i) for i in range(count)]

"""Medical record numbers: values behind a label that names a record, chart or patient number."""

from osler.core.spans import Label
from osler.deid.patterns.keyed import Keys

KEYS = (
    Keys(
        label=Label.MRN,
        detector="mrn",
        score=0.95,
        bare=4,
        marked=3,
        strong=r"e?mrns?|cmrn|nhc|hosp(?:ital)?\.? num(?:ber)?|ur|ipp|pat\.? ?nr|patientennummer"
        r"|num(?:ero)? de (?:historia|expediente)|historia clinica|expediente|m\.r\.n\.?|e?mpi|empi"
        r"|uhid|urno?|ur number|mrno|mr num(?:ber)?|mr number|m\.r\.|hosp(?:ital)? mrn"
        r"|(?:medical|health|hospital|hosp|clinic|clinical|patient|pat|med|pt|unit|electronic "
        r"medical) rec(?:ord)?s?"
        r"|(?:medical|patient|hospital|clinic|health|pt) (?:file|card)(?: number)?"
        r"|(?:patient|pat|pt|hospital|hosp|clinic|unit|person|client|resident|facility|enterprise"
        r"|master patient|unique patient) ?(?:ids?|identifiers?|num(?:ber)?|index)"
        r"|record num(?:ber)?|chart num(?:ber)?|nhs num(?:ber)?|chi num(?:ber)?|medical number|m r "
        r"n|med rec|his chart|her chart"
        r"|(?:patient|pt)'?s? (?:medical record|mrn|chart)|hospital registration|uhid num(?:ber)?",
        weak=r"mr|chart|record|patient|pat|pt|hospital|hosp|unit|clinic|nhs|chi|file|folder|crn|cpi|pid"
        r"|hn|ip no|op no|ipd|opd|dossier|registration"
        r"|old chart|medical chart|patient chart|med|emr|ehr|epic|cerner|person|client|resident"
        r"|health|case file|patient file|visit file|mrn and dob|hist|va file|decedent|newborn"
        r"|infant",
    ),
)

"""Words before and after a number that say whether it may be a date, a phone number, a dose or a score."""

from osler.deid.patterns.rule import compiled, word_set

STRONG = word_set(
    "on since again until till dated date due admitted admit admission adm dc'd d/c d/c'd "
    "discharged discharge",
    "appt appointment scheduled drawn dos dob birthdate birthday born lmp edd edc visit f/u "
    "followup follow-up",
    "collected resulted signed seen before after started tues tuesday tue wed wednesday thu thur "
    "thurs thursday fri",
    "friday sat saturday sun sunday mon monday performed taken effective by last comparison cath "
    "pci cabg egd",
    "colonoscopy bronchoscopy orif extubated intubated delivered died expired through thru from hospitalized",
    "returned between dates accident injury onset began begun service refilled filled updated "
    "reviewed received",
    "vaccinated transfused reported exam til fell died passed crossmatch returns arrives arriving "
    "arrived exp expires eta starting ending beginning during hosp d/ced surg",
)
WEAK = STRONG | word_set(
    "to and start start: disch discontinued labs lab cxr ct mri us echo ekg ecg xr x-ray xray "
    "culture cx surgery",
    "placed removed given repeat done calls called note addendum vaccine s/p around approx "
    "approximately circa",
    "early late period menses completed stopped resumed changed increased decreased biopsy bx "
    "mammo mammogram pap",
    "dexa pet admission: ordered cancelled rescheduled scan imaging film films study x-rays "
    "ultrasound usg tte tee",
    "stress session tx treatment chemo cycle dialysis hd infusion injection shot booster flu covid tdap",
    "out rev recheck rtc next told fill use held read dressing drain sent rec'd recd eff dc posted "
    "mailed faxed",
    "meeting mtg call msg message email letter fax report reports results result tues, emergency "
    "ed er visit: seen:",
    "surgery: dob: @ the this next week week's wk month",
)
OF_WHAT = word_set(
    "tests test results scan scans film films study biopsy echo letter letters",
    "week wk month date dates as visit visits note notes exam report evening morning night day labs",
)
"""`the week of 3/14`, `as of 3/14`."""

SCORED = word_set(
    "mmse moca gcs apgar apgars score scores scored phq phq-9 gad gad-7 scale pain rated rate "
    "rating strength motor",
    "pulses pulse ratio grade graded vision acuity bp epworth reflex reflexes murmur dtr dtrs "
    "dtr's power severity",
    "intensity level levels lumbar thoracic cervical disc disk vertebrae l c t s audit cage dose "
    "doses tab tabs",
    "tablet tablets take takes taking taper half fraction stage class category tumor tumour nodes "
    "node cores biopsy",
    "biopsies positive odds version v chapter section figure fig table step part item items "
    "criteria question",
    "questions analog vas nrs flacc curb wells has-bled risk plus systolic factor type size french "
    "gauge needle suture",
    "proportion index quotient od os ou correct gleason aims cdr slums kps ecog asa braden morse "
    "rass cam ciwa cows",
    "katz adl adls iadl iadls hx recall orientation oriented attention registration sum total "
    "bishop balance tinetti",
    "berg visual worst currently rates moods mood anxiety depression energy sleep appetite distress concern",
    "grip flexion extension abduction adduction dorsiflexion plantarflexion quad quads biceps "
    "triceps deltoid deltoids",
    "hamstring hamstrings iliopsoas ehl knee ankle wrist elbow hip bilateral bilaterally rue lue "
    "rle lle ue le",
    "ps pfs lns ln cups cup packs beers drinks w/ give gave",
    "mallampati station effacement pack ppd tbsp tsp about approximately only nearly",
)
SCORE_SKIP = word_set(
    "score scale level was is were are of at in now today rated about around a the as currently still only",
    "only remains been be = : to and or with approximately overall",
)
SCORED_AFTER = word_set(
    "pain strength motor reflex reflexes murmur sem systolic diastolic holosystolic power tab tabs "
    "tablet tablets pill",
    "pills cap caps capsule capsules cup cups tsp tbsp teaspoon teaspoons inch inches in% mg mcg "
    "ml cc liter liters l",
    "cm mm kg lb lbs g oz hour hours hr hrs minutes min points point scale score intensity "
    "severity patients subjects",
    "participants cases controls nodes cores lymph ln lns samples criteria items positive negative "
    "ratio ns normal",
    "saline dextrose way finger fingers correct recall bilaterally bilat throughout dose doses "
    "unit units people women",
    "men trials studies out teaspoons strips blocks biopsies patient strength, ppd pack packs "
    "pints mile miles",
    "children adults mice rats animals eyes knees hips teeth specimens questions answers times "
    "quadrants extremities",
    "muscle muscles proximally distally proximal distal edema grade grades wheeze breakthrough "
    "on-scale grip flexion extension",
)
UNITS_AFTER = word_set(
    "wk d yr mo",
    "mg mcg ml cc g gm grams gram kg lb lbs oz l dl iu u units unit meq mmol mm cm m mmhg % "
    "percent kcal cal calories",
    "hours hour hrs hr h min minutes mins sec seconds days day weeks week wks months month years "
    "year yrs times x",
    "points steps copies cells k/ul /ul ul ng pg mol bpm puffs puff drops tabs tab tablets tablet "
    "caps capsules",
    "patients subjects participants people women men children cases controls feet ft inches inch "
    "degrees cfu per",
    "doses dose french fr gauge ga volts mv ma hz khz joules j gy cgy rads mci bpm/min sessions "
    "episodes dollars",
    "reps sets miles mile blocks block stairs pack packs cigarettes beers drinks beats watts "
    "liters liter litres",
)
NUMERIC_NOT = word_set(
    "version ver v release build rev section chapter figure fig table appendix oid doi snomed loinc rxnorm",
    "rxcui icd icd-10 icd-9 icd10 icd9 cpt ndc pmid pmcid pubmed issn isbn hcpcs atc unii cas cui "
    "umls omim dbsnp",
    "genbank",
)
CODE_SYSTEMS = word_set(
    "snomed snomed-ct sctid loinc rxnorm rxcui icd icd-10 icd-9 icd10 icd9 icd-10-cm cpt ndc pmid "
    "pmcid pubmed doi isbn",
    "issn nct cas atc unii hcpcs orcid umls cui omim dbsnp grant genbank medline "
    "clinicaltrials.gov drg apc cvx mvx",
    "hgvs entrez uniprot ensembl cosmic clinvar rs rsid ccds",
)

AFTER = compiled(r"[ \t]?[\-(]?([a-z][a-z/\-]*|%|\"|[kx]?/[a-z]+)")


def following(low: bytes, at: int) -> bytes:
    """The word (or percent sign) that follows at `at`, perhaps behind a blank; empty when none does."""
    match = AFTER.match(low, at, at + 24)
    return match[1] if match else b""

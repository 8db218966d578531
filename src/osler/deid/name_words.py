"""The words around names: titles, relations, field labels, credentials, and what never is a name."""

from osler.deid.tokens import word_set

TITLES = word_set(
    "dr drs mr mrs mx prof messrs sra srta dra mme mlle herr frau sgt lt capt cpl pvt atty hon rev"
)
"""Written before a name and hardly ever anything else; any capitalised word may follow."""

TITLES_LIKE_WORDS = word_set(
    "ms miss doctor doctors mister missus misses madam madame professor nurse sister brother pastor ",
    "reverend rabbi imam father officer detective",
    "sergeant captain judge senator coach aunt auntie uncle grandma grandpa nana granny papa señor ",
    "señora señorita sir lady deacon chaplain attorney",
    "midwife paramedic technician pharmacist dietitian dietician nutritionist physician surgeon ",
    "intern fellow hospitalist intensivist internist",
    "cardiologist oncologist radiologist pathologist neurologist nephrologist urologist psychiatrist ",
    "psychologist pediatrician dermatologist",
    "endocrinologist gastroenterologist pulmonologist rheumatologist ophthalmologist optometrist ",
    "dentist orthodontist podiatrist obstetrician",
    "gynecologist anesthesiologist orthopedist therapist counselor caseworker teacher principal boss ",
    "landlord lawyer neurosurgeon",
    "phlebotomist sonographer chiropractor audiologist hematologist geriatrician allergist ",
    "physiatrist proceduralist consultant preceptor scribe",
    "trooper deputy sheriff lieutenant colonel major commander corporal firefighter emt rn lpn cna ",
    "np pa crna md pmd pcp attending rph msw lcsw",
)
"""Occupations and forms of address: the word that follows must look like a name itself."""


BY = word_set(
    "seeing bring brings bringing brought remind reminded reassured thank thanked regarding visit "
    "visited interviewed counseled saw met see sees by with per via paged notified informed "
    "contacted consulted called told asked updated texted emailed phoned reached spoke"
)
"""Verbs and prepositions of dealing with somebody."""


CREDENTIALS = word_set(
    "md do rn np pa pa-c phd lpn crna dds dmd dpm pharmd msw lcsw lmft lpc lmsw bsn msn aprn fnp ",
    "fnp-c fnp-bc arnp facs facp facc faap facog mph dnp cna emt emt-p",
    "rrt dpt slp ccc-slp otr otr/l rd rdn ldn cnm crnp od mbbs mbchb frcp frcs faan psyd edd dc dvm ",
    "cde cdces ccrn cen bcps rph lvn acnp acnp-bc agnp pmhnp whnp",
    "lac rdms cct ncc ma mha mba jd esq esquire ii iii iv jr sr m.d d.o r.n n.p p.a ph.d",
)

SUFFIXES = word_set("jr sr ii iii iv junior senior")
PARTICLES = word_set(
    "de la del della da das do dos di du le van von der den ter ten bin ibn binti al el y san st ap "
    "af av zu zur e"
)

NEVER = word_set(
    "a an the and or but nor so yet if then else when while as at by for from in into of off on onto ",
    "out over to up with without within about above after",
    "again against all also although always am among any anyone are around back be because been ",
    "before being below between both can cannot could did does doing",
    "done down during each either else enough ever every everyone few further had has have having he ",
    "her here hers herself him himself his how however i i'd i'll",
    "i'm i've is isn't it it's its itself just least less let like lot many me might mine more most ",
    "much must my myself near need needs neither never no nobody none",
    "nor not nothing now often once one only other our ours ourselves own per perhaps please quite ",
    "rather really said same shall she should since some someone such",
    "than thanks that that's the their theirs them themselves there these they they're this those ",
    "though through thus till today tomorrow tonight too toward",
    "under unless until upon us use used very via was we we're were what whatever when where whether ",
    "which who whoever whom whose why yes yesterday you you're your",
    "yours yourself okay ok oh well hi hello hey sure alright great fine thank sorry yeah yep nope ",
    "right hmm um uh gosh wow unknown na n/a nil same see above",
    "below pending deferred declined refused redacted deidentified anonymous confidential ",
    "unavailable available listed noted reviewed attached enclosed none ",
    "patient doctor nurse provider physician attending resident date time dob mrn age sex gender ",
    "phone address account number email fax ssn race ethnicity language",
    "religion status room bed unit floor service department dept visit encounter admission discharge ",
    "report note history chief complaint hpi pmh psh ros exam",
    "assessment plan impression findings medications meds allergies labs vitals diagnosis diagnoses ",
    "procedure procedures subjective objective social family surgical",
    "past medical review systems physical general hospital clinic center medical health insurance ",
    "emergency contact relationship primary care secondary specimen",
    "monday tuesday wednesday thursday friday saturday sunday january february march july september ",
    "october november december",
    "icu er ed or ct mri us xr ekg ecg cbc bmp cmp iv po pm am pt ot bp hr rr he she mother father ",
    "wife husband son daughter brother sister",
    "denies reports states presents complains endorses admits has feels notes continue start stop ",
    "increase decrease follow return call take give hold check",
    "today's year old male female man woman boy girl gentleman lady year-old y/o yo md rn np do pa ",
    "dr mr mrs ms miss",
    "mom mommy mum dad daddy grandma grandpa nana auntie papa aunt uncle sir ma'am madam miss mister ",
    "missus hm okey yessir fantastic wonderful excellent perfect awesome absolutely",
    "southern northern eastern western north south east central european mediterranean pacific atlantic",
    "united kingdom states state republic",
    "sirs madam colleague colleagues all team everyone friends",
    "left right bilateral upper lower normal abnormal positive negative acute chronic mild moderate ",
    "severe stable",
)
"""Words that are no part of a name, whatever stands around them."""


EPONYM_NOUNS = word_set(
    "disease diseases syndrome syndromes sign signs test tests testing scale scales score scores ",
    "scoring criteria criterion classification index indices procedure operation repair",
    "technique maneuver manoeuvre method methods formula equation catheter catheters tube drain ",
    "stain stains staining fracture fractures palsy phenomenon reflex reflexes node nodes",
    "body bodies cell cells lymphoma tumor tumour sarcoma carcinoma anemia anaemia thyroiditis ",
    "hernia ulcer esophagus oesophagus contracture deformity tremor chorea ataxia",
    "dementia encephalopathy nephropathy neuropathy vasculitis purpura arteritis granulomatosis ",
    "gland glands duct canal ligament muscle triangle point points space line lines angle",
    "pouch loop circle foramen valve graft shunt stent suture forceps retractor clamp needle ",
    "speculum solution lactate lactated monitor monitoring ultrasound flow velocimetry",
    "law rule rules principle effect curve curves plot analysis analyses model models regression ",
    "correlation correlations coefficient coefficients distribution estimator estimate estimates",
    "estimation survival inventory questionnaire assessment interview battery matrices scope stage ",
    "staging grade grading lobe area layer crisis block rhythm tachycardia pattern",
    "respiration respirations breathing murmur facies nodules nodule cyst cysts spot spots rash ",
    "fever virus bacillus agar medium position incision approach stitch",
    "knot splint brace collar frame pin wire nail plate prosthesis implant pump wart gait aphasia ",
    "apraxia blindness epilepsy seizure seizures malformation anomaly",
    "defect tetralogy stenosis macroglobulinemia amyloidosis adenoma factor protein proteins antigen ",
    "antibody agglutinin level levels statistic statistics statistical tubes",
    "trial study cohort database register registry review guidelines guideline library collaboration ",
    "group consensus declaration clinic foundation institute procedure's reaction",
    "paralysis pneumonia arthropathy spasm spasms cramp drops maneuvers hypothermia hypothesis ",
    "transform tests' alpha kappa rank plots limits agreement chart charts schedule",
    "neuralgia neuroma osteotomy arthroplasty exercises exercise diet disorder disorders dystrophy ",
    "atrophy hyperplasia hyperthyroidism lesion lesions mass nail nails island islets",
    "blot buffer assay medium dye filter apparatus chamber count units unit degree degrees number ",
    "prognostic risk interval intervals correction post-hoc exact hoc stress",
    "kinase kinases sequencing wort canine questionnaires cooperative sanger encephalomyelitis ",
    "macrophage macrophages glands follicle follicles loops fibers fibres fiber",
    "strip strips swab catheterization bag balloon bandage boot boots dressing gel jelly lamp light ",
    "pessary ring screw cup hook spatula tourniquet wrap rods rod plates",
)
"""What makes the word in front of it an eponym: `Wilson disease`, `Foley catheter`, `Cox regression`."""


HUMAN_VERBS = word_set(
    "denies reports states presents said says stated reported denied complains complained endorses ",
    "requests requested lives lived agrees verbalized verbalizes ambulated",
    "understands arrived resting tolerating tolerated sleeping requesting refusing refused ",
    "verbalizing complaining ambulating awake alert oriented asked asks told tells felt feels",
    "wants wishes remembers recalls admits describes believes thinks knows called returned went came ",
    "worries declined consented acknowledged",
)
"""What only people do."""


NAME_VERBS = word_set(
    "is was has had denies reports states presents presented said says stated reported denied ",
    "complains complained endorses arrived came called requests requested wants wanted",
    "lives lived works worked returns returned feels felt notes noted asked asks told tells went ",
    "agrees agreed understands understood verbalized tolerated ambulated underwent continues",
    "remains remained reviewed examined recommended ordered saw accompanied brought will would does ",
    "did needs takes took and with also who at bedside aware notified updated made makes can helps ",
    "helped drove drives came comes thinks wonders gave gives",
)
"""Words that follow on a person's name at the start of a sentence."""

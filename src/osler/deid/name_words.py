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

RELATIONS = word_set(
    "husband wife spouse son daughter mother father mom mommy mum mama dad daddy brother sister ",
    "sibling twin aunt uncle niece nephew cousin",
    "grandmother grandfather grandma grandpa grandson granddaughter grandchild fiance fiancé fiancee ",
    "fiancée partner girlfriend boyfriend friend",
    "neighbor neighbour roommate caregiver caretaker guardian stepmother stepfather stepson ",
    "stepdaughter stepmom stepdad baby infant newborn child kid",
    "ex-husband ex-wife widow widower son-in-law daughter-in-law mother-in-law father-in-law ",
    "sister-in-law brother-in-law godmother godfather",
    "godson goddaughter foster-mother kids children sons daughters brothers sisters parents siblings ",
    "twins coworker co-worker colleague supervisor employer",
    "aide babysitter nanny companion fob dtr dau sis bro gma gpa hub gf bf mil fil dil sil spouse's mgm ",
    "mgf pgm pgf stepbrother stepsister fiancee's",
)

PERSONS = word_set(
    "patient pt pts client resident veteran member inmate victim decedent donor recipient enrollee subscriber"
)
"""Words for the person a note is about, in front of a name."""

CONTACT_VERBS = word_set(
    "by with per named called paged notified informed contacted consulted spoke met saw told asked ",
    "updated texted emailed phoned reached",
    "thank thanks discussed d/w dw via from to and for cc attn attention sincerely regards ",
    "respectfully cordially dear hi hello hey welcome",
    "love yours warmly best cheers signed dictated name",
)

GREETINGS = word_set(
    "dear hi hello hey welcome thanks thank bye goodbye morning afternoon evening congratulations"
)
SIGN_OFFS = word_set(
    "sincerely regards respectfully cordially yours warmly best thanks cheers love signed truly "
    "gratefully wishes you"
)
BY = word_set(
    "seeing bring brings bringing brought remind reminded reassured thank thanked regarding visit "
    "visited interviewed counseled saw met see sees by with per via paged notified informed "
    "contacted consulted called told asked updated texted emailed phoned reached spoke"
)
"""Verbs and prepositions of dealing with somebody."""

WITH_PEOPLE = word_set(
    "discussed reviewed spoke spoken met meet meeting consulted talk talked talking visit visited ",
    "appointment conversation accompanied along here presents coordinated",
    "lives arrived came conferred call conference shared touch session follow-up scheduled d/w d/w: ",
    "correspondence checked work works working",
)
"""What one does with a person, in front of "with"."""

PEOPLE_VERBS = word_set(
    "seen evaluated examined discussed reviewed spoke spoken dictated signed cosigned co-signed ",
    "verified witnessed reported accompanied escorted brought assisted",
    "referred followed supervised performed ordered prescribed transcribed authored entered ",
    "documented noted recorded collected administered given placed",
    "attested approved confirmed interpreted read obtained completed co-managed managed cared ",
    "treated staffed precepted relieved handed transported",
    "interviewed counseled consented scheduled updated electronically called paged d/w dw meet met ",
    "meeting appointment visit visited talk talked talking",
)

NAME_LABELS = word_set("name names surname lastname firstname fullname nombre")
"""Field labels after which any capitalised word is a name."""

ROLE_LABELS = word_set(
    "patient pt attending provider physician pcp surgeon author signed by contact nok kin guardian ",
    "spouse father mother daughter son husband wife",
    "attn re nurse client resident employee witness interpreter referring consultant consultants ",
    "anesthesiologist assistant assistants informant caregiver proxy",
    "poa agent guarantor subscriber insured holder doctor cosigner reviewer pathologist radiologist ",
    "technologist therapist counselor recipient sender sibling",
    "brother sister parent parents partner last first middle maiden md do rn np pa cc to from ",
    "dietitian pharmacist reporter caller preparer examiner fellow intern",
    "hospitalist cardiologist oncologist scribe transcriptionist operator inspector nurse_name ",
    "midwife supervisor preceptor teacher attorney coordinator manager",
    "worker staff clinician responsible person beneficiary claimant applicant student member officer ",
    "signature initials alias aka alternate baby",
    "doula liaison hcp hcpoa dpoa proxy navigator case-manager",
    "team members participants attendees present tech technician lpn cna crna sw msw lcsw ot slp",
)
"""Field labels after which a name is likely, but so are other things."""

NOT_PERSON_NAMES = word_set(
    "drug medication medicine generic brand trade test file host plan insurance facility hospital ",
    "pharmacy product device study trial procedure group company",
    "user school street city agency variable common chemical scientific domain event gene species ",
    "vendor clinic practice organization organisation program",
    "disease condition diagnosis lab panel vaccine allergen model project column field class method ",
    "food business",
    "employer department unit ward proper screen account document form template policy payer carrier",
)
"""Words in front of "name" that make it the name of a thing."""

CREDENTIALS = word_set(
    "md do rn np pa pa-c phd lpn crna dds dmd dpm pharmd msw lcsw lmft lpc lmsw bsn msn aprn fnp ",
    "fnp-c fnp-bc arnp facs facp facc faap facog mph dnp cna emt emt-p",
    "rrt dpt slp ccc-slp otr otr/l rd rdn ldn cnm crnp od mbbs mbchb frcp frcs faan psyd edd dc dvm ",
    "cde cdces ccrn cen bcps rph lvn acnp acnp-bc agnp pmhnp whnp",
    "lac rdms cct ncc ma mha mba jd esq esquire ii iii iv jr sr m.d d.o r.n n.p p.a ph.d",
)
CREDENTIALS_LIKE_WORDS = word_set("do pa ma od rd dc pt ot ms ba bs sw ii iii iv jr sr esq")

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

ABOUT_PEOPLE = word_set(
    "results labs records note instructions refill refills order orders message letter form forms ",
    "paperwork appointment care chart visit prescription referral summary plan",
    "call calls email fax report history voicemail route routed forward forwarded sent send messages ",
    "paged handoff spoke talked assigned signed faxed slides specimen biopsy",
    "addressed belongs according care thanks thank copy copies page texted emailed",
)
"""What is for, from or to somebody."""

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

PLACE_NOUNS = word_set(
    "street st avenue ave road rd boulevard blvd drive lane ln court hospital clinic hospitals ",
    "clinics university college school county medical center centre institute foundation pharmacy",
    "health church inc llc corp corporation ltd company laboratories labs pharmaceuticals pharma ",
    "healthcare city valley beach island park lake river springs",
    "elementary high academy memorial general manor nursing rehab rehabilitation hospice highway ",
    "parkway square",
)
"""What makes the word in front of it a place or a firm."""

SAINTS = word_set("st saint santa san santo sao mount mt mount fort ft port lake los las point cape")

HUMAN_VERBS = word_set(
    "denies reports states presents said says stated reported denied complains complained endorses ",
    "requests requested lives lived agrees verbalized verbalizes ambulated",
    "understands arrived resting tolerating tolerated sleeping requesting refusing refused ",
    "verbalizing complaining ambulating awake alert oriented asked asks told tells felt feels",
    "wants wishes remembers recalls admits describes believes thinks knows called returned went came ",
    "worries declined consented acknowledged",
)
"""What only people do."""

HUMAN_ONLY = word_set(
    "denies states endorses complains complained verbalized verbalizes lives lived agrees resting ",
    "tolerating ambulating ambulated alert awake asked asks wants refused refusing",
    "worries said says told tells understands consented declined requesting sleeping oriented",
)
"""The part of them that nothing else does, so that even a word of no list is a name in front of it."""

HUMAN_PARTICIPLES = word_set(
    "seen evaluated examined admitted discharged referred born brought accompanied diagnosed ",
    "transferred hospitalized intubated informed advised counseled instructed told",
    "educated interviewed notified alert awake here unable able feeling doing complaining asked ",
    "reassured extubated triaged consented married widowed divorced employed",
    "resting sitting lying walking ambulating sleeping discussed scheduled presented",
)
"""What only people are, behind "was" or "is"."""

HUMAN_QUALITIES = word_set(
    "pleasant year-old yo y/o retired delightful well-developed well-nourished man woman gentleman ",
    "lady boy girl smoker nonsmoker",
    "right-handed left-handed frail elderly married widowed nurse teacher student caucasian hispanic ",
    "veteran",
)
"""What someone is said to be behind "is a"."""

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

"""Dates and ages: every format that people write, and the numbers and words that only look so."""

import pytest
from test_deid_patterns_table import faults

DATES = """
Seen [[DATE:3/14/2021]] in clinic.
Seen [[DATE:03/14/21]] in clinic.
DOB: [[DATE:3-14-1956]]
dob [[DATE:03.14.1956]], male
Geburtsdatum [[DATE:14.03.1956]]
Last colonoscopy [[DATE:2018/11/02]].
Collected [[DATE:2021-03-14T10:30:00Z]]
"effectiveDateTime": "[[DATE:2021-03-14T10:30:00-05:00]]"
Admitted [[DATE:2021-03-14]] 10:30, discharged [[DATE:2021-03-17]] 14:00
Admission: [[DATE:14-Mar-2021]]
Admission: [[DATE:14-MAR-21]] 08:15
given [[DATE:14MAR2021]] and [[DATE:02Apr21]]
She was born on [[DATE:March 14th, 1956]].
She was born [[DATE:March 14, 1956]] in Ohio.
seen on [[DATE:the 14th of March]], stable.
seen on [[DATE:14th March 2021]].
seen on [[DATE:the 14 of March 2021]].
return [[DATE:Mar 14]] at 9 am
return [[DATE:Mar. 14]], 9 am
on [[DATE:Sept. 3]] she fell
since [[DATE:Sept 2019]] he has had pain
[[DATE:June 2020]]: stroke. [[DATE:07/2020]]: rehab.
[[DATE:Jan-2020]] flu shot
last seen [[DATE:May 3]] by us
Follow up in [[DATE:May]].
He retired last [[DATE:March]].
She moved here in [[DATE:august]] and fell in [[DATE:october]].
she fell in [[DATE:may]] and again in [[DATE:march]]
stent placed in [[DATE:february of 2019]]
Symptoms began in mid-[[DATE:November]].
Late [[DATE:December 2019]] he had a cough.
from [[DATE:January]] to [[DATE:April]]
Seen [[DATE:3/14]] for cough.
follow-up appt [[DATE:4/2]] with cards
d/c'd [[DATE:12/7]]
on [[DATE:3/4]] he walked
Admitted from [[DATE:2/11]] to [[DATE:2/15]].
hospitalised [[DATE:3/1-3/5/21]]
hospitalised [[DATE:3/1/21-3/5/21]]
[[DATE:1/7]]: Na 138. [[DATE:1/8]]: Na 140.
Visit of [[DATE:10/09]] reviewed.
CXR [[DATE:9/12]] clear
MRI from [[DATE:08/2019]] unchanged
Next visit is on [[DATE:the 14th]].
She will return on [[DATE:the 3rd]], fasting.
Seen by [[DATE:the 21st]] at the latest.
it was [[DATE:march third two thousand nineteen]] when he fell
born [[DATE:june fifth nineteen forty two]]
on [[DATE:the fourteenth of june]] she fell
[[DATE:december twelfth]] was the last visit
[[DATE:third of may]] she was seen
[[DATE:may third twenty twenty three]] visit
dob is [[DATE:three slash fourteen slash fifty six]]
Fell on [[DATE:Christmas Eve]].
Last drink was [[DATE:New Year's Eve 2019]].
Pain since [[DATE:Thanksgiving]].
Pain since [[DATE:thanksgiving]], worse after [[DATE:xmas]]
He fasted during [[DATE:Ramadan]].
Seen after [[DATE:Diwali]] and before [[DATE:Lunar New Year]].
Gained weight over [[DATE:Passover]].
He fell on [[DATE:the 4th of July]].
Last seen [[DATE:Labor Day weekend]]; back by [[DATE:Memorial Day]].
Due [[DATE:Valentine's Day]]
His symptoms started around [[DATE:Easter]].
Seen on Monday, [[DATE:March 14]].
DOB [[DATE:03141956]]
Date of birth: [[DATE:19560314]]
DOB: [[DATE:031456]]
Date of Service: [[DATE:20210314]]
timestamp [[DATE:20210314103055]]
EDD [[DATE:11/02/2021]] LMP [[DATE:1/26]]
[[DATE:2021-03]] staging scan
On [[DATE:March 14-16, 2021]] he was inpatient.
[[DATE:March 14 and 15]] were bad days.
Date:[[DATE:3/14/2021]]
(b. [[DATE:12 May 1957]])
[[DATE:FEBRUARY 3, 2020]] OPERATIVE NOTE
Exp [[DATE:11/22]], lot unknown
note dated [[DATE:Oct 7-9, 2023]]
PCI [[DATE:Feb '18]]
seen [[DATE:5 September]] and [[DATE:9 Sept]]
[[DATE:2019 March 4]] biopsy
week of [[DATE:3/14]]
Chemo cycle 3 on [[DATE:5/5]].
LMP: [[DATE:4/4]]
labs from [[DATE:7/1]] reviewed
He was seen [[DATE:10/3]] and [[DATE:10/10]] for wound checks.
[[DATE:1/2/20]] - [[DATE:1/9/20]]: inpatient
T 98.6 on [[DATE:6/3]] at 0400
Appt: Tue [[DATE:6/3]] 2:15p
Follow up on [[DATE:July 4]] as planned
[[DATE:Aug 21]] labs are back
Date of injury: [[DATE:11-3-20]]
date of injury [[DATE:11 / 3 / 2020]]
Seen [[DATE:14/3/2021]] in London
approved [[DATE:21 March, 2019]]
[[DATE:Dec 2018]] - [[DATE:Jan 2019]] rehab
her birthday is [[DATE:the 9th of october]]
Dates of service: [[DATE:01/02/2020]] through [[DATE:01/09/2020]]
surgery scheduled for [[DATE:the third of October]]
on [[DATE:Yom Kippur]] he fasted
Last A1c [[DATE:Jan 2020]] 7.1
since [[DATE:Mardi Gras]]
on [[DATE:Juneteenth]]
Sx since [[DATE:jan]]
she came in last [[DATE:oct]] and in [[DATE:feb]]
by mid-[[DATE:September]]
[[DATE:5/2020]] to [[DATE:6/2020]]
"""

NO_DATES = """
Gleason 3+4=7 in 4/12 cores
Apgars 8/9
APGAR 8/9 at 1 and 5 minutes
Pain 3/10, later 8/10
pain is 7/10 today
BP 120/80 and 98/60
Strength 5/5 in all extremities, 4/5 right grip
vision 20/40 OD, 20/20 OS
MMSE 24/30, MoCA 22/30
PHQ-9 score 12, GAD-7 was 11/21
2/6 systolic murmur
L4-5 disc, C5-6 stenosis, T11-12
L4/5 and L5/S1 radiculopathy
Take 1/2 tab daily
take 1-2 tablets every 4-6 hours
1/4 cup of juice
24/7 care
ratio of 1/3
pH 7.35-7.45
16-18 gauge needle
5-10 mg daily
INR 2-3
K 3.5-5.1
1.5 x 2.3 x 4 cm
3 x 4 cm mass
ER/PR positive, HER2 1+, Ki-67 12/100
T2N0M0
version 2.3.1
Section 4.2.1
ICD-10 E11.9, I10, Z79.4
CPT 99213-25
LOINC 4548-4
SNOMED 44054006
in 2019 and 2020
since 1998
Monday at 3:30 pm
at 0830 and 14:45
on Tuesday morning
She may take it with food.
She may need 2 tablets.
You may 5 or 6 times
He can march in place.
on the march to recovery
an august institution
3rd rib fracture
the 5th metatarsal
on the 3rd floor
his 2nd dose
the 95th percentile
first degree burn on the second toe
on the first day
the second of three doses
spring and fall allergies
Easter egg dye allergy
Christmas disease
HR 72, RR 16, SpO2 97% on RA
2 to 3 times per day
0.5-1 mg
Na 135-145
GCS 15 (E4 V5 M6)
NYHA class 2/3
stage 3/4 ulcer
drank 2/3 of the bottle
1/6 of patients
10/12 patients responded
(5/22, 23%)
visual acuity 6/6
FiO2 40%, PEEP 5, 12/5 BiPAP
BiPAP 12/5
reflexes 2/4
Braden 18/23
dilated 3/50/-2
CIWA 8, then 4
MAR reviewed
DEC ROM of the shoulder
OCT of the macula
1/2 NS at 75 mL/hr
half-life 5-7 days
7-10 days of antibiotics
BRCA1 c.68_69delAG
p.Val600Glu
EGFR exon 19
rs1801133
Grade 2/4 toxicity
age 45-54
1-800 mg
hepatitis B 3-dose series
2-0 Vicryl, 4-0 Monocryl
French 14-16
size 7.5 ETT at 22 cm
EF 55-60%
3/3 sets negative
x3 days, q4-6h prn
The odds were 3/2.
"""

AGES = """
[[AGE:92]]-year-old man
[[AGE:92]] year old woman
a [[AGE:97]] y/o F with cough
[[AGE:91]]yo M
[[AGE:94]] y.o. female
aged [[AGE:94]]
Age: [[AGE:90]]
Age [[AGE:101]]
her mother died at age [[AGE:96]]
He turned [[AGE:95]] last week.
She is [[AGE:93]] and lives alone.
she just turned [[AGE:ninety-two]]
[[AGE:ninety three]] years old
a [[AGE:one hundred and two]] year old woman
[[AGE:103]]-yr-old
[[AGE:98]]M with chest pain
[[AGE:91]]F w/ UTI
[[AGE:95]] year-old gentleman
[[AGE:99]]-year old
mother, [[AGE:92]], is frail
his father died at [[AGE:97]].
the patient is [[AGE:90]] years of age
AGE: [[AGE:93]] SEX: F
[[AGE:110]] y o male
"""

NO_AGES = """
89-year-old man
a 45 y/o F
aged 65 to 95 years
Temp 97F
T 98.6 F, sat 95%
weight 95 kg
95 mg daily
O2 sat is 94
SpO2 was 97 on RA
HR is 92
glucose was 110
she is 45 and healthy
for 95 days
BP 120/90
ninety percent of patients
one hundred mg
age 9 to 12
in his nineties
She is a nonagenarian.
Ages 18-90
"""


@pytest.mark.parametrize("line", (DATES + NO_DATES + AGES + NO_AGES).strip().splitlines())
def test_dates_and_ages(line: str) -> None:
    assert faults(line) == []

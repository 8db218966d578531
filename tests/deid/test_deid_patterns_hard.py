"""Harder places: shorthand, dictation, odd labels, codes without labels, and the clinical language that looks like them."""

import pytest
from test_deid_patterns_table import faults

SHORTHAND = """
pt seen [[DATE:3/14]], f/u [[DATE:4/2]], labs [[DATE:3/20]]
PPD placed [[DATE:12/17]] L arm, read [[DATE:12/29]] 0 mm.
last use [[DATE:17/05]].
MRI [[DATE:28/06]] 0830
[[DATE:13/01]] 6:32 pm ems arrived
foley out [[DATE:10/19]] 0400
BP 142/88 on [[DATE:11/7]]
recheck [[DATE:4/3]]
cultures [[DATE:3/14]] NGTD
[[DATE:1/8]] K 3.4
seen [[DATE:05-19]], nobody home
next visit [[DATE:05-19]] at 0900
[[DATE:8 7 2015]]: core biopsy
spoke to donor on [[DATE:04 22 2022]].
D: [[DATE:4 7 16]] T: [[DATE:4 5 16]]
discharged [[DATE:16/III/21]]
eff [[DATE:2021-03]]
seen in [[DATE:2001-10]] with fever
[[DATE:Feb 14]]-[[DATE:Feb 16]] at rehab
choked [[DATE:Thanksgiving weekend]]
began on [[DATE:Diwali]], then worse
since [[DATE:Nowruz]]
he fasts until [[DATE:Yom Kippur]].
before [[DATE:Tet]]
Happy [[DATE:Easter]]!
home [[DATE:the 9th]].
seen on [[DATE:the 22nd]], again [[DATE:the 7th]], out by [[DATE:the 8th]].
it started [[DATE:january first two thousand and two]]
on [[DATE:december eighteenth, two thousand and three]]
film vs [[DATE:eleven ten twenty twenty five]]
she was born [[DATE:july fourth nineteen thirty one]]
in [[DATE:october of two thousand five]]
[[DATE:October 2005]]; [[DATE:Nov. 2006]]; [[DATE:Dec '07]]
started [[DATE:Oct]], stopped [[DATE:Nov]]
"""

PEOPLE = """
Hospice admission: Somaly Som, [[AGE:92]], a former seamstress
Helen Sahle ([[AGE:97]]) and her brother
Thank you for seeing this lady of [[AGE:95]].
Pt will be [[AGE:91]] on [[DATE:March 14th]]
he is [[AGE:ninety-three]].
died at [[AGE:ninety eight]]
kurian [[AGE:92]]m hip
a [[AGE:91]] yo
Dahir Awale ([[OTHER_ID:501828]]) was told
caller Yusuf #[[OTHER_ID:4417]]
paged Satterwhite ([[OTHER_ID:17443]]) x2
Worker: S. Timsinal [[PHONE:x9800]]
RN [[PHONE:p14884]]
page me at [[PHONE:7040]]
my number is [[PHONE:8 3 2 4 2 3 0 7 4 9]]
"""

CODES = """
record #: [[MRN:yyew1t842]]
MRN [[MRN:SRTGGN923]]
MR [[OTHER_ID:28 - 95 - 05]]
account [[ACCOUNT:786MWME]]
lot [[DEVICE:EX5754]]
sensor lot [[DEVICE:L91428H-1-011720]]
machine [[DEVICE:U0NZ423]]
badge [[OTHER_ID:leo-271]]
badge [[OTHER_ID:c0971]]
shield [[OTHER_ID:K9103]]
locker [[OTHER_ID:118]]
auth [[OTHER_ID:5474827]]
wo [[OTHER_ID:159661426-1]]
ticket [[OTHER_ID:ahf56778]]
seal A [[OTHER_ID:1ZA52HXF35082764]]
band [[OTHER_ID:9472 5643 0091 5338 9052 37]]
waybill [[OTHER_ID:1z 063 x38 73 4771 955 9]]
thumb [[OTHER_ID:FGP6188]] on file
posted to [[OTHER_ID:JTUZYL-1-0612]]
under [[OTHER_ID:gkb5862]] from [[IP:10.94.84.0/24]]
charge [[ACCOUNT:in-2828-5568]]
license plate [[VEHICLE:V-52-XP]]
tag [[VEHICLE:790 TRH]]
tag [[VEHICLE:AD 7076]]
van [[VEHICLE:UVC 1868]]
hearse [[VEHICLE:WKS-10L]]
member [[HEALTH_PLAN:xagb98762286]] group [[HEALTH_PLAN:rx9312]]
insurance ID [[HEALTH_PLAN:U22059651 01]]
oln: [[LICENSE:z 626 661 062]]
lic [[LICENSE:MD PA7432]]
card [[ACCOUNT:XXXX-XXXX-XXXX-0050]]
soc. sec. no.: [[SSN:888268075]]
last four [[SSN:9496]]
ssn last 4: [[SSN:9496]]
lives at [[LOCATION:5910 avenue d]]
[[LOCATION:15 1/2 L Street]]
off [[LOCATION:route 9]]
[[LOCATION:Highway 61]], past the mill
address:[[LOCATION:965 Kapiolani Rd]]
[[LOCATION:967 Sierra Drive]], Vivian [[LOCATION:57576]]
at [[LOCATION:Bldg 47]]
wound photo [[PHOTO:scalp_821027.gif]], [[PHOTO:SCAN3258.TIF]]
Images: [[PHOTO:Marsenson_Gory_20240709.pdf]]
"""

CLINICAL = """
ER 95%, PR 5/8, GCS E3V4M6
A&O x3, 3/3 recall
Katz 5/6
G3P1011 at 32+6
Factor V Leiden G20210A
S65.50XA, M54.16
1.2.840 root
0.55-1.30 mg/dL
Creatinine 2.3 mg/dL 0.6-1.2
BUN 48, Cr 2.3
PLT 154 CR 0.8
CK 48,200 bl 94
took place on arrival
apartment on the third floor
REF range 12.0-16.0
Allergies: @ALG@
Form MR-1102, rev. 6
CF-HQ190L scope
SN60WF lens
the faces scale: 0 - 2 - 4 - 6 - 8 - 10
call nine one one
one hundred and forty eight
temp 98 F
walked 92 m
T2N0M0, pT1cN1a
bacteria 10000 CFU
2 mg/kg q24h x5d
20/20/20 rule
follow up in 10-14 d
reassess 24-48 h
next 4-6 wk
BiPAP 12/5, PEEP 8
NEWS 2, qSOFA 1/3
HEP B 3-dose series
3M tape, 4x4 gauze
16 Fr Foley, 18G x2
Cycle 3 day 8
C2D8 given
N95 fit test
ISO 13485, IEC 60601-1
HL70064 table
v2020.1.3 firmware
error 404
EKG 12-lead
ASA 81, NS 0.9%
D5W, 1/2 NS
HbA1c 7.2
p53, Ki-67 12%
tumor 1.4 x 2.2 cm
72-year-old
2nd toe, 5th digit
3 of 4 extremities
room 412, bed 2
O2 at 2 L
vitals 120/80 72 16 98.6 99%
I/O 2100/1800
on 40 mg
since 95% of patients
IL-6, TNF-alpha, CD4 350
vit B12 and D3
10/10 chest pain
gave 1/2 amp D50
visual fields full to 4/4
3-0 Vicryl
L1-L5
May repeat x1
he may be discharged
march fracture
"""


@pytest.mark.parametrize(
    "line",
    (SHORTHAND + PEOPLE + CODES + CLINICAL).strip().splitlines(),
)
def test_harder_places(line: str) -> None:
    assert faults(line) == []

"""Numbers and codes of persons and things, behind labels of many wordings, by shape, in structures."""

import pytest
from test_deid_patterns_table import faults

IDS = """
MRN: [[MRN:00718293]]
MRN [[MRN:00718293]]
mrn#[[MRN:718293]]
MRN = [[MRN:A7743120]]
MRN is [[MRN:44-21-99]]
(MRN [[MRN:12345]])
MRN: #[[MRN:4471233]]
**MRN:** [[MRN:4471233]]
"mrn": "[[MRN:A7743120]]"
patient_mrn=[[MRN:7743120]]
<mrn>[[MRN:7743120]]</mrn>
Medical Record Number: [[MRN:4471233]]
Medical Record No. [[MRN:4471233]]
Medical Record #: [[MRN:AB-44-12]]
Med Rec # [[MRN:4471233]]
med rec no [[MRN:4471233]]
MR#: [[MRN:4471233]]
MR No. [[MRN:4471233]]
Chart # [[MRN:88213]]
chart number [[MRN:88213]]
Patient ID: [[MRN:P-10233]]
Pt ID [[MRN:4471233]]
Patient number [[MRN:4471233]]
Hospital No: [[MRN:H998211]]
Unit number: [[MRN:4471233]]
UHID: [[MRN:AP.0012345]]
NHS number [[MRN:943 476 5919]]
record number is [[MRN:4471233]]
medical record number [[MRN:four four two one nine]]
mrn is [[MRN:five five six seven eight one two]]
medical record number is [[MRN:4 4 2 1 9 0]]
Record #[[MRN:5567812]]
MRN\t[[MRN:5567812]]
MRN ........ [[MRN:5567812]]
EMPI [[MRN:100200300]]
Member ID: [[HEALTH_PLAN:XGH445902817]]
Member ID [[HEALTH_PLAN:XGH 445 902 817]]
Member # [[HEALTH_PLAN:W1234 56789]]
Group No. [[HEALTH_PLAN:0078821]]
Group: [[HEALTH_PLAN:78821-A]]
Policy number [[HEALTH_PLAN:POL-884213]]
policy [[HEALTH_PLAN:88421355]]
Subscriber ID: [[HEALTH_PLAN:ZGP883422190]]
Medicare: [[HEALTH_PLAN:1EG4-TE5-MK73]]
MBI [[HEALTH_PLAN:1EG4TE5MK73]]
Medicare number [[HEALTH_PLAN:1EG4 TE5 MK73]]
Medicaid ID [[HEALTH_PLAN:55201877A]]
Medicaid # [[HEALTH_PLAN:55201877]]
Aetna [[HEALTH_PLAN:W123456789]]
BCBS ID# [[HEALTH_PLAN:YPM883920114]]
Insurance ID: [[HEALTH_PLAN:883920114]]
Beneficiary number: [[HEALTH_PLAN:883920114]]
RxGrp: [[HEALTH_PLAN:RX2231]]
Insurance: Blue Cross, policy # [[HEALTH_PLAN:R88213345]]
health plan beneficiary number [[HEALTH_PLAN:HPB-3391-22]]
Account number: [[ACCOUNT:7700231985]]
Acct# [[ACCOUNT:7700231985]]
acct [[ACCOUNT:77002319]]
Patient account no. [[ACCOUNT:G-55021]]
Encounter #: [[ACCOUNT:300218847]]
Encounter ID [[ACCOUNT:E300218847]]
CSN: [[ACCOUNT:300218847]]
FIN: [[ACCOUNT:100200300]]
FIN # [[ACCOUNT:1002003]]
Visit number [[ACCOUNT:V00123456]]
HAR [[ACCOUNT:600123456]]
Invoice # [[ACCOUNT:INV-22913]]
Claim number [[ACCOUNT:CLM-8820113]]
claim # [[ACCOUNT:2021031400123]]
card [[ACCOUNT:4111 1111 1111 1111]]
Visa ending in [[ACCOUNT:4242]]
[[ACCOUNT:4111-1111-1111-1111]]
IBAN [[ACCOUNT:GB82 WEST 1234 5698 7654 32]]
[[ACCOUNT:DE89370400440532013000]]
Guarantor account: [[ACCOUNT:55021-7]]
bank account [[ACCOUNT:000123456789]] routing number [[ACCOUNT:021000021]]
Billing acct no: [[ACCOUNT:8842-11]]
NPI [[LICENSE:1234567893]]
NPI: [[LICENSE:1234567893]]
NPI# [[LICENSE:1093817465]]
DEA [[LICENSE:AB1234563]]
DEA #: [[LICENSE:FB1234563]]
License # [[LICENSE:MD-448213]]
Lic. No. [[LICENSE:A12345]]
state license [[LICENSE:RN-5520187]]
Driver's license [[LICENSE:D455-2210-8876]]
drivers license number: [[LICENSE:S12345678]]
DL# [[LICENSE:D1234567]]
DL: [[LICENSE:S123-4567]]
medical license number [[LICENSE:G88213]]
Certificate no. [[LICENSE:CT-88213]]
VIN [[VEHICLE:1HGCM82633A004352]]
[[VEHICLE:1HGCM82633A004352]] was towed
VIN: [[VEHICLE:5YJSA1E14HF000337]]
license plate [[VEHICLE:7ABC123]]
plate number [[VEHICLE:KJM-4829]]
License plate: [[VEHICLE:KJM 4829]]
plates [[VEHICLE:8XYZ221]]
car tag [[VEHICLE:TN 44-B21]]
Serial number [[DEVICE:PJN882310H]]
serial no. [[DEVICE:AB-77-2210]]
S/N: [[DEVICE:RNB402217G]]
SN [[DEVICE:RNB402217G]]
SN: [[DEVICE:44213]]
pacemaker serial [[DEVICE:PJN882310H]]
UDI [[DEVICE:(01)00643169007222(17)250630(21)BLC412345]]
Device ID: [[DEVICE:DX-44213-9]]
Lot/Serial: [[DEVICE:L22310/S88213]]
IMEI [[DEVICE:490154203237518]]
IMEI: [[DEVICE:35-209900-176148-1]]
pump serial # [[DEVICE:88213-A]]
Asset tag [[DEVICE:BIO-55213]]
Fingerprint ID: [[BIOMETRIC:FP-22910-A]]
voiceprint ref [[BIOMETRIC:VP_88231]]
retinal scan ID [[BIOMETRIC:RS-44-2213]]
iris template [[BIOMETRIC:IT-99213]]
biometric ID [[BIOMETRIC:BIO-882133]]
facial recognition template: [[BIOMETRIC:FR-22910]]
DNA profile # [[BIOMETRIC:DNA-88213]]
palm vein scan [[BIOMETRIC:PV-2291-88]]
photo [[PHOTO:left_heel_2023.jpg]]
saved as [[PHOTO:IMG_4471.HEIC]]
[[PHOTO:IMG_20210314_101500]]
see [[PHOTO:wounds/2021/foot-left.png]]
Photo ID: [[PHOTO:PH-88213]]
photo #[[PHOTO:20391]]
image ref [[PHOTO:IMG-2291]]
DSC_[[PHOTO:]]
SSN [[SSN:412-55-0987]]
SSN: [[SSN:412550987]]
ss# [[SSN:412 55 0987]]
social security number [[SSN:412-55-0987]]
SSN ending in [[SSN:0987]]
last four of social [[SSN:0987]]
last 4 of SSN: [[SSN:0987]]
SSN [[SSN:xxx-xx-0987]]
SSN ***-**-[[SSN:0987]]
social is [[SSN:four one two five five zero nine eight seven]]
[[SSN:412-55-0987]]
Order # [[OTHER_ID:99120044]]
Order number: [[OTHER_ID:ORD-99120]]
Accession # [[OTHER_ID:S24-10932]]
Accession: [[OTHER_ID:24-0099821]]
Accession No [[OTHER_ID:9912004]]
Specimen ID: [[OTHER_ID:SP23-004417]]
specimen [[OTHER_ID:SP23-004417]]
Case # [[OTHER_ID:NP-24-00817]]
case number [[OTHER_ID:24-0817]]
Study ID: [[OTHER_ID:004-1127]]
subject ID [[OTHER_ID:004-112]]
Study subject [[OTHER_ID:STU-00417]]
Participant ID [[OTHER_ID:P0117]]
badge # [[OTHER_ID:4471]]
Badge [[OTHER_ID:44710]]
Employee ID [[OTHER_ID:E20417]]
employee number [[OTHER_ID:20417]]
username: [[OTHER_ID:jdoe7]]
username [[OTHER_ID:]]is required
user name is [[OTHER_ID:lgarcia_82]]
User ID: [[OTHER_ID:mkowalski]]
login: [[OTHER_ID:ksmith2]]
handle [[OTHER_ID:@dr_jmendoza]]
tracking number [[OTHER_ID:1Z999AA10123456784]]
Tracking # [[OTHER_ID:9400 1000 0000 0000]]
Confirmation number: [[OTHER_ID:QX7T2P]]
Ref # [[OTHER_ID:REF-22913]]
Reference number [[OTHER_ID:22913]]
Rx # [[OTHER_ID:7712209]]
Rx number: [[OTHER_ID:7712209]]
Prescription no. [[OTHER_ID:7712209-00]]
uuid [[OTHER_ID:7c9e6679-7425-40de-944b-e07fc1f90ae7]]
[[OTHER_ID:7c9e6679-7425-40de-944b-e07fc1f90ae7]]
locker # [[OTHER_ID:118]]
locker [[OTHER_ID:]]room
room key [[OTHER_ID:RK-4471]]
passport [[OTHER_ID:X12345678]]
Passport no.: [[OTHER_ID:562839201]]
transaction ID [[OTHER_ID:TXN-99120044]]
Interpreter ID [[OTHER_ID:33871]]
student ID [[OTHER_ID:S-88213]]
inmate # [[OTHER_ID:A88213]]
Requisition: [[OTHER_ID:R8821330]]
auth # [[OTHER_ID:A1234567]]
report # [[OTHER_ID:2021-00417]]
docket number [[OTHER_ID:21-CV-00417]]
ID: [[OTHER_ID:88213-X]]
ID# [[OTHER_ID:882133]]
barcode [[OTHER_ID:00712345678]]
donor ID [[OTHER_ID:DN-88213]]
ticket # [[OTHER_ID:INC0012345]]
DOD ID [[OTHER_ID:1234567890]]
[[OTHER_ID:882133911]] was on the wristband
specimen labeled [[OTHER_ID:S21-00417]]
seen as [[OTHER_ID:EMP-20417]] in HR
"""

NO_IDS = """
order 3 tablets
orders: CBC, CMP, TSH
case 4: a 45-year-old man
in this case 12 patients
group 2 had 45 patients
group A: 12, group B: 14
study 2019 was negative
the study of 1234 participants
policy of 2 visits
lot of pain for 3 days
sample of 120 patients
chart reviewed in 2019
record high of 104
account for 30 percent
accounts for 1234 deaths
license to practice since 1998
MR 2+ on echo
mr of 40 ml
fin de siecle
id 5 mm
PIN 45 degrees
Series 4, image 122
series 3 image 45
Image 12 of 40
bed 12
room number 412
Ref range: 135-145
reference range 3.5-5.0
LOT 5 days
plan: 2 L fluids
plan 10 mg
member of the group of 5
claim of 2 weeks of pain
visit 3 of 6
visit 12 weeks later
Subject was 45 years old
SN 90 % and SP 80 %
s/n 5 mg
lead II, lead 2
port 443
pump at 10 units
monitor for 24 hours
device for 3 weeks
NCT01234567
PMID 18800356
rs429358
HLA-B27, HLA-DRB1*04:01
COVID-19
CYP2D6*4
SARS-CoV-2
NDC 0002-8215-01
RxNorm 861007
LOINC 2345-7
SNOMED CT 73211009
ICD-10-CM E11.65
CPT 99213, 93000
HCPCS J1885
DRG 291
CAS 50-78-2
ATC C10AA05
Abs 1234 cells/uL
CFU 100000
10000000 copies
1000000 IU
part 11 compliance
21 CFR part 11
45 CFR 164.514
model MX450
Model: DDBB1D4
GPT-4 and T4
V4-V6, S1-S2
H2 blocker, 5HT3, B12
MC4R c.105C>A
EGFR T790M, KRAS G12D
pT2N1M0, R0
ER+/PR+/HER2-
Mg 2.1, Ca 9.8
id: 22 gauge
BI-RADS 4
TI-RADS 3, LI-RADS 5
ASA 3
CHA2DS2-VASc 4
Social: 2 drinks per week
social history 20 pack-years
ID consult in 2 days
user of 2 packs per day
orders placed x 3
case-control 1:1
number 3
no 4
p 0.05
N = 1234
FEV1 2.31
code 99
code blue at 0300
badge of honor
photo 3 of 5
handle with care
login problems
case report of 12
Group 1 diagnosis
tag 5
sample 2
"""


@pytest.mark.parametrize(
    "line", [s.replace("\\t", "\t") for s in (IDS + NO_IDS).strip().splitlines() if "[[PHOTO:]]" not in s]
)
def test_numbers_and_codes(line: str) -> None:
    assert faults(line.replace("[[OTHER_ID:]]", "")) == []


@pytest.mark.parametrize(
    "text",
    [
        "MRN:\n[[MRN:4471233]]\nDOB:\n[[DATE:3/14/1956]]",
        "MRN | DOB | Acct\n[[MRN:44712]] | [[DATE:3/14/1956]] | [[ACCOUNT:7712]]\n[[MRN:44713]] | [[DATE:3/15/1956]] | [[ACCOUNT:7713]]",
        "| Patient | MRN | Order |\n|---|---|---|\n| A | [[MRN:4471]] | [[OTHER_ID:991]] |",
        "MRN\tDOB\tPolicy\n[[MRN:4471]]\t[[DATE:1956-03-14]]\t[[HEALTH_PLAN:PX22]]",
        "id,mrn,ssn\n[[OTHER_ID:17]],[[MRN:4471]],[[SSN:412-55-0987]]",
        "MRN         Account        Encounter\n[[MRN:44712]]       [[ACCOUNT:8812]]           [[ACCOUNT:99120]]",
        "PID|1||[[MRN:483920]]^^^HOSP^MR||[[NAME:RIVERA]]^[[NAME:LUIS]]||[[DATE:19620714]]|M|||[[LOCATION:19 Cedar Ct]]^^[[LOCATION:Yuma]]^AZ^[[LOCATION:85364]]||[[PHONE:(928)555-0121]]|||||[[ACCOUNT:88213]]|[[SSN:412550987]]",
        "MSH|^~\\&|EPIC|[[LOCATION:LAKESIDE]]|LAB|[[LOCATION:MERCY]]|[[DATE:20210314103055]]||ORU^R01|[[OTHER_ID:MSG00017]]|P|2.5.1\rPV1|1|I|4W^412^A",
        "OBR|1|[[OTHER_ID:ORD771]]|[[OTHER_ID:FIL882]]|80061^LIPID^CPT|||[[DATE:20210314]]",
    ],
)
def test_structures(text: str) -> None:
    assert faults(text) == []

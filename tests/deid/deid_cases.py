"""Tables of sentences for the de-identification tests: with identifiers marked, and without any.

A mark is `[[LABEL:text]]`; `marked` gives the plain text and the gold spans. All persons and numbers are made up.
"""

import re

_MARK = re.compile(r"\[\[([A-Z_]+):(.*?)\]\]", re.S)


def marked(line: str) -> tuple[str, list[tuple[int, int, str]]]:
    """The text without marks, and `(start, end, label)` of each mark."""
    out: list[str] = []
    gold: list[tuple[int, int, str]] = []
    at = length = 0
    for match in _MARK.finditer(line):
        out += [line[at : match.start()], match.group(2)]
        length += match.start() - at
        gold.append((length, length + len(match.group(2)), match.group(1)))
        length += len(match.group(2))
        at = match.end()
    out.append(line[at:])
    return "".join(out), gold


PHI = [
    # discharge summaries
    "Patient Name: [[NAME:Harriet Lindqvist]]\nMRN: [[MRN:00718293]]\nDate of Birth: [[DATE:04/17/1948]]\nAdmission Date: [[DATE:11/02/2023]]\nDischarge Date: [[DATE:11/09/2023]]",
    "Mr. [[NAME:Abernathy]] is a 67-year-old man transferred from [[LOCATION:Lakeview Regional Hospital]] on [[DATE:June 3, 2022]].",
    "Attending Physician: [[NAME:Priyanka Venkataraman]], MD",
    "Dictated by: [[NAME:T. Osei]], PA-C on [[DATE:2/8/24]] at 14:32",
    "She was discharged home with her son [[NAME:Dmitri]] on [[DATE:Sept 14th]] and will see Dr. [[NAME:Castellanos]] in 2 weeks.",
    "The patient, [[NAME:Nguyen Thi Hoa]], is a [[AGE:94]]-year-old retired seamstress from [[LOCATION:Worcester]].",
    "[[NAME:O'SULLIVAN, PATRICK J]]  DOB [[DATE:09-30-1961]]  Acct# [[ACCOUNT:7700231985]]",
    "Electronically signed by [[NAME:Margaret A. Thibodeaux]], M.D. [[DATE:03/05/2021]] 09:12",
    "CC: Dr. [[NAME:Femi Adeyemi]], [[LOCATION:Northgate Family Medicine]], fax [[FAX:312-555-0147]]",
    "Course was uncomplicated. Family ([[NAME:Rosalind]], wife; cell [[PHONE:(415) 555-0132]]) updated daily.",
    "He lives at [[LOCATION:4821 Juniper Hollow Rd]], [[LOCATION:Asheville]], NC [[LOCATION:28803]] with his wife.",
    "Discharged to [[LOCATION:Golden Meadows Nursing Home]] on hospital day 6; [[NAME:Ms. Ferreira]]'s daughter was at bedside.".replace(
        "[[NAME:Ms. Ferreira]]", "Ms. [[NAME:Ferreira]]"
    ),
    "PCP: [[NAME:Bartholomew Quigley]], phone [[PHONE:828.555.0164]]",
    "Social: retired teacher, worked at [[LOCATION:Roosevelt Middle School]] for 30 years.",
    "Follow-up with [[NAME:Dr. Anand]] was arranged.".replace("[[NAME:Dr. Anand]]", "Dr. [[NAME:Anand]]"),
    "Insurance: Member ID [[HEALTH_PLAN:XGH445902817]], Group No. [[HEALTH_PLAN:0078821]]",
    # nursing shorthand
    "pt [[NAME:Kowalczyk]] c/o 8/10 pain, given 4 mg morphine IV @ 0215, MD [[NAME:Reyes]] aware",
    "0730: rec'd report from [[NAME:Tanya]] RN. pt A&Ox3. dtr [[NAME:Imani]] at bedside.".replace(
        "[[NAME:Tanya]]", "[[NAME:Tanya]]"
    ),
    "spoke w/ wife [[NAME:Carmen]] re: plan, cb# [[PHONE:555-0199]]",
    "IV restarted L forearm by [[NAME:J. Mbeki]], RN 3/22 0400".replace("3/22", "[[DATE:3/22]]"),
    "foley removed [[DATE:10/19]], voided x2. Dr [[NAME:Haddad]] paged, pager [[PHONE:40417]]",
    "pt's sister [[NAME:Yuki Tanaka]] called from [[LOCATION:Sacramento]], wants update",
    "Room 412B, pt [[NAME:Ortiz]], [[AGE:91]]F w/ UTI, fall risk",
    "handoff to [[NAME:Siobhan]] at 1900",
    # emergency
    "[[AGE:96]] y/o M BIBEMS after fall at [[LOCATION:Sunny Brook Assisted Living]], MRN [[MRN:88-21-043]]",
    "Triage note [[DATE:07/04/2023]]: pt states he was stung by bee at work ([[LOCATION:Amazon]] warehouse).",
    "History from EMS and neighbor, [[NAME:Mr. Delacroix]].".replace(
        "[[NAME:Mr. Delacroix]]", "Mr. [[NAME:Delacroix]]"
    ),
    "Pt brought in by officer [[NAME:Brannigan]], badge # [[OTHER_ID:4471]], plate [[VEHICLE:KJM 4829]] per report".replace(
        "plate [[", "license plate [["
    ),
    "Emergency contact: [[NAME:Olufunke Balogun]] (sister) [[PHONE:+1 404 555 0176]]",
    "Last tetanus [[DATE:March 2016]]. NKDA. PMD [[NAME:Schwartzman]].",
    "EKG read by Dr. [[NAME:Xiong]] at 03:10 on [[DATE:1/19/2024]].",
    "VIN [[VEHICLE:1HGCM82633A004352]] of the striking vehicle documented by police.",
    # dictated
    "this is doctor [[NAME:whitfield]] dictating on patient [[NAME:marisol quintanilla]] medical record number [[MRN:5567812]] seen on [[DATE:may third twenty twenty three]]",
    "her husband [[NAME:roberto]] says she fell on [[DATE:december twelfth]]",
    "he is [[AGE:ninety-three]] years old and lives in [[LOCATION:albuquerque]]",
    "please call her back at [[PHONE:six one seven five five five zero one four two]]",
    "my name is [[NAME:anjali deshpande]] and i'm calling about my mother's refill",
    "the patient was last seen by doctor [[NAME:okonkwo]] in [[DATE:february of twenty nineteen]]",
    # portal messages
    "Hi Dr. [[NAME:Petrossian]],\nMy new number is [[PHONE:206-555-0118]]. Thanks, [[NAME:Gwen]]",
    "Dear [[NAME:Ms. Halloran]], your results from [[DATE:August 21]] are back.".replace(
        "[[NAME:Ms. Halloran]]", "Ms. [[NAME:Halloran]]"
    ),
    "Hello, this is [[NAME:Kwame]]. Can you resend the script to [[EMAIL:kwame.boateng77@gmail.com]]?",
    "My username is [[OTHER_ID:lgarcia_82]] and I cannot log in at [[URL:https://portal.lakesidehealth.com/login?u=lgarcia_82]].",
    "I moved to [[LOCATION:77 Orchard Terrace, Apt 3B]], [[LOCATION:Duluth]], MN [[LOCATION:55802]] last month.",
    "my daughter [[NAME:Zoë]] had a fever of 102 on [[DATE:10/31]]",
    "Sincerely,\n[[NAME:Ingrid Haugen]]",
    "I was in the hospital in [[LOCATION:Tucson]] from [[DATE:Jan 5th]] to [[DATE:Jan 9th]].",
    "best,\n[[NAME:Paolo Benedetti]]\n[[PHONE:(718) 555-0155]]",
    "Could you call my husband [[NAME:Tariq]] instead? He is at [[PHONE:313 555 0110 ext 22]].",
    # referral letters
    "Re: [[NAME:Eleanor Fitzsimmons]], DOB [[DATE:12 May 1957]]",
    "Dear Dr. [[NAME:Mukherjee]],\nThank you for referring [[NAME:Mrs. Pham]] to our clinic.".replace(
        "[[NAME:Mrs. Pham]]", "Mrs. [[NAME:Pham]]"
    ),
    "She was previously followed at [[LOCATION:University of Iowa Hospitals]] by [[NAME:Dr. Svensson]].".replace(
        "[[NAME:Dr. Svensson]]", "Dr. [[NAME:Svensson]]"
    ),
    "NPI [[LICENSE:1234567893]]  DEA [[LICENSE:AB1234563]]  License # [[LICENSE:MD-448213]]",
    "[[NAME:Alasdair McPherson]], MD, PhD\n[[LOCATION:Harbor Point Medical Group]]\n[[LOCATION:2200 Bayshore Blvd, Suite 410]]\n[[LOCATION:Tampa]], FL [[LOCATION:33606]]",
    "Tel: [[PHONE:813-555-0190]]  Fax: [[FAX:813-555-0191]]",
    "I saw [[NAME:Giulia]] in consultation on the [[DATE:14th of February 2023]].",
    "Her mother, [[NAME:Beatrix van der Merwe]], has a history of breast cancer.",
    # HL7-ish and structured
    "PID|1||[[MRN:483920]]^^^HOSP^MR||[[NAME:RIVERA]]^[[NAME:LUIS]]^[[NAME:M]]||[[DATE:19620714]]|M|||[[LOCATION:19 Cedar Ct]]^^[[LOCATION:Yuma]]^AZ^[[LOCATION:85364]]||[[PHONE:(928)555-0121]]",
    "PV1|1|I|4W^412^A||||[[NAME:1093817465]]^[[NAME:CHOWDHURY]]^[[NAME:NADIA]]",
    '{"patient_name": "[[NAME:Bernadette Kruger]]", "mrn": "[[MRN:A7743120]]", "dob": "[[DATE:1970-08-09]]"}',
    "Name: [[NAME:Esperanza Villalobos]]; Sex: F; SSN: [[SSN:412-55-0987]]",
    "Specimen ID: [[OTHER_ID:SP23-004417]]  Collected: [[DATE:05/11/2023]]  Ordering provider: [[NAME:Rutherford, Samuel]]",
    "Accession # [[OTHER_ID:S24-10932]] Pathologist: [[NAME:H. Nakashima]], MD",
    "Order No. [[OTHER_ID:99120044]] | Tech: [[NAME:Delia]] | Room 2",
    "Study subject ID [[OTHER_ID:004-1127]] enrolled [[DATE:2022-06-30]]",
    "Encounter: [[OTHER_ID:300218847]]; Guarantor acct [[ACCOUNT:G-55021]]",
    "uuid [[OTHER_ID:7c9e6679-7425-40de-944b-e07fc1f90ae7]] synced from device serial number [[DEVICE:PJN882310H]]",
    "Pacemaker: Medtronic Azure, S/N: [[DEVICE:RNB402217G]], implanted [[DATE:08/2019]]",
    "UDI [[DEVICE:(01)00643169007222(17)250630(21)BLC412345]]",
    "Fingerprint ID: [[BIOMETRIC:FP-22910-A]] on file; voiceprint ref [[BIOMETRIC:VP_88231]]",
    "Wound photo saved as [[PHOTO:left_heel_2023.jpg]] and [[PHOTO:IMG_4471.HEIC]]",
    "Login from [[IP:10.44.7.121]] and [[IP:2001:db8:85a3::8a2e:370:7334]]",
    "Driver's license [[LICENSE:D455-2210-8876]] scanned at registration",
    "Credit card [[ACCOUNT:4111 1111 1111 1111]] on file, claim # [[ACCOUNT:CLM-8820113]]",
    "Medicare MBI [[HEALTH_PLAN:1EG4-TE5-MK73]]; Medicaid ID [[HEALTH_PLAN:55201877A]]",
    "SSN ending in [[SSN:0987]]; ss# [[SSN:412550987]]",
    "Employee ID [[OTHER_ID:E20417]] works in laundry",
    "Website [[URL:www.coping-with-marla.com]] run by patient",
    # locations
    "Originally from [[LOCATION:Port-au-Prince]], moved to [[LOCATION:Brockton]] in 1998.",
    "Lives near [[LOCATION:Flagstaff]], Arizona; grew up in [[LOCATION:Cook County]].",
    "Transferred from [[LOCATION:St. Brigid's Medical Center]] for higher level of care.",
    "He works for [[LOCATION:Harland & Sons Plumbing]] in [[LOCATION:Fort Wayne]], Indiana.",
    "Mail to P.O. Box; correct address is [[LOCATION:PO Box 1187]], [[LOCATION:Bar Harbor]], ME [[LOCATION:04609]]",
    "Attends [[LOCATION:Westbrook High School]], plays soccer.",
    "ZIP code [[LOCATION:60614]]",
    "Pharmacy: [[LOCATION:Walgreens]] at [[LOCATION:1550 N Milwaukee Ave]]".replace(
        "[[LOCATION:Walgreens]]", "Walgreens"
    ),
    "Seen at [[LOCATION:Mercy Hospital]] ED and then [[LOCATION:Elm Street Urgent Care]].",
    # names in many shapes
    "[[NAME:Chukwuemeka Obi]] was seen today with his interpreter [[NAME:Blessing]].",
    "[[NAME:Xiao-Ling Zhang]] reports improved sleep.",
    "[[NAME:Jean-Baptiste]] denies chest pain.",
    "Discussed with [[NAME:R. K. Narayanan]], who agrees.",
    "[[NAME:Fatima Al-Rashid]]'s labs were reviewed with [[NAME:Hassan]].",
    "Per [[NAME:Dr. de la Fuente]], continue current regimen.".replace(
        "[[NAME:Dr. de la Fuente]]", "Dr. [[NAME:de la Fuente]]"
    ),
    "SURGEON: [[NAME:WOJCIECH ZIELINSKI]], MD   ASSISTANT: [[NAME:K. BROWN]], PA",
    "Seen with medical student [[NAME:Aoife Gallagher]].",
    "Nurse [[NAME:Kealoha]] and respiratory therapist [[NAME:Bjorn]] assisted.",
    "Patient's brothers [[NAME:Ahmed]] and [[NAME:Yusuf]] donated blood.",
    "[[NAME:Will Young]] was admitted; Mr. [[NAME:Young]] tolerated the procedure.",
    "[[NAME:Grace Hope]] is here for follow-up. [[NAME:Grace]] feels well.",
    "Mr. [[NAME:Parkinson]] has Parkinson disease.",
    "[[NAME:Wilson, Bell A.]] seen by [[NAME:Foley, MD]].".replace(
        "[[NAME:Foley, MD]]", "Dr. [[NAME:Foley]]"
    ),
    "Interpreter: [[NAME:Thuy-Linh Tran]] (Vietnamese), ID [[OTHER_ID:33871]]",
    "[[NAME:Burton100 Kozey370]] presents for annual visit.",
    "Informant: patient and his wife, [[NAME:Svetlana Petrovna Ivanova]]",
    "signed: [[NAME:Akua Mensah]], LCSW",
    "[[NAME:Kim Soo-jin]] called to reschedule.",
    "I spoke with [[NAME:Raghunathan]] from cardiology.",
    "[[NAME:Tsosie]], [[NAME:Verna]]: A1c drawn".replace(
        "[[NAME:Tsosie]], [[NAME:Verna]]", "[[NAME:Tsosie, Verna]]"
    ),
    "Mother: [[NAME:Dolores]]; Father: [[NAME:Ernesto Ruiz Jr.]]",
    "next of kin [[NAME:Malia Kahale]], [[PHONE:808-555-0144]]",
    # dates and ages
    "Labs drawn [[DATE:2024-02-29]] and again [[DATE:3/7]] were normal.",
    "Chest CT ([[DATE:10/03/2022]]) compared with [[DATE:4/1/19]].",
    "Symptoms began around [[DATE:Thanksgiving]] and worsened by [[DATE:New Year's Eve]].",
    "Surgery is scheduled for [[DATE:the 3rd of October]].".replace(
        "[[DATE:the 3rd of October]]", "the [[DATE:3rd of October]]"
    ),
    "EDD [[DATE:11-Jan-2025]], LMP [[DATE:4/6/2024]]",
    "s/p CABG in [[DATE:July 2011]], PCI [[DATE:Feb '18]]",
    "Quit smoking in [[DATE:March]] after his hospitalization from [[DATE:2/11]] to [[DATE:2/15]].",
    "Her grandmother died aged [[AGE:97]]; her father is [[AGE:92]] years old.",
    "[[AGE:101]]-year-old man, otherwise healthy",
    "Age: [[AGE:90]]  Sex: M",
    "Seen on [[DATE:Monday 6/24]]".replace("[[DATE:Monday 6/24]]", "Monday [[DATE:6/24]]"),
    "Next appt [[DATE:Dec 12, 2024]] at 3:30 pm",
    "DOB [[DATE:02141958]]",
    "dated [[DATE:21.04.2023]]",
    "visit of [[DATE:Oct 7-9, 2023]]",
    # contact
    "Reach her at work [[PHONE:617-555-0163]] x204 or e-mail [[EMAIL:h.lind@univ-clinic.edu]]".replace(
        "[[PHONE:617-555-0163]] x204", "[[PHONE:617-555-0163 x204]]"
    ),
    "London office: [[PHONE:+44 20 7946 0958]]",
    "ext. [[PHONE:4410]], pager #[[PHONE:21877]]",
    "fax results to [[FAX:(212) 555-0107]] attn [[NAME:Marguerite]]",
    "twitter handle [[OTHER_ID:@dr_jmendoza]]",
    "toll free [[PHONE:1-888-555-0129]]",
    # social work, psychiatry
    "SW note: met with pt's foster mother [[NAME:Lorraine Whitehorse]] and caseworker [[NAME:Demetrius]] at [[LOCATION:Hope House Shelter]].",
    "Patient reports conflict with his supervisor, [[NAME:Gunther]], at [[LOCATION:Costco]].",
    "Probation officer [[NAME:Stankovic]] can be reached at [[PHONE:(503) 555-0171]].",
    "He was incarcerated at [[LOCATION:Pine Ridge Correctional Facility]] until [[DATE:April 2, 2020]].",
    "Roommate [[NAME:Esteban]] states pt has not slept since [[DATE:Easter]].",
    # radiology and pathology
    "Exam: CT HEAD WO. Referring: [[NAME:GUPTA]]. Read by [[NAME:L. Castellano]], MD on [[DATE:9/28/23]] 0844",
    "Comparison: MRI from [[LOCATION:Evergreen Imaging Center]] dated [[DATE:January 17, 2022]].",
    'Gross description: received labeled "[[NAME:Marchetti, Lucia]]" and "gallbladder"',
    "Case # [[OTHER_ID:NP-24-00817]]; slides reviewed with Dr. [[NAME:Yamaguchi]].",
]

CLEAN = [
    "What is the first-line treatment for type 2 diabetes with eGFR 45?",
    "When is metformin contraindicated?",
    "Is it safe to start ibuprofen for her knee pain?",
    "Wilson disease",
    "Start apixaban 5 mg BID",
    "HbA1c 7.2 % on 1000 mg",
    "What does the guideline say about statin intensity after an MI?",
    "Can I give amoxicillin to a patient with penicillin allergy?",
    "Explain the difference between Crohn's disease and ulcerative colitis.",
    "How do I manage Parkinson disease with orthostatic hypotension?",
    "Is Lasix safe in stage 4 CKD?",
    "What are the Wells criteria for pulmonary embolism?",
    "Compare Xarelto and Eliquis for atrial fibrillation.",
    "What is the Child-Pugh score used for?",
    "Does Hashimoto's thyroiditis cause weight gain?",
    "Apgar 8/9 at 1 and 5 minutes.",
    "Strength 5/5 throughout, reflexes 2+, pain 3/10.",
    "BP 120/80, HR 72, RR 16, T 98.6F, SpO2 97% on RA.",
    "Foley catheter in place, draining clear yellow urine.",
    "Glasgow Coma Scale 15. Mallampati II.",
    "L4/5 disc herniation with S1 radiculopathy.",
    "Take 1/2 tablet by mouth every other day.",
    "MMSE 24/30, MoCA 22/30, PHQ-9 12.",
    "2/6 systolic murmur at the left sternal border.",
    "Graves' disease, Addison's disease, Cushing syndrome.",
    "Kaplan-Meier survival and Cox regression were used.",
    "Down syndrome screening in the first trimester.",
    "Start prednisone 40 mg daily, taper over 6 weeks.",
    "Blood cultures grew S. aureus and E. coli; H. pylori negative.",
    "Patient denies chest pain, shortness of breath, nausea or vomiting.",
    "The patient is a 67-year-old woman with hypertension and type 2 diabetes.",
    "He is 45 years old and smokes 1 pack per day.",
    "Sodium 138, potassium 4.2, creatinine 1.1, glucose 95.",
    "WBC 7.5, Hgb 12.1, Hct 36.4, Plt 250.",
    "Follow up in 2 weeks with primary care.",
    "She was seen in the emergency department on Monday.",
    "Refer to cardiology clinic and the pain clinic.",
    "Vitamin B12 deficiency; check folate and TSH.",
    "May take acetaminophen 650 mg q6h as needed.",
    "Will continue current medications.",
    "Mark the surgical site before the procedure.",
    "Rose to a standing position without assistance.",
    "Hold aspirin 7 days before surgery.",
    "Should patients over 65 receive the high-dose flu vaccine?",
    "INR goal 2-3 for mechanical aortic valve 2.5-3.5.",
    "Chronic kidney disease stage 3b, eGFR 38 mL/min/1.73 m2.",
    "Ejection fraction 55-60%, no wall motion abnormality.",
    "Start IV vancomycin 15 mg/kg q12h; trough 15-20.",
    "What is the dose of enoxaparin for CrCl < 30?",
    "NovoLog sliding scale and Lantus 20 units at bedtime.",
    "Is Ozempic approved for weight loss?",
    "Avoid NSAIDs in patients with CKD, heart failure or peptic ulcer.",
    "Bell's palsy usually recovers within 3 months.",
    "Murphy's sign positive; McBurney's point tenderness absent.",
    "Trendelenburg gait, Romberg negative, Babinski downgoing.",
    "Doppler ultrasound shows no DVT.",
    "The ACC/AHA guideline recommends high-intensity statin therapy.",
    "USPSTF grade B recommendation for colorectal cancer screening at age 45.",
    "Take with food twice a day for 10 days.",
    "What are the side effects of Abilify and Seroquel?",
    "Section 2.1 of version 1.2.3 describes the algorithm.",
    "The study included 1,234 participants in 12 centers.",
    "p < 0.05, 95 % CI 1.2-3.4, OR 2.1.",
    "Gleason 3+4=7 in 4/12 cores; PSA 6.7.",
    "T2N0M0 adenocarcinoma, 0/15 nodes positive.",
    "Right knee X-ray shows mild osteoarthritis.",
    "24/7 oxygen at 2 L/min by nasal cannula.",
    "Vision 20/20 OD, 20/30 OS.",
    "Insulin glargine 100 units/mL, 3 mL pen.",
    "Give 500 mL normal saline bolus over 30 minutes.",
    "Medication list: lisinopril, amlodipine, atorvastatin, metformin.",
    "Allergies: penicillin (rash), sulfa (hives).",
    "Family history: mother with breast cancer, father with MI at 55.",
    "Lives with husband and two children; works as a teacher.",
    "Denies alcohol, tobacco or drug use.",
    "ASSESSMENT AND PLAN:\n1. Hypertension - continue lisinopril.\n2. Diabetes - increase metformin.",
    "CHIEF COMPLAINT: COUGH AND FEVER FOR THREE DAYS",
    "REVIEW OF SYSTEMS: NEGATIVE EXCEPT AS ABOVE",
    "past medical history of copd, chf and gout",
    "whats the max dose of tylenol per day",
    "can she take advil with her blood pressure pill",
    "is it ok to drink grapefruit juice with simvastatin",
    "please summarize the medications and any interactions",
    "What medications is this patient on?",
    "Summarize the last visit and list open problems.",
    "Which vaccines are due for a 70 year old with asthma?",
    "Temp 97F this morning, afebrile since.",
    "Weight 95 kg, height 172 cm, BMI 32.1.",
    "Symptoms for 95 days; last dose 92 hours ago.",
    "Metoprolol succinate ER 100 mg daily; hold for HR < 55.",
    "Jackson-Pratt drain output 30 mL, serosanguinous.",
    "Continue home CPAP at 10 cm H2O.",
    "Stevens-Johnson syndrome is a contraindication to rechallenge.",
    "The Framingham risk score and the Boston criteria for CAA.",
    "Lyme disease prophylaxis with a single dose of doxycycline.",
    "Hodgkin lymphoma, Burkitt lymphoma and Waldenstrom macroglobulinemia.",
    "Kawasaki disease: aspirin and IVIG within 10 days of fever onset.",
    "DSM-5 criteria for major depressive disorder; GAD-7 score 14.",
    "Per protocol, repeat troponin at 3 and 6 hours.",
    "COVID-19 booster and RSV vaccine recommended this season.",
    "Ask the pharmacist about generic substitution.",
    "The nurse will call with results; the doctor agrees.",
    "Patient education provided in Spanish.",
    "African American race is no longer part of the eGFR equation.",
    "Christmas disease is hemophilia B.",
    "Read about statins at www.cdc.gov or https://www.nih.gov/health.",
    "ICD-10 E11.9, CPT 99213, LOINC 4548-4, SNOMED 44054006.",
    "NCT01234567 and PMID 18800356 report the trial.",
    "Nitroglycerin 0.4 mg SL q5min x3 PRN chest pain.",
    "Amiodarone 150 mg over 10 min, then 1 mg/min for 6 hours.",
    "Does the patient need a bridge with heparin before the procedure?",
    "In patients with cirrhosis, limit acetaminophen to 2 g per day.",
    "What did the KDIGO 2024 guideline change about SGLT2 inhibitors?",
    "Patients aged 65 to 95 years were included.",
    "Ms contin 15 mg q12h and MS is well controlled on ocrelizumab.",
    "Order CBC, CMP, lipid panel and TSH.",
    "Case discussed at tumor board; the team agrees with chemotherapy.",
]

"""Phones, fax numbers, e-mail, web and network addresses, streets, boxes and postal codes."""

import pytest
from test_deid_patterns_table import faults

CONTACTS = """
Call [[PHONE:(617) 555-0123]].
Call [[PHONE:617-555-0123]] or [[PHONE:617.555.0124]].
cell [[PHONE:6175550123]]
cell: [[PHONE:617 555 0123]]
[[PHONE:1-800-555-0199]]
toll free [[PHONE:1 (888) 555-0129]]
[[PHONE:+1 617 555 0123]]
[[PHONE:+1-617-555-0123 ext. 22]]
[[PHONE:(617)555-0123]]
[[PHONE:617/555-0123]]
[[PHONE:617-555-0123 x45]]
[[PHONE:(617) 555-0123, ext 4455]]
London: [[PHONE:+44 20 7946 0958]]
Paris [[PHONE:+33 1 23 45 67 89]]
India [[PHONE:+91 98765 43210]]
tel [[PHONE:020 7946 0958]]
Tel. [[PHONE:0161 496 0123]]
Tel: [[PHONE:06 12 34 56 78]]
pager [[PHONE:40417]]
pager #[[PHONE:21877]]
beeper: [[PHONE:5521]]
paged at [[PHONE:55123]]
ext. [[PHONE:4410]]
extension [[PHONE:4410]]
call [[PHONE:x2204]]
his number is [[PHONE:555-0123]]
call back [[PHONE:555-0199]]
reach her at [[PHONE:555.0199]]
Home: [[PHONE:555-0142]]; work [[PHONE:555-0143]]
call [[PHONE:six one seven five five five zero one four two]]
phone is [[PHONE:six one seven, five five five, oh one four two]]
number is [[PHONE:five five five zero one double two]]
Contact: [[PHONE:313-555-0110]] (wife)
Phone [[PHONE:313-555-0110]]/[[PHONE:313-555-0111]]
Ph [[PHONE:(313) 555 - 0110]]
mobile no. [[PHONE:9876543210]]
H: [[PHONE:313-555-0110]] C: [[PHONE:313-555-0111]]
fax [[FAX:617-555-0188]]
Fax: [[FAX:(617) 555-0188]]
Tel [[PHONE:617-555-0123]] Fax [[FAX:617-555-0124]]
P: [[PHONE:617-555-0123]] | F: [[FAX:617-555-0124]]
fax number is [[FAX:617-555-0188]]
[[FAX:617-555-0188]] (fax)
please fax results to [[FAX:212 555 0107]] attn records
facsimile [[FAX:212.555.0107]]
E-mail [[EMAIL:maria.g@example.com]].
<[[EMAIL:h.lind+x@univ-clinic.edu]]>
mailto:[[EMAIL:jo_b@mail.co.uk]]
email [[EMAIL:J.O'Neil@x.org]]
[[EMAIL:maria dot garcia at gmail dot com]]
my email is [[EMAIL:jsmith forty two at yahoo dot com]]
reach me at [[EMAIL:kim underscore lee at mail dot example dot org]]
[[URL:https://portal.example.net/p/8812?u=1]].
see [[URL:www.janes-blog.com]], thanks
[[URL:http://10.0.0.1/login]]
visit [[URL:mychart.lakeside.org/inbox]]
her page [[URL:facebook.com/jane.doe.77]]
site: [[URL:janedoe.blog]]
[[URL:caringbridge.org/visit/tomsmith]]
IP [[IP:192.168.1.20]]
from [[IP:10.44.7.121:8080]]
[[IP:2001:db8:85a3::8a2e:370:7334]]
[[IP:fe80::1ff:fe23:4567:890a]]
MAC [[IP:00:1A:2B:3C:4D:5E]]
mac [[IP:00-1a-2b-3c-4d-5e]]
host [[IP:172.16.254.1]] logged
"""

PLACES = """
Lives at [[LOCATION:4821 Juniper Hollow Rd]].
lives at [[LOCATION:12 oak lane apt 4]].
[[LOCATION:77 Orchard Terrace, Apt 3B]]
[[LOCATION:2200 Bayshore Blvd, Suite 410]]
[[LOCATION:1550 N Milwaukee Ave]]
[[LOCATION:19 Cedar Ct]]
[[LOCATION:350 W 125th St]]
[[LOCATION:9 Elm Street #2]]
address: [[LOCATION:5 st. marks place]]
[[LOCATION:1180 County Road 42]]
[[LOCATION:4410 Highway 61 N]]
[[LOCATION:200 Broadway]], Albany
[[LOCATION:PO Box 1187]]
mail to [[LOCATION:P.O. Box 44]]
[[LOCATION:RR 2 Box 40]]
[[LOCATION:12-14 King Street]]
[[LOCATION:221B Baker Street]]
[[LOCATION:10 Downing Street]], London [[LOCATION:SW1A 2AA]]
[[LOCATION:45 rue de Rivoli]]
[[LOCATION:Calle Mayor 15]]
[[LOCATION:Via Roma, 4]]
[[LOCATION:Hauptstraße 12]]
[[LOCATION:Kerkstraat 5]]
lives on [[LOCATION:forty two maple avenue]]
Asheville, NC [[LOCATION:28803]]
Boston MA [[LOCATION:02139-4307]]
Boston, Massachusetts [[LOCATION:02139]]
zip [[LOCATION:60614]]
ZIP code: [[LOCATION:60614]]
zip code is [[LOCATION:60614]]
postal code [[LOCATION:K1A 0B1]]
Toronto ON [[LOCATION:M5V 2T6]]
postcode [[LOCATION:M1 1AE]]
"postalCode": "[[LOCATION:85364]]"
Carlton VIC [[LOCATION:3053]]
[[LOCATION:100 Main Street]], Yuma, AZ [[LOCATION:85364]]
[[LOCATION:100 MAIN ST]], YUMA, AZ [[LOCATION:85364]]
[[LOCATION:3 Mill Pond Road]]
[[LOCATION:742 Evergreen Terrace]]
he lives at [[LOCATION:88 maple court]], worcester
[[LOCATION:1600 Pennsylvania Avenue NW]]
[[LOCATION:15 Ocean View Dr]], Bar Harbor
[[LOCATION:6 Martin Luther King Jr Blvd]]
[[LOCATION:31 Avenue of the Americas]]
[[LOCATION:Unit 5, 14 Queen St]]
"""

NEITHER = """
WBC 7.5-11.0, platelets 150-400
range 200-4000 mg
2.5-3.5
Call 911
call 988
dial 0 for help
page 4 of 7
see page 12
on call 24 hours
text 3 times
lost 12 pounds since
HR 72-110-80
1234 mg
BP 120/80 110/70
see www.cdc.gov or https://www.nih.gov/health
at 2.com or e.g.this
version 10.2.3
0.5.1
BMI 32.1.Weight 80
5 mg po.Continue
take 10 mg at night
120 patients in 12 centers
2 weeks way better
100 mg st depression
5 day course
3 drive-through visits
12 lead ECG
8 hour drive
4 vessel bypass
2 mm ST depression
3 block walk
1 st dose
walks 2 miles on the road
20 minutes in the park
10 point scale
HCO3 24 CO2 40
Hgb A1C 7
CD4 350 CD8 400
B12 500
in 45 of 60 cases
10:30:45
12:00
Ca 9.8 Mg 2.1 Phos 3.4
he is at 10000 steps
calories 1500-2000
NPO after midnight
CO2 45 mmHg
room 412B bed 2
floor 7 unit 5
ratio 1:2:4
1:10000 dilution
titers 1:320
two three times per day
one to two tablets
one or two, maybe three
ten twenty thirty mg
serial sevens: ninety three eighty six
I or 10000 of them
@ 100 mL/hr
me or you
fell in OR 2019
"""


@pytest.mark.parametrize("line", (CONTACTS + PLACES + NEITHER).strip().splitlines())
def test_contacts_and_places(line: str) -> None:
    assert faults(line) == []

### The console's own texts; those of alerts are in crates/alert/locales/.
### NOT REVIEWED by a native reader, as those of alerts.

## Frame

page-now = ขณะนี้
page-bar-list = รายการระงับบริการ
page-incident = เหตุการณ์
page-figures = แผนที่และตัวเลข
page-campaigns = ปฏิบัติการ
page-coordination = การประสานงาน
page-sources = แหล่งข้อมูล
page-audit = บันทึกการตรวจสอบ
page-sign-in = เข้าสู่ระบบ
pages = หน้า
skip = ข้ามไปยังเนื้อหา
desk-of = โต๊ะงานของ { $carrier }
choose-language = ภาษา
theme = สว่างหรือมืด
theme-auto = ตามระบบ
theme-light = สว่าง
theme-dark = มืด
sign-in = เข้าสู่ระบบ
sign-in-by = เข้าสู่ระบบด้วย { $provider }
sign-in-here = หรือด้วยชื่อและรหัสผ่านของคอนโซลนี้
sign-out = ออกจากระบบ
user-name = ชื่อผู้ใช้
password = รหัสผ่าน
user-role-viewer = ผู้อ่าน
user-role-investigator = พนักงานสืบสวน
user-role-liaison = เจ้าหน้าที่ประสานงาน
user-role-auditor = ผู้ตรวจสอบ
user-role-analyst = นักวิเคราะห์การฉ้อโกง
clock = เวลาตาม { $zone } ชี้ที่เวลาเพื่อดู UTC
close = ปิด
send = ส่ง
again = ลองอีกครั้ง
print = พิมพ์
state-loading = กำลังโหลด …

## Keys

keys = แป้นลัด
keys-on = เปิดใช้แป้นลัด
key-next = การแจ้งเตือนถัดไป
key-before = การแจ้งเตือนก่อนหน้า
key-enter = เปิด
key-esc = กลับ
key-search = ค้นหา
key-help = ความช่วยเหลือนี้

## Countries

country-CN = จีน
country-KH = กัมพูชา
country-LA = ลาว
country-MM = เมียนมา
country-TH = ไทย
country-VN = เวียดนาม

## Trouble

error-unreachable = ติดต่อเซิร์ฟเวอร์ไม่ได้
error-signed-out = คุณออกจากระบบแล้ว โปรดเข้าสู่ระบบอีกครั้ง
error-wrong-password = ชื่อหรือรหัสผ่านไม่ถูกต้อง
error-forbidden = บทบาทของคุณไม่มีสิทธิ์ทำสิ่งนี้
error-csrf = หน้านี้เก่าแล้ว โปรดโหลดใหม่
error-not-found = ไม่มีสิ่งใดที่ที่อยู่นี้
error-method = ไม่มีคำขอเช่นนี้
error-form = บางช่องในแบบฟอร์มไม่ถูกต้อง ข้อความต้องไม่ระบุตัวบุคคล: ตัวเลขติดกันไม่เกินแปดหลัก
error-too-many = คำขอมากเกินไป โปรดรอสักครู่
error-too-large = ยาวเกินไป
error-not-set-up = คอนโซลนี้ไม่มีกุญแจสำหรับการนี้
error-exchange-away = ติดต่อคลัสเตอร์แลกเปลี่ยนไม่ได้ ยังไม่ได้ส่งสิ่งใด
error-home-away = ติดต่อคลัสเตอร์ภายในไม่ได้ ยังไม่ได้เปิดหรือจัดทำรายการใด
error-holds-untold = ไม่อาจทราบได้ว่าการระงับใดมีผลอยู่ จึงไม่ได้จัดทำรายการ สาเหตุอยู่ในบันทึกของคอนโซล
error-starting = คอนโซลยังอ่านหัวข้ออยู่ โปรดลองใหม่ในอีกสักครู่
error-fault = เซิร์ฟเวอร์ผิดพลาด รายละเอียดอยู่ในบันทึกของเซิร์ฟเวอร์
error-no-role = ผู้ให้บริการยืนยันตัวตนรู้จักคุณ แต่คอนโซลนี้ไม่ได้ให้บทบาทแก่คุณ โปรดสอบถามผู้ดูแล
error-provider-away = ติดต่อผู้ให้บริการยืนยันตัวตนไม่ได้ โปรดลองใหม่ในอีกสักครู่ หรือเข้าด้วยชื่อและรหัสผ่านของคอนโซลนี้
error-provider-denied = ผู้ให้บริการยืนยันตัวตนไม่อนุญาตให้คุณเข้า
error-provider-unbelieved = สิ่งที่ผู้ให้บริการส่งมาเชื่อถือไม่ได้ ไม่มีผู้ใดเข้าสู่ระบบ สาเหตุอยู่ในบันทึกของคอนโซล
error-sign-in-over = การเข้าสู่ระบบนั้นสิ้นสุดแล้ว: ใช้เวลาเกินสิบนาที กลับมาสองครั้ง หรือเริ่มในเบราว์เซอร์อื่น โปรดเริ่มใหม่
error-other = เซิร์ฟเวอร์ปฏิเสธ: { $code }

## Now

now-none = ยังไม่มีการแจ้งเตือน จะปรากฏที่นี่เอง
now-none-filtered = ไม่มีการแจ้งเตือนที่ตรงกับตัวกรอง
now-too-broad = มีการแจ้งเตือนที่ตรงกับการค้นหานี้มากเกินไป โปรดพิมพ์เพิ่ม
now-more = แสดงรายการเก่ากว่า
now-held = หยุดชั่วคราวขณะคุณอ่าน
now-waiting = รออยู่: { $count }
now-lag = ยังไม่ได้อ่าน: { $count }
now-alike = คล้ายกัน: { $count }
line-live = สด
line-away = การเชื่อมต่อขาด กำลังลองใหม่
line-starting = กำลังเชื่อมต่อ
filters = ตัวกรอง
filter-q = ค้นหา: รหัส โทเค็น หมายเลข โดเมน
filter-country = ประเทศ
filter-source = แหล่งข้อมูล
filter-pattern = รูปแบบ
filter-severity = อย่างน้อย
filter-state = สถานะ
filter-work = งานของเรา
filter-group = รวมที่คล้ายกัน
filter-all = ทั้งหมด
filter-none = ล้างตัวกรอง
state-open = เปิดอยู่
state-closed = ปิดแล้ว
state-cancelled = เพิกถอนแล้ว
stage-new = ใหม่
stage-acknowledged = รับทราบแล้ว
stage-investigating = กำลังสืบสวน
stage-joint-operation = ปฏิบัติการร่วม
stage-referred = ส่งต่อแล้ว
stage-disputed = มีข้อโต้แย้ง
seen-by = รับทราบโดย
severity = ความรุนแรง

## Incident

back-to-now = กลับไปการแจ้งเตือนทั้งหมด
not-actual = นี่ไม่ใช่คดีจริง: { $status }
taken-back = ผู้เผยแพร่เพิกถอนแล้ว เหตุผล: { $reason } ผู้ตัดสินใจ: { $persons }
goes-on-in = เหตุการณ์นี้เป็นส่วนของอีกเหตุการณ์หนึ่งและดำเนินต่อที่นั่น:
hold-in-force = การระงับมีผลถึง { $until } คดี { $case }: ไม่ตัดบริการ ไม่แจ้งผู้ใช้
verdicts-differ = คำวินิจฉัยของแต่ละประเทศต่างกัน ทั้งหมดแสดงอยู่ด้านล่าง
why = เพราะเหตุใด
facts = ข้อมูล
fact-events = เหตุการณ์
fact-published = เผยแพร่
fact-actionable = ดำเนินการภายใน
fact-producer = ผู้ให้บริการ
fact-place = สถานที่
fact-contact = ติดต่อ
fact-handling = เงื่อนไขการใช้
fact-retain = ลบหลังจาก
fact-id = เหตุการณ์
expired = หมดอายุแล้ว
confidence = ความเชื่อมั่น { $value } จาก 100
entities = ใครและอะไร
entity-head-role = บทบาท
entity-head-type = ชนิด
entity-head-value = ค่าที่เห็นได้
entity-head-country = ประเทศ
entity-head-holder = ผู้ถือช่วงหมายเลข
entity-head-token = โทเค็น
open-value = เปิดค่า
open-means = การเปิดจะถูกบันทึกไว้ในบันทึกการตรวจสอบพร้อมคดีที่ใช้
impersonated-means = ถูกแอบอ้าง: หมายเลขนี้เพียงแสดงต่อผู้รับสาย เจ้าของเป็นผู้เสียหาย ไม่ใช่ผู้ต้องสงสัย
case-reference = เลขอ้างอิงคดี
said = แต่ละประเทศว่าอย่างไร
said-none = ยังไม่มีประเทศใดให้ความเห็น
said-order = ตามลำดับ
said-head-country = ประเทศ
said-head-acknowledged = รับทราบ
said-head-stage = งาน
said-head-verdict = คำวินิจฉัย
disputes = โต้แย้ง
requests = คำขอถึงผู้ให้บริการ
request-head-measure = คำขอ
request-head-by = ผู้ขอ
request-head-case = คดี
request-head-until = จนถึง
request-head-answer = ใบรับ
unanswered = ยังไม่ตอบ
in-force = มีผลอยู่
ended = สิ้นสุดแล้ว
hours-left = เหลือชั่วโมง: { $count }
days-left = เหลือวัน: { $count }
kind-acknowledgement = รับทราบ
kind-status = งาน
kind-verdict = คำวินิจฉัย
kind-comment = ความเห็น
kind-request = คำขอ
kind-receipt = ใบรับ
kind-suppression = การระงับแจ้งเตือน
kind-cancel = การเพิกถอน
kind-operation = เสนอปฏิบัติการร่วม
kind-operation-answer = คำตอบ
kind-operation-addition = เพิ่มในรายการ
kind-operation-stage = ขั้นตอน
measure-preserve = เก็บรักษาบันทึก
measure-hold = ระงับ: ไม่ตัดบริการ ไม่แจ้ง
outcome-accepted = ยอมรับ
outcome-refused = ปฏิเสธ
outcome-asked = ขอแล้ว
outcome-done = เสร็จแล้ว
outcome-failed = ล้มเหลว
verdict-0 = ไม่ทราบ
verdict-1 = แจ้งเตือนผิด
verdict-2 = เป็นจริง
verdict-3 = ไม่ต้องพิจารณา
verdict-4 = น่าสงสัย
verdict-5 = ไม่มีพิษภัย
verdict-6 = การทดสอบ
verdict-7 = ข้อมูลไม่พอ
verdict-8 = ความเสี่ยงด้านความมั่นคง
verdict-9 = จัดการที่อื่น
verdict-10 = ซ้ำ
verdict-99 = อื่น ๆ
verdict-rest = อื่น ๆ
revisions = ฉบับแก้ไข
revision-tells = ฉบับที่ { $revision } · คะแนน { $score } · รายการ { $entities }
evidence = พยานหลักฐาน
evidence-tells = จำนวนการอ้างอิงบันทึกที่ผู้ให้บริการ: { $count } บันทึกอยู่ที่นั่นและเรียกมาตามคดี
evidence-line = บรรทัดที่ผู้ให้บริการ (หัวข้อ / พาร์ทิชัน / ออฟเซ็ต)
evidence-root = รากเมอร์เคิล
evidence-kept = เก็บไว้ถึง
evidence-signed = ลงนามด้วยกุญแจ
evidence-alert = การแจ้งเตือนนี้ (หัวข้อ / ออฟเซ็ต)
evidence-pattern = รูปแบบและแฮช
sequence = ลำดับ
related = เหตุการณ์ที่เกี่ยวข้อง
related-none = ไม่พบสิ่งที่เกี่ยวข้อง
in-campaign = เป็นส่วนของปฏิบัติการ จำนวนการแจ้งเตือน: { $count }
why-token = ใช้โทเค็นเดียวกัน
why-link = ผู้ให้บริการระบุ
why-campaign = ปฏิบัติการเดียวกัน

## Acts

acts = สิ่งที่คุณทำได้
acts-mean = สิ่งที่แจ้งที่นี่ลงนามในนาม { $writer } และทุกประเทศอ่านได้
act-said = ส่งแล้ว จะปรากฏด้านล่างเมื่อคลัสเตอร์แลกเปลี่ยนได้รับ
do-acknowledge = รับทราบ
do-take = รับงาน
do-joint = ปฏิบัติการร่วม
do-refer = ส่งต่อ
do-verdict = คำวินิจฉัย
do-comment = ความเห็น
do-preserve = เก็บรักษาบันทึก
do-hold = ขอให้ระงับ
verdict-means = คำวินิจฉัยของคุณแสดงเคียงข้างของผู้อื่น แจ้งเตือนผิดจะทำให้เหตุการณ์ถูกโต้แย้งสำหรับทุกประเทศ
comment-means = หนึ่งบรรทัด ไม่เกิน 500 ไบต์ ทุกประเทศอ่านได้ ห้ามมีหมายเลขของบุคคล
preserve-means = ผู้ให้บริการเก็บบันทึกของเหตุการณ์นี้และตอบด้วยใบรับ
hold-means = ผู้ให้บริการจะไม่ตัดบริการและไม่แจ้งผู้ใช้ ไม่เกิน 14 วัน อาจปฏิเสธพร้อมเหตุผล
days = วัน

## Dossier

dossier = สำนวนคดี
dossier-means = ไฟล์เดียวที่ลงนามแล้วสำหรับผู้รับคดีต่อ: การแจ้งเตือน สิ่งที่แต่ละฝ่ายกล่าว กุญแจ ผู้ที่เปิดและส่งออก และบทสรุปที่พิมพ์ได้สองภาษา การจัดทำจะถูกบันทึกไว้ในบันทึกการตรวจสอบ
dossier-languages = ภาษาของบทสรุป
dossier-no-proof = สิ่งที่โปรแกรมตรวจพบในการสื่อสารและสิ่งที่หน่วยงานกล่าว: เป็นข้อสงสัย ไม่ใช่หลักฐาน หมายเลขแสดงแบบปิดบังและเป็นโทเคน เวลาเป็น UTC
dossier-made = จัดทำเมื่อ
dossier-made-by = จัดทำโดย
dossier-left-out = เหตุการณ์ที่ไม่ได้รวมไว้
dossier-suspects = ผู้ต้องสงสัย
dossier-used = อุปกรณ์และวิธีอื่นที่ใช้
dossier-innocent = ผู้ถูกแอบอ้างและผู้เสียหาย: ไม่ใช่ผู้ต้องสงสัย
dossier-custody = ลำดับการครอบครอง
dossier-keys = กุญแจที่ลงนาม
dossier-holder = ผู้ถือ
dossier-valid = ใช้ได้
dossier-signed = จำนวนที่ลงนาม
key-state-valid = ใช้ได้
key-state-expired = หมดอายุ
key-state-revoked = ถูกเพิกถอน

## A carrier's own desk

subscribers = ผู้ใช้บริการ
subscribers-tell = ผู้ที่บรรทัดของผู้ให้บริการเองระบุ ปิดบังไว้จนกว่าจะเปิดเพื่อคดี
subscribers-none = ไม่มีบรรทัดภายในของเหตุการณ์นี้เก็บไว้
subscribers-gone = บรรทัดภายในที่ไม่เก็บไว้แล้ว: { $count }
home-line = บรรทัดภายใน
bar-list-tells = ผู้ที่ควรระงับบริการ: ผู้โทรและซิมของเครือข่ายตนเองที่กระทำในสิ่งที่แบ่งปันแล้วและไม่ได้ถอนคืน ผู้ที่การระงับคุ้มครองไม่อยู่ในรายการ
bar-list-make = จัดทำรายการ
bar-list-means = รายการระบุผู้ใช้บริการโดยไม่ปิดบัง การจัดทำจะถูกบันทึกไว้ในบันทึกการตรวจสอบพร้อมคดีที่ใช้
bar-list-days = ย้อนหลัง (วัน)
bar-list-made = อยู่ในรายการ: { $listed } ไม่อยู่ในรายการเพราะการระงับ: { $left }
bar-list-left = ไม่อยู่ในรายการเพราะการระงับ

## Figures

span = ช่วงเวลา
span-day = 24 ชั่วโมง
span-week = 7 วัน
span-month = 30 วัน
span-quarter = 90 วัน
figures-none = ไม่มีการแจ้งเตือนในช่วงนี้
figures-days = พื้นที่ เซลล์ และผู้ที่อาจเป็นเหยื่อนับเป็นวันเต็ม (UTC) ที่เหลือนับเป็นชั่วโมง
map = แผนที่
map-tells = แผนที่หกประเทศ พื้นที่ที่มีการแจ้งเตือน: { $areas } เซลล์: { $cells } จำนวนอยู่ในตารางข้าง ๆ
map-areas = พื้นที่
map-cells = เซลล์ ละเอียดถึงอำเภอ
map-borders = ไม่วาดพรมแดน
map-table = ตารางพื้นที่และเซลล์ทั้งหมด
map-cell = เซลล์
map-within-km = ในระยะ กม.
by-country = ตามประเทศของผู้ให้บริการ
by-area = ตามพื้นที่
area = พื้นที่
areas-none = ไม่มีการแจ้งเตือนที่ระบุพื้นที่
incidents = เหตุการณ์
trend = แนวโน้ม
trend-tells = เหตุการณ์ตามเวลา มากที่สุดในหนึ่งช่วง: { $most } จำนวนช่วง: { $steps }
trend-table = แนวโน้มเป็นตาราง
hours = ชั่วโมงของวันตามรูปแบบ
hours-tell = เหตุการณ์ตามชั่วโมงของนาฬิกาคุณ
precision = ความแม่นยำ
precision-tells = ในสิ่งที่ประเทศหนึ่งวินิจฉัยว่าจริงหรือผิด สัดส่วนที่จริง
precision-none = ยังไม่มีใครวินิจฉัยการแจ้งเตือนในช่วงนี้
judged-by = ผู้วินิจฉัย

## Campaigns

campaigns-tell = การแจ้งเตือนของผู้ให้บริการหลายรายที่เชื่อมโยงกันด้วยสิ่งที่มีร่วมกัน
campaigns-none = ไม่มีปฏิบัติการที่ตรง
campaigns-live = ดำเนินอยู่
campaigns-dissolved = สลายแล้ว
campaigns-all = ทั้งหมด
campaign = ปฏิบัติการ
campaign-holds = การแจ้งเตือน: { $count }
campaign-further = การแจ้งเตือนอื่นที่ไม่ได้เก็บไว้ที่นี่: { $count }
campaign-dissolved = ปฏิบัติการนี้สลายแล้ว
back-to-campaigns = กลับไปปฏิบัติการทั้งหมด
alerts = การแจ้งเตือน
countries = ประเทศ
patterns = รูปแบบ
graph = สิ่งที่เชื่อมโยงกัน
graph-tells = แต่ละจุดคือการแจ้งเตือน เส้นเชื่อมสิ่งที่มีร่วมกัน ชี้ที่จุดเพื่อดูเพิ่มเติม ตารางด้านล่างบอกเช่นเดียวกัน
zoom-in = ขยาย
zoom-out = ย่อ
shared = สิ่งที่มีร่วมกัน
in-alerts = ในการแจ้งเตือน: { $count }
joined-by = เชื่อมด้วย
joined-with = เชื่อมกับ
link-device = อุปกรณ์
link-sim = ซิม
link-template = ข้อความ
link-domain = โดเมน
link-device-range = หมายเลขเครื่องใกล้กันในเซลล์เดียว
link-range-hour = ช่วงหมายเลขและชั่วโมง
link-trunk = ทรังก์
link-sender = ผู้ส่ง

## Coordination

coordination-tells = หนึ่งสัปดาห์ของทุกประเทศ: มีอะไรใหม่ ตอบเร็วเพียงใด ถูกต้องบ่อยเพียงใด และขณะนี้ขออะไรอยู่
week = สัปดาห์
all-countries = ทุกประเทศ
campaigns-new = ปฏิบัติการใหม่
campaigns-gone = ปฏิบัติการที่สลายแล้ว
operations-new = ปฏิบัติการร่วมที่เสนอ
operations-agreed = ตกลงแล้ว
operations-running = เริ่มแล้ว
operations-closed = สิ้นสุดแล้ว
responses = เวลาตอบ
responses-tell = ครึ่งหนึ่งภายใน / เก้าในสิบภายใน (จำนวน) จากการแจ้งเตือนถึงคำตอบของประเทศ จากคำขอถึงใบรับของผู้ให้บริการ จากการเสนอปฏิบัติการร่วมถึงคำตอบของประเทศ
response-acknowledgement = รับทราบ
response-status = รับงาน
response-verdict = คำวินิจฉัย
response-receipt = ใบรับคำขอ
response-operation = ปฏิบัติการร่วม
length-min = { $value } นาที
length-h = { $value } ชั่วโมง
length-d = { $value } วัน
requests-open = คำขอที่ยังเปิดอยู่
requests-none = ขณะนี้ไม่มีคำขอ
digest-csv = เป็นตาราง (CSV)
digest-html = เป็นหน้า (HTML)

## Joint operations

page-operations = ปฏิบัติการร่วม
operations = ปฏิบัติการร่วม
operations-tell = หลายประเทศทำงานร่วมกันตามรายการเดียว ทุกคนในคลัสเตอร์แลกเปลี่ยนอ่านชื่อ ประเทศ วัน และขั้นตอนได้
operations-none = ยังไม่มีการเสนอปฏิบัติการร่วม
operations-not = ไม่อยู่ในปฏิบัติการร่วมใด
operation-title = ชื่อ
operation-proposer = เสนอโดย
operation-countries = ประเทศและคำตอบ
operation-stage = ขั้นตอน
operation-stage-proposed = เสนอแล้ว
operation-stage-agreed = ตกลงแล้ว
operation-stage-running = กำลังดำเนินการ
operation-stage-closed = สิ้นสุดแล้ว
operation-day = วันที่วางแผน
operation-lead = โต๊ะที่นำ
operation-answer-accepted = เข้าร่วม
operation-answer-declined = ปฏิเสธ
operation-answer-left = ออกแล้ว
operation-waits = ไม่ตอบมา { $value }
operation-otherwise = { $organisation } ว่า: { $answer }
operation-outcome = ผล
operation-outcome-suspects-handed-over = ส่งมอบผู้ต้องสงสัย
operation-outcome-sites-closed = ปิดสถานที่
operation-outcome-no-result = ไม่มีผล
operation-outcome-withdrawn = ถอนแล้ว
operation-outcomes-differ = สิ้นสุดด้วยผลที่ต่างกัน แสดงผลล่าสุด ทั้งหมดอยู่ด้านล่าง
operation-suspects = ผู้ต้องสงสัย
operation-sites = สถานที่
operation-listed = เกี่ยวกับอะไร
operation-listed-by = ลงรายการโดย
operation-hidden = เหตุการณ์ที่ไม่ได้มีไว้สำหรับประเทศของคุณ หรือไม่รู้จักที่นี่: { $count }
operation-hidden-campaigns = ปฏิบัติการที่คุณดูไม่ได้: { $count }
operation-not-listed = เพิ่มเกินที่ประเทศหนึ่งลงได้: { $count }
operation-lists = เหตุการณ์: { $incidents } ปฏิบัติการ: { $campaigns }
operation-said = ใครว่าอะไร
operation-left-out = ข้อความที่ตัดออกเพราะระบุเหตุการณ์ที่ไม่ได้มีไว้สำหรับประเทศของผู้ทำ: { $count }
operation-left-unheard = ข้อความที่ตัดออกเพราะไม่มีผลบังคับ: { $count }
operation-no-room = ข้อความที่ตัดออกเพราะไม่มีที่พอ: { $count }
unheard = ไม่มีผลบังคับ
unheard-other-proposer = ระบุผู้เสนอคนอื่น
unheard-not-invited = ประเทศนี้ไม่ได้รับเชิญ
unheard-not-in-it = ขณะนั้นประเทศนี้ไม่ได้เข้าร่วม
unheard-too-few = มีประเทศเข้าร่วมน้อยกว่าสอง
unheard-closed = ปฏิบัติการสิ้นสุดก่อนแล้ว
do-propose = เสนอปฏิบัติการร่วม
propose-means = ทุกคนในคลัสเตอร์แลกเปลี่ยนอ่านได้ทันที ไม่ว่าได้รับเชิญหรือไม่ ชื่อต้องไม่ระบุผู้ใดและไม่มีหมายเลขของบุคคล อย่าเขียนสถานที่หรือเวลาที่จะทำให้รู้ตัว
operation-invite = ประเทศที่เชิญ
do-add = เพิ่มในปฏิบัติการร่วม
add-means = ทุกประเทศอ่านได้ และยังอยู่ในรายการแม้ประเทศของคุณจะออก
do-accept = เข้าร่วม
do-decline = ปฏิเสธ
do-leave = ออก
do-run = เริ่ม
do-close = สิ้นสุด
operation-reason = เหตุผล
operation-which = รายการใด
back-to-coordination = กลับไปการประสานงาน

## Sources

sources = ผู้ให้บริการที่ได้รับข้อมูล
sources-none = ยังไม่ได้รับข้อมูลจากผู้ให้บริการใด
unattributed = ถูกปฏิเสธ ไม่ทราบผู้ส่ง
last-sequence = ลำดับล่าสุด
missing = ขาดหาย
gaps = { $missing } จากช่องว่าง: { $gaps }
last-published = การแจ้งเตือนล่าสุด
rejected = ปฏิเสธ
signing-key = กุญแจ
quiet-source = เงียบหนึ่งวัน
topics = หัวข้อ
topic = หัวข้อ
read-to = อ่านถึง
behind = ล้าหลัง
looked = ดูล่าสุด
refused-form = ไม่ใช่การแจ้งเตือน
refused-unknown-key = กุญแจที่ไม่รู้จัก
refused-changed-bytes = เนื้อหาถูกแก้
refused-changed-header = ส่วนหัวถูกแก้
refused-expired-key = กุญแจหมดอายุ
refused-revoked-key = กุญแจถูกเพิกถอน
refused-foreign-source = กุญแจของแหล่งอื่น
refused-future = เวลาล้ำหน้า
refused-published-back = เวลาก่อนการแจ้งเตือนก่อนหน้า
refused-sequence-jump = ลำดับข้ามไปไกลเกิน
refused-sequence-conflict = ลำดับซ้ำ เนื้อหาต่างกัน
refused-sequence-back = ลำดับย้อนกลับ
refused-sources = แหล่งมากเกินไป
refused-expired = พ้นเวลาดำเนินการ

## Audit

audit-tells = สิ่งที่เปิดและแจ้งจากคอนโซลนี้ แต่ละรายการมีแฮชของรายการก่อนหน้า
audit-verify = ตรวจสอบห่วงโซ่
audit-whole = ห่วงโซ่สมบูรณ์ รายการ: { $count } หัวห่วงโซ่:
audit-broken = ห่วงโซ่ขาด รายการที่อ่านได้: { $count }
audit-none = ยังไม่มีการบันทึก
audit-refused-request = คำขอที่ถูกปฏิเสธ
audit-head-number = ที่
audit-head-at = เวลา
audit-head-user = ผู้ใช้
audit-head-action = การกระทำ
audit-head-about = เกี่ยวกับ
audit-head-case = คดี
audit-head-outcome = ผล

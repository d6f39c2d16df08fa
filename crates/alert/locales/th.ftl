### Alerts in words. Shared by the command line and the console.
### NOT REVIEWED by a native reader: whoever has read it takes `unreviewed` out and puts a name and a date here.

## What the language calls itself

language = ไทย

## A value against its limit, as a sentence

reason = { $what }: { $value } เกณฑ์คือ { $limit }
what-in-period = { $what } { $period }
period-2h = ภายในสองชั่วโมง
period-4h = ภายในสี่ชั่วโมง
period-6h = ภายในหกชั่วโมง
period-day = ภายในหนึ่งวัน

## Values with their units

unit-s = { $value } วินาที
unit-km = { $value } กม.
unit-kmh = { $value } กม./ชม.
unit-d = { $value } วัน
unit-ratio = { $value }%
unit-bit = { $value } บิต
unit-deviations = เบี่ยงเบนจากปกติ { $value } ส่วน

## What an alert says

message-open = ใหม่
message-update = อัปเดต
message-close = ปิดแล้ว
message-cancel = เพิกถอนแล้ว
message-victims = ระบุผู้เสียหายเพิ่ม
status-exercise = การซ้อม
status-test = การทดสอบ

## OCSF

severity-0 = ไม่ทราบ
severity-1 = ข้อมูล
severity-2 = ต่ำ
severity-3 = ปานกลาง
severity-4 = สูง
severity-5 = วิกฤต
severity-6 = ร้ายแรงที่สุด

## Parts that entities play

role-suspect = ต้องสงสัย
role-used = ถูกใช้
role-impersonated = ถูกแอบอ้าง
role-victim = ผู้เสียหาย

## Entities

entity-caller = หมายเลขผู้โทร
entity-callee = หมายเลขผู้รับ
entity-sim = ซิม
entity-device = อุปกรณ์
entity-cell = เซลล์
entity-trunk = ทรังก์
entity-block = ช่วงหมายเลข
entity-template = ข้อความ
entity-domain = โดเมน

## Families of patterns

family-sim-box = ซิมบ็อกซ์
family-clone = ซิมหรืออุปกรณ์โคลน
family-spoofing = ปลอมผู้โทรหรือผู้ส่ง
family-wangiri = หลอกให้โทรกลับ
family-toll = ฉ้อโกงส่วนแบ่งรายได้
family-robocall = สายโทรอัตโนมัติ
family-victim-call = เหยื่อทางโทรศัพท์
family-smishing = ข้อความหลอกลวง
family-otp = การใช้รหัสครั้งเดียวในทางมิชอบ
family-takeover = การยึดบัญชี
family-reported = ถูกแจ้งโดยประชาชน

## What is recommended

action-block-at-border = บล็อกหมายเลขที่แสดงในเส้นทางระหว่างประเทศ
action-block-content = บล็อกข้อความที่มีเนื้อหาหรือลิงก์นี้
action-block-destination = บล็อกการโทรไปยังปลายทางนี้
action-block-range = บล็อกการโทรกลับไปยังช่วงหมายเลขนี้
action-block-sender = บล็อกผู้ส่งรายนี้
action-hold-transfers = ขอให้ธนาคารระงับการโอนของผู้เสียหาย
action-locate-site = ค้นหาสถานที่
action-preserve-records = เก็บรักษาบันทึกข้อมูล
action-trace-route = ตรวจสอบเส้นทางกับคู่ค้า
action-verify-device = ตรวจสอบอุปกรณ์ในทะเบียน
action-verify-registration = ตรวจสอบผู้ลงทะเบียนซิม
action-verify-report = ตรวจสอบการแจ้ง
action-warn-subscribers = เตือนผู้ใช้บริการ
action-warn-victims = เตือนผู้เสียหาย

## Words beside values

label-disputed = ถูกโต้แย้งโดย
label-victims = ผู้เสียหาย
label-score = คะแนน
label-recommended = คำแนะนำ
label-hidden = ซ่อนไว้
label-more = อีก { $count }

## Features, by their codes; of `calls_6h` that of `calls` with the period

code-age_days = อายุของซิมใหม่ที่สุด
code-answered_by = จำนวนหมายเลขที่มีผู้รับสาย
code-areas = จำนวนพื้นที่ที่โทรหา
code-at_home = สายที่ใช้ชื่อผู้ใช้ซึ่งอยู่ในประเทศ
code-at_once = สายที่โทรพร้อมกัน
code-busy_s = เวลาโทรรวม
code-called_back = ผู้ที่โทรกลับ
code-callees = ผู้ที่ถูกโทรหรือส่งข้อความหา
code-callers = ผู้โทร
code-calls = จำนวนสาย
code-cells = เซลล์ที่ใช้
code-codes = รหัสครั้งเดียวที่ได้รับ
code-codes_after = รหัสหลังสายยาวของคนแปลกหน้า
code-codes_before = รหัสก่อนสายของคนแปลกหน้าคนที่สอง
code-codes_from_abroad = รหัสระหว่างสายของคนแปลกหน้าจากต่างประเทศ
code-codes_in_call = รหัสระหว่างสายของคนแปลกหน้า
code-codes_in_long_call = รหัสระหว่างสายยาวของคนแปลกหน้า
code-codes_soon = รหัสไม่นานหลังสายของคนแปลกหน้า
code-codes_to_new_device = รหัสไปยังซิมหรืออุปกรณ์ใหม่
code-dealers = ผู้จำหน่ายซิม
code-deviation = ความต่างจากปกติในชั่วโมงนี้
code-devices = จำนวนอุปกรณ์
code-distinct_share = สัดส่วนผู้รับสายที่ไม่ซ้ำกัน
code-farthest_km = ระยะไกลสุดระหว่างสองแห่ง
code-foreign_links = ข้อความที่มีลิงก์ไปโดเมนต่างประเทศ
code-forwarded = สายที่โอนไปยังคนแปลกหน้า
code-from_abroad_after = สายจากต่างประเทศหลังได้รับรหัส
code-journeys = การเดินทางที่เร็วเกินจะเป็นไปได้
code-lasts_s = ระยะเวลาสายจนถึงตอนนี้
code-links = ข้อความที่มีลิงก์
code-longest_s = สายที่ยาวที่สุด
code-messages = จำนวนข้อความ
code-near = สายที่หมายเลขผู้โทรใกล้เคียงผู้รับ
code-new_services = บริการที่ส่งมาเป็นครั้งแรก
code-official = สายจากหมายเลขทางการ
code-police = รายงานจากตำรวจ
code-premium_hour_s = เวลาโทรไปหมายเลขพิเศษภายในหนึ่งชั่วโมง
code-premium_numbers = หมายเลขพิเศษที่โทรหา
code-premium_s = เวลาโทรไปหมายเลขพิเศษ
code-received = การสนทนาที่รับเข้า
code-recipients = ผู้รับข้อความ
code-registrants = ผู้ลงทะเบียนซิม
code-regularity = ความสม่ำเสมอของช่วงห่างระหว่างสาย
code-reports = จำนวนการแจ้ง
code-rings = สายที่ดังแต่ไม่ได้รับ
code-run = หมายเลขเรียงต่อกันยาวสุด
code-senders = จำนวนผู้ส่ง
code-services = บริการที่ส่งรหัส
code-sims = จำนวนซิม
code-stranger_s = เวลาโทรกับคนแปลกหน้า
code-strangers = คนแปลกหน้าที่ถูกโทรหรือส่งข้อความหา
code-talk_s = เวลาสนทนา
code-test_calls = สายทดสอบที่เข้ามาทางหมายเลขนี้
code-texts = ข้อความที่แตกต่างกัน
code-unanswered = สายที่ไม่มีผู้รับ
code-victims = ผู้เสียหายที่ถูกโทรหา
code-young = ซิมใหม่หรือซิมต่างประเทศที่โทรออกทางเดียว

## Shown before everything else

unreviewed = คำแปลยังไม่ผ่านการตรวจโดยเจ้าของภาษา

### Alerts in words. Shared by the command line and the console.
### NOT REVIEWED by a native reader: whoever has read it takes `unreviewed` out and puts a name and a date here.

## What the language calls itself

language = ລາວ

## A value against its limit, as a sentence

reason = { $what }: { $value }; ຂີດຈຳກັດແມ່ນ { $limit }.
what-in-period = { $what } { $period }
period-2h = ພາຍໃນສອງຊົ່ວໂມງ
period-4h = ພາຍໃນສີ່ຊົ່ວໂມງ
period-6h = ພາຍໃນຫົກຊົ່ວໂມງ
period-day = ພາຍໃນໜຶ່ງວັນ

## Values with their units

unit-s = { $value } ວິນາທີ
unit-km = { $value } ກມ
unit-kmh = { $value } ກມ/ຊມ
unit-d = { $value } ວັນ
unit-ratio = { $value } %
unit-bit = { $value } ບິດ
unit-deviations = ຜິດປົກກະຕິ { $value } ສ່ວນ

## What an alert says

message-open = ໃໝ່
message-update = ອັບເດດ
message-close = ປິດແລ້ວ
message-cancel = ຖອນຄືນແລ້ວ
message-victims = ລະບຸຜູ້ເຄາະຮ້າຍເພີ່ມ
status-exercise = ການຊ້ອມ
status-test = ການທົດສອບ

## OCSF

severity-0 = ບໍ່ຮູ້
severity-1 = ຂໍ້ມູນ
severity-2 = ຕ່ຳ
severity-3 = ປານກາງ
severity-4 = ສູງ
severity-5 = ວິກິດ
severity-6 = ຮ້າຍແຮງທີ່ສຸດ

## Parts that entities play

role-suspect = ຜູ້ຕ້ອງສົງໄສ
role-used = ຖືກໃຊ້
role-impersonated = ຖືກແອບອ້າງ
role-victim = ຜູ້ເຄາະຮ້າຍ

## Entities

entity-caller = ເບີໂທອອກ
entity-callee = ເບີຮັບສາຍ
entity-sim = ຊິມ
entity-device = ອຸປະກອນ
entity-cell = ເຊວ
entity-trunk = ສາຍຫຼັກ
entity-block = ຊຸດເບີ
entity-template = ຂໍ້ຄວາມ
entity-domain = ໂດເມນ

## Families of patterns

family-sim-box = ກ່ອງຊິມ
family-clone = ຊິມ ຫຼື ອຸປະກອນຖືກກັອບປີ້
family-spoofing = ເບີໂທ ຫຼື ຜູ້ສົ່ງປອມ
family-wangiri = ການຫຼອກລວງສາຍບໍ່ໄດ້ຮັບ
family-toll = ການສໍ້ໂກງສ່ວນແບ່ງລາຍຮັບ
family-robocall = ສາຍໂທອັດຕະໂນມັດ
family-victim-call = ຜູ້ເຄາະຮ້າຍທາງໂທລະສັບ
family-smishing = ຂໍ້ຄວາມຫຼອກລວງ
family-otp = ການໃຊ້ລະຫັດຄັ້ງດຽວໃນທາງຜິດ
family-takeover = ການຍຶດບັນຊີ
family-reported = ຖືກລາຍງານ

## What is recommended

action-block-at-border = ບລັອກເບີທີ່ສະແດງຢູ່ເສັ້ນທາງສາກົນ
action-block-content = ບລັອກຂໍ້ຄວາມທີ່ມີເນື້ອໃນ ຫຼື ລິ້ງນີ້
action-block-destination = ບລັອກການໂທໄປປາຍທາງນີ້
action-block-range = ບລັອກການໂທກັບໄປຊຸດເບີນີ້
action-block-sender = ບລັອກຜູ້ສົ່ງນີ້
action-hold-transfers = ຂໍໃຫ້ທະນາຄານລະງັບການໂອນຂອງຜູ້ເຄາະຮ້າຍ
action-locate-site = ຊອກຫາສະຖານທີ່
action-preserve-records = ຮັກສາບັນທຶກ
action-trace-route = ຕິດຕາມເສັ້ນທາງກັບຄູ່ຮ່ວມງານ
action-verify-device = ກວດສອບອຸປະກອນໃນທະບຽນ
action-verify-registration = ກວດສອບຜູ້ລົງທະບຽນຊິມ
action-verify-report = ກວດສອບລາຍງານ
action-warn-subscribers = ເຕືອນຜູ້ໃຊ້
action-warn-victims = ເຕືອນຜູ້ເຄາະຮ້າຍ

## Words beside values

label-disputed = ຖືກໂຕ້ແຍ້ງໂດຍ
label-victims = ຜູ້ເຄາະຮ້າຍ
label-score = ຄະແນນ
label-recommended = ຄຳແນະນຳ
label-hidden = ເຊື່ອງໄວ້
label-more = ອີກ { $count }

## Features, by their codes; of `calls_6h` that of `calls` with the period

code-age_days = ອາຍຸຂອງຊິມໃໝ່ສຸດ
code-answered_by = ຈຳນວນເບີທີ່ມີຄົນຮັບສາຍ
code-areas = ຈຳນວນເຂດທີ່ໂທຫາ
code-at_home = ສາຍໂທໃນນາມຜູ້ໃຊ້ທີ່ຢູ່ໃນປະເທດ
code-at_once = ສາຍໂທພ້ອມກັນ
code-busy_s = ເວລາໂທລວມ
code-called_back = ຄົນທີ່ໂທກັບ
code-callees = ຄົນທີ່ຖືກໂທ ຫຼື ສົ່ງຂໍ້ຄວາມຫາ
code-callers = ຜູ້ໂທ
code-calls = ສາຍໂທ
code-cells = ເຊວທີ່ໃຊ້
code-codes = ລະຫັດຄັ້ງດຽວທີ່ໄດ້ຮັບ
code-codes_after = ລະຫັດຫຼັງສາຍຍາວຂອງຄົນແປກໜ້າ
code-codes_before = ລະຫັດກ່ອນສາຍຂອງຄົນແປກໜ້າຄົນທີສອງ
code-codes_from_abroad = ລະຫັດລະຫວ່າງສາຍຈາກຕ່າງປະເທດ
code-codes_in_call = ລະຫັດລະຫວ່າງສາຍຂອງຄົນແປກໜ້າ
code-codes_in_long_call = ລະຫັດລະຫວ່າງສາຍຍາວຂອງຄົນແປກໜ້າ
code-codes_soon = ລະຫັດບໍ່ດົນຫຼັງສາຍຂອງຄົນແປກໜ້າ
code-codes_to_new_device = ລະຫັດໄປຫາຊິມ ຫຼື ອຸປະກອນໃໝ່
code-dealers = ຜູ້ຂາຍຊິມ
code-deviation = ຄວາມຜິດປົກກະຕິໃນຊົ່ວໂມງນີ້
code-devices = ອຸປະກອນ
code-distinct_share = ສ່ວນແບ່ງຂອງຜູ້ຮັບທີ່ແຕກຕ່າງກັນ
code-farthest_km = ໄລຍະໄກສຸດລະຫວ່າງສອງບ່ອນ
code-foreign_links = ຂໍ້ຄວາມທີ່ມີລິ້ງໄປໂດເມນຕ່າງປະເທດ
code-forwarded = ສາຍທີ່ໂອນໄປຫາຄົນແປກໜ້າ
code-from_abroad_after = ສາຍຈາກຕ່າງປະເທດຫຼັງລະຫັດ
code-journeys = ການເດີນທາງໄວເກີນຄວາມເປັນໄປໄດ້
code-lasts_s = ໄລຍະເວລາສາຍມາຮອດດຽວນີ້
code-links = ຂໍ້ຄວາມທີ່ມີລິ້ງ
code-longest_s = ສາຍຍາວສຸດ
code-messages = ຂໍ້ຄວາມ
code-near = ສາຍທີ່ເບີໂທຄ້າຍກັບເບີຮັບ
code-new_services = ບໍລິການທີ່ສົ່ງເປັນຄັ້ງທຳອິດ
code-official = ສາຍຈາກເບີທາງການ
code-police = ລາຍງານຂອງຕຳຫຼວດ
code-premium_hour_s = ເວລາໂທໄປເບີລາຄາແພງໃນໜຶ່ງຊົ່ວໂມງ
code-premium_numbers = ເບີລາຄາແພງທີ່ໂທຫາ
code-premium_s = ເວລາໂທໄປເບີລາຄາແພງ
code-received = ການສົນທະນາທີ່ໄດ້ຮັບ
code-recipients = ຜູ້ຮັບ
code-registrants = ຜູ້ລົງທະບຽນຊິມ
code-regularity = ຄວາມສະໝ່ຳສະເໝີຂອງຊ່ວງລະຫວ່າງສາຍ
code-reports = ລາຍງານ
code-rings = ສາຍທີ່ດັງແຕ່ບໍ່ໄດ້ຮັບ
code-run = ເບີຕໍ່ເນື່ອງຍາວສຸດ
code-senders = ຜູ້ສົ່ງ
code-services = ບໍລິການທີ່ສົ່ງລະຫັດ
code-sims = ຊິມ
code-stranger_s = ເວລາໂທກັບຄົນແປກໜ້າ
code-strangers = ຄົນແປກໜ້າທີ່ຖືກໂທ ຫຼື ສົ່ງຂໍ້ຄວາມຫາ
code-talk_s = ເວລາລົມກັນ
code-test_calls = ສາຍທົດສອບທີ່ມາທາງເບີນີ້
code-texts = ຂໍ້ຄວາມທີ່ແຕກຕ່າງກັນ
code-unanswered = ສາຍທີ່ບໍ່ມີຄົນຮັບ
code-victims = ຜູ້ເຄາະຮ້າຍທີ່ຖືກໂທ
code-young = ຊິມໃໝ່ ຫຼື ຕ່າງປະເທດທີ່ໂທອອກທາງດຽວ

## Shown before everything else

unreviewed = ການແປຍັງບໍ່ໄດ້ກວດໂດຍເຈົ້າຂອງພາສາ.

### The console's own texts; those of alerts are in crates/alert/locales/.
### NOT REVIEWED by a native reader, as those of alerts.

## Frame

page-now = ຕອນນີ້
page-bar-list = ລາຍການຕັດເບີ
page-incident = ເຫດການ
page-figures = ແຜນທີ່ ແລະ ຕົວເລກ
page-campaigns = ຂະບວນການ
page-coordination = ການປະສານງານ
page-sources = ແຫຼ່ງ
page-audit = ບັນທຶກການກວດສອບ
page-sign-in = ເຂົ້າສູ່ລະບົບ
pages = ໜ້າ
skip = ຂ້າມໄປເນື້ອໃນ
desk-of = ໂຕະວຽກຂອງ { $carrier }
choose-language = ພາສາ
theme = ແຈ້ງ ຫຼື ມືດ
theme-auto = ຕາມລະບົບ
theme-light = ແຈ້ງ
theme-dark = ມືດ
sign-in = ເຂົ້າສູ່ລະບົບ
sign-in-by = ເຂົ້າສູ່ລະບົບດ້ວຍ { $provider }
sign-in-here = ຫຼື ດ້ວຍຊື່ ແລະ ລະຫັດຜ່ານຂອງຄອນໂຊນນີ້
sign-out = ອອກຈາກລະບົບ
user-name = ຊື່ຜູ້ໃຊ້
password = ລະຫັດຜ່ານ
user-role-viewer = ຜູ້ອ່ານ
user-role-investigator = ຜູ້ສືບສວນ
user-role-liaison = ເຈົ້າໜ້າທີ່ປະສານງານ
user-role-auditor = ຜູ້ກວດສອບ
user-role-analyst = ນັກວິເຄາະການສໍ້ໂກງ
clock = ເວລາຕາມ { $zone }; ຊີ້ໃສ່ເພື່ອເບິ່ງ UTC
close = ປິດ
send = ສົ່ງ
again = ລອງໃໝ່
print = ພິມ
state-loading = ກຳລັງໂຫຼດ …

## Keys

keys = ປຸ່ມລັດ
keys-on = ເປີດໃຊ້ປຸ່ມລັດ
key-next = ການແຈ້ງເຕືອນຕໍ່ໄປ
key-before = ການແຈ້ງເຕືອນກ່ອນໜ້າ
key-enter = ເປີດ
key-esc = ກັບຄືນ
key-search = ຊອກຫາ
key-help = ຄວາມຊ່ວຍເຫຼືອນີ້

## Countries

country-CN = ຈີນ
country-KH = ກຳປູເຈຍ
country-LA = ລາວ
country-MM = ມຽນມາ
country-TH = ໄທ
country-VN = ຫວຽດນາມ

## Trouble

error-unreachable = ຕິດຕໍ່ເຊີບເວີບໍ່ໄດ້.
error-signed-out = ທ່ານອອກຈາກລະບົບແລ້ວ. ກະລຸນາເຂົ້າໃໝ່.
error-wrong-password = ຊື່ ຫຼື ລະຫັດຜ່ານບໍ່ຖືກ.
error-forbidden = ບົດບາດຂອງທ່ານບໍ່ມີສິດເຮັດສິ່ງນີ້.
error-csrf = ໜ້ານີ້ເກົ່າແລ້ວ. ກະລຸນາໂຫຼດໃໝ່.
error-not-found = ບໍ່ມີຫຍັງຢູ່ທີ່ຢູ່ນີ້.
error-method = ບໍ່ມີຄຳຂໍແບບນີ້.
error-form = ບາງຊ່ອງໃນແບບຟອມບໍ່ຖືກຕ້ອງ. ຂໍ້ຄວາມຕ້ອງບໍ່ລະບຸຕົວບຸກຄົນ: ຕົວເລກຕິດກັນບໍ່ເກີນແປດຕົວ.
error-too-many = ຄຳຂໍຫຼາຍເກີນໄປ. ກະລຸນາລໍຖ້າ.
error-too-large = ຍາວເກີນໄປ.
error-not-set-up = ຄອນໂຊນນີ້ບໍ່ມີກະແຈສຳລັບສິ່ງນັ້ນ.
error-exchange-away = ຕິດຕໍ່ຄລັດສະເຕີແລກປ່ຽນບໍ່ໄດ້. ຍັງບໍ່ໄດ້ສົ່ງຫຍັງ.
error-home-away = ຕິດຕໍ່ຄລັດສະເຕີພາຍໃນບໍ່ໄດ້. ຍັງບໍ່ໄດ້ເປີດ ຫຼື ລາຍການຫຍັງ.
error-holds-untold = ບໍ່ສາມາດບອກໄດ້ວ່າການລະງັບໃດມີຜົນ ດັ່ງນັ້ນບໍ່ໄດ້ລາຍການຫຍັງ. ເຫດຜົນຢູ່ໃນບັນທຶກຂອງຄອນໂຊນ.
error-starting = ຄອນໂຊນຍັງອ່ານຫົວຂໍ້ຢູ່. ລອງໃໝ່ອີກບຶດໜຶ່ງ.
error-fault = ເຊີບເວີຜິດພາດ. ລາຍລະອຽດຢູ່ໃນບັນທຶກຂອງມັນ.
error-no-role = ຜູ້ໃຫ້ບໍລິການຢືນຢັນຕົວຕົນຮູ້ຈັກທ່ານ, ແຕ່ຄອນໂຊນນີ້ບໍ່ໄດ້ໃຫ້ບົດບາດແກ່ທ່ານ. ກະລຸນາຖາມຜູ້ດູແລ.
error-provider-away = ຕິດຕໍ່ຜູ້ໃຫ້ບໍລິການຢືນຢັນຕົວຕົນບໍ່ໄດ້. ລອງໃໝ່ອີກບຶດໜຶ່ງ ຫຼື ເຂົ້າດ້ວຍຊື່ ແລະ ລະຫັດຜ່ານຂອງຄອນໂຊນນີ້.
error-provider-denied = ຜູ້ໃຫ້ບໍລິການຢືນຢັນຕົວຕົນບໍ່ອະນຸຍາດໃຫ້ທ່ານເຂົ້າ.
error-provider-unbelieved = ສິ່ງທີ່ຜູ້ໃຫ້ບໍລິການສົ່ງມາເຊື່ອຖືບໍ່ໄດ້: ບໍ່ມີໃຜເຂົ້າສູ່ລະບົບ. ເຫດຜົນຢູ່ໃນບັນທຶກຂອງຄອນໂຊນ.
error-sign-in-over = ການເຂົ້າສູ່ລະບົບນັ້ນໝົດອາຍຸແລ້ວ: ເກີນສິບນາທີ, ກັບມາສອງເທື່ອ ຫຼື ເລີ່ມໃນບຣາວເຊີອື່ນ. ກະລຸນາເລີ່ມໃໝ່.
error-other = ເຊີບເວີປະຕິເສດ: { $code }

## Now

now-none = ຍັງບໍ່ມີການແຈ້ງເຕືອນ. ມັນຈະປາກົດຢູ່ນີ້ເອງ.
now-none-filtered = ບໍ່ມີການແຈ້ງເຕືອນທີ່ກົງກັບຕົວກອງ.
now-too-broad = ມີການແຈ້ງເຕືອນທີ່ກົງກັບການຊອກຫານີ້ຫຼາຍເກີນໄປ. ກະລຸນາພິມຕື່ມ.
now-more = ສະແດງອັນເກົ່າກວ່າ
now-held = ຢຸດຊົ່ວຄາວໃນຂະນະທີ່ທ່ານອ່ານ
now-waiting = ລໍຖ້າ: { $count }
now-lag = ຍັງບໍ່ໄດ້ອ່ານ: { $count }
now-alike = ຄ້າຍຄືກັນ: { $count }
line-live = ສົດ
line-away = ການເຊື່ອມຕໍ່ຂາດ; ກຳລັງລອງໃໝ່
line-starting = ກຳລັງເຊື່ອມຕໍ່
filters = ຕົວກອງ
filter-q = ຊອກຫາ: ລະຫັດ, ໂທເຄັນ, ເບີ, ໂດເມນ
filter-country = ປະເທດ
filter-source = ແຫຼ່ງ
filter-pattern = ຮູບແບບ
filter-severity = ຢ່າງໜ້ອຍ
filter-state = ສະຖານະ
filter-work = ວຽກຂອງພວກເຮົາ
filter-group = ລວມອັນຄ້າຍກັນ
filter-all = ທັງໝົດ
filter-none = ລ້າງຕົວກອງ
state-open = ເປີດຢູ່
state-closed = ປິດແລ້ວ
state-cancelled = ຖອນຄືນແລ້ວ
stage-new = ໃໝ່
stage-acknowledged = ຮັບຊາບແລ້ວ
stage-investigating = ກຳລັງສືບສວນ
stage-joint-operation = ປະຕິບັດການຮ່ວມ
stage-referred = ສົ່ງຕໍ່ແລ້ວ
stage-disputed = ມີຂໍ້ໂຕ້ແຍ້ງ
seen-by = ຮັບຊາບໂດຍ
severity = ຄວາມຮ້າຍແຮງ

## Incident

back-to-now = ກັບໄປການແຈ້ງເຕືອນທັງໝົດ
not-actual = ນີ້ບໍ່ແມ່ນຄະດີແທ້: { $status }.
taken-back = ຜູ້ເຜີຍແຜ່ໄດ້ຖອນຄືນ. ເຫດຜົນ: { $reason }. ຜູ້ຕັດສິນໃຈ: { $persons }.
goes-on-in = ເຫດການນີ້ເປັນສ່ວນຂອງອີກເຫດການໜຶ່ງ ແລະ ດຳເນີນຕໍ່ຢູ່ນັ້ນ:
hold-in-force = ການລະງັບມີຜົນເຖິງ { $until }, ຄະດີ { $case }: ບໍ່ຕັດ, ບໍ່ແຈ້ງຜູ້ໃຊ້.
verdicts-differ = ຄຳຕັດສິນຂອງແຕ່ລະປະເທດແຕກຕ່າງກັນ. ທັງໝົດຢູ່ລຸ່ມນີ້.
why = ຍ້ອນຫຍັງ
facts = ຂໍ້ມູນ
fact-events = ເຫດການ
fact-published = ເຜີຍແຜ່
fact-actionable = ດຳເນີນການພາຍໃນ
fact-producer = ຜູ້ໃຫ້ບໍລິການ
fact-place = ສະຖານທີ່
fact-contact = ຕິດຕໍ່
fact-handling = ເງື່ອນໄຂການໃຊ້
fact-retain = ລຶບຫຼັງຈາກ
fact-id = ເຫດການ
expired = ໝົດອາຍຸແລ້ວ
confidence = ຄວາມເຊື່ອໝັ້ນ { $value } ຈາກ 100
entities = ໃຜ ແລະ ຫຍັງ
entity-head-role = ບົດບາດ
entity-head-type = ຊະນິດ
entity-head-value = ຄ່າທີ່ເຫັນໄດ້
entity-head-country = ປະເທດ
entity-head-holder = ຜູ້ຖືຊ່ວງເບີ
entity-head-token = ໂທເຄັນ
open-value = ເປີດຄ່າ
open-means = ການເປີດຈະຖືກຂຽນໃສ່ບັນທຶກການກວດສອບ ພ້ອມຄະດີທີ່ໃຊ້.
impersonated-means = ຖືກແອບອ້າງ: ເບີນີ້ພຽງແຕ່ສະແດງໃຫ້ຜູ້ຮັບ; ເຈົ້າຂອງເບີແມ່ນຜູ້ເຄາະຮ້າຍ ບໍ່ແມ່ນຜູ້ຕ້ອງສົງໄສ.
case-reference = ເລກອ້າງອີງຄະດີ
said = ແຕ່ລະປະເທດວ່າແນວໃດ
said-none = ຍັງບໍ່ມີປະເທດໃດໃຫ້ຄວາມເຫັນ.
said-order = ຕາມລຳດັບ
said-head-country = ປະເທດ
said-head-acknowledged = ຮັບຊາບ
said-head-stage = ວຽກ
said-head-verdict = ຄຳຕັດສິນ
disputes = ໂຕ້ແຍ້ງ
requests = ຄຳຂໍເຖິງຜູ້ໃຫ້ບໍລິການ
request-head-measure = ຄຳຂໍ
request-head-by = ຜູ້ຂໍ
request-head-case = ຄະດີ
request-head-until = ຈົນເຖິງ
request-head-answer = ໃບຮັບ
unanswered = ຍັງບໍ່ຕອບ
in-force = ມີຜົນຢູ່
ended = ສິ້ນສຸດແລ້ວ
hours-left = ເຫຼືອຊົ່ວໂມງ: { $count }
days-left = ເຫຼືອມື້: { $count }
kind-acknowledgement = ຮັບຊາບ
kind-status = ວຽກ
kind-verdict = ຄຳຕັດສິນ
kind-comment = ຄວາມເຫັນ
kind-request = ຄຳຂໍ
kind-receipt = ໃບຮັບ
kind-suppression = ການລະງັບການແຈ້ງ
kind-cancel = ການຖອນຄືນ
kind-operation = ການສະເໜີປະຕິບັດການຮ່ວມ
kind-operation-answer = ຄຳຕອບ
kind-operation-addition = ເພີ່ມໃສ່ລາຍການ
kind-operation-stage = ຂັ້ນຕອນ
measure-preserve = ຮັກສາບັນທຶກ
measure-hold = ລະງັບ: ບໍ່ຕັດ, ບໍ່ແຈ້ງ
outcome-accepted = ຍອມຮັບ
outcome-refused = ປະຕິເສດ
outcome-asked = ໄດ້ຂໍ
outcome-done = ສຳເລັດ
outcome-failed = ລົ້ມເຫຼວ
verdict-0 = ບໍ່ຮູ້
verdict-1 = ແຈ້ງຜິດ
verdict-2 = ເປັນຈິງ
verdict-3 = ບໍ່ຕ້ອງພິຈາລະນາ
verdict-4 = ໜ້າສົງໄສ
verdict-5 = ບໍ່ເປັນອັນຕະລາຍ
verdict-6 = ການທົດສອບ
verdict-7 = ຂໍ້ມູນບໍ່ພໍ
verdict-8 = ຄວາມສ່ຽງດ້ານຄວາມປອດໄພ
verdict-9 = ຈັດການບ່ອນອື່ນ
verdict-10 = ຊ້ຳກັນ
verdict-99 = ອື່ນໆ
verdict-rest = ອື່ນໆ
revisions = ສະບັບແກ້ໄຂ
revision-tells = ສະບັບ { $revision } · ຄະແນນ { $score } · ລາຍການ { $entities }
evidence = ຫຼັກຖານ
evidence-tells = ຈຳນວນການອ້າງອີງບັນທຶກຢູ່ຜູ້ໃຫ້ບໍລິການ: { $count }. ບັນທຶກຢູ່ທີ່ນັ້ນ ແລະ ເອົາມາຕາມຄະດີ.
evidence-line = ແຖວຢູ່ຜູ້ໃຫ້ບໍລິການ (ຫົວຂໍ້ / ພາທິຊັນ / ອອບເຊັດ)
evidence-root = ຮາກເມີເຄິລ
evidence-kept = ເກັບໄວ້ເຖິງ
evidence-signed = ເຊັນດ້ວຍກະແຈ
evidence-alert = ການແຈ້ງເຕືອນນີ້ (ຫົວຂໍ້ / ອອບເຊັດ)
evidence-pattern = ຮູບແບບ ແລະ ແຮດ
sequence = ລຳດັບ
related = ເຫດການທີ່ກ່ຽວຂ້ອງ
related-none = ບໍ່ພົບສິ່ງທີ່ກ່ຽວຂ້ອງ.
in-campaign = ເປັນສ່ວນຂອງຂະບວນການ; ຈຳນວນການແຈ້ງເຕືອນ: { $count }
why-token = ໃຊ້ໂທເຄັນດຽວກັນ
why-link = ຜູ້ໃຫ້ບໍລິການລະບຸ
why-campaign = ຂະບວນການດຽວກັນ

## Acts

acts = ສິ່ງທີ່ທ່ານເຮັດໄດ້
acts-mean = ສິ່ງທີ່ແຈ້ງຢູ່ນີ້ເຊັນໃນນາມ { $writer } ແລະ ທຸກປະເທດອ່ານໄດ້.
act-said = ສົ່ງແລ້ວ. ຈະປາກົດລຸ່ມນີ້ເມື່ອຄລັດສະເຕີແລກປ່ຽນໄດ້ຮັບ.
do-acknowledge = ຮັບຊາບ
do-take = ຮັບວຽກ
do-joint = ປະຕິບັດການຮ່ວມ
do-refer = ສົ່ງຕໍ່
do-verdict = ຄຳຕັດສິນ
do-comment = ຄວາມເຫັນ
do-preserve = ຮັກສາບັນທຶກ
do-hold = ຂໍໃຫ້ລະງັບ
verdict-means = ຄຳຕັດສິນຂອງທ່ານຢູ່ຄຽງຂ້າງຂອງຜູ້ອື່ນ. ແຈ້ງຜິດຈະໝາຍເຫດການວ່າມີຂໍ້ໂຕ້ແຍ້ງສຳລັບທຸກປະເທດ.
comment-means = ໜຶ່ງແຖວ, ບໍ່ເກີນ 500 ໄບ, ທຸກປະເທດອ່ານໄດ້. ຫ້າມມີເບີຂອງບຸກຄົນ.
preserve-means = ຜູ້ໃຫ້ບໍລິການເກັບບັນທຶກຂອງເຫດການນີ້ ແລະ ຕອບດ້ວຍໃບຮັບ.
hold-means = ຜູ້ໃຫ້ບໍລິການບໍ່ຕັດ ແລະ ບໍ່ແຈ້ງຜູ້ໃຊ້ ບໍ່ເກີນ 14 ມື້. ອາດປະຕິເສດພ້ອມເຫດຜົນ.
days = ມື້

## Dossier

dossier = ສຳນວນຄະດີ
dossier-means = ໄຟລ໌ດຽວທີ່ມີລາຍເຊັນ ສຳລັບຜູ້ຮັບຄະດີຕໍ່: ການແຈ້ງເຕືອນ, ສິ່ງທີ່ໄດ້ກ່າວ, ກະແຈ, ຜູ້ທີ່ເປີດ ແລະ ສົ່ງອອກ, ພ້ອມບົດສະຫຼຸບທີ່ພິມໄດ້ໃນສອງພາສາ. ການສ້າງຈະຖືກຂຽນໃສ່ບັນທຶກການກວດສອບ.
dossier-languages = ພາສາຂອງບົດສະຫຼຸບ
dossier-no-proof = ສິ່ງທີ່ໂປຣແກຣມກວດພົບໃນການສື່ສານ ແລະ ສິ່ງທີ່ອົງການຕ່າງໆກ່າວ: ເປັນຂໍ້ສົງໄສ ບໍ່ແມ່ນຫຼັກຖານ. ເບີສະແດງແບບປິດບັງ ແລະ ເປັນໂທເຄັນ. ເວລາແມ່ນ UTC.
dossier-made = ສ້າງເມື່ອ
dossier-made-by = ສ້າງໂດຍ
dossier-left-out = ເຫດການທີ່ບໍ່ໄດ້ລວມໄວ້
dossier-suspects = ຜູ້ຕ້ອງສົງໄສ
dossier-used = ອຸປະກອນ ແລະ ວິທີອື່ນທີ່ໃຊ້
dossier-innocent = ຜູ້ຖືກແອບອ້າງ ແລະ ຜູ້ເຄາະຮ້າຍ: ບໍ່ແມ່ນຜູ້ຕ້ອງສົງໄສ
dossier-custody = ລຳດັບການເກັບຮັກສາ
dossier-keys = ກະແຈທີ່ເຊັນ
dossier-holder = ຜູ້ຖື
dossier-valid = ໃຊ້ໄດ້
dossier-signed = ຈຳນວນທີ່ເຊັນ
key-state-valid = ໃຊ້ໄດ້
key-state-expired = ໝົດອາຍຸ
key-state-revoked = ຖືກຖອນຄືນ

## A carrier's own desk

subscribers = ຜູ້ໃຊ້ບໍລິການ
subscribers-tell = ຜູ້ທີ່ແຖວຂອງຜູ້ໃຫ້ບໍລິການເອງລະບຸ. ປິດບັງໄວ້ຈົນກວ່າຈະເປີດສຳລັບຄະດີ.
subscribers-none = ບໍ່ມີແຖວພາຍໃນຂອງເຫດການນີ້ຖືກເກັບໄວ້.
subscribers-gone = ແຖວພາຍໃນທີ່ບໍ່ເກັບໄວ້ແລ້ວ: { $count }
home-line = ແຖວພາຍໃນ
bar-list-tells = ຜູ້ທີ່ຄວນຕັດ: ຜູ້ໂທ ແລະ ຊິມຂອງຕົນທີ່ກະທຳໃນສິ່ງທີ່ແບ່ງປັນແລ້ວ ແລະ ບໍ່ໄດ້ຖອນຄືນ. ຜູ້ທີ່ການລະງັບປົກປ້ອງບໍ່ຢູ່ໃນລາຍການ.
bar-list-make = ສ້າງລາຍການ
bar-list-means = ລາຍການລະບຸຜູ້ໃຊ້ບໍລິການຢ່າງຈະແຈ້ງ. ການສ້າງຈະຖືກຂຽນໃສ່ບັນທຶກການກວດສອບ ພ້ອມຄະດີທີ່ໃຊ້.
bar-list-days = ຈຳນວນມື້ຍ້ອນຫຼັງ
bar-list-made = ໃນລາຍການ: { $listed }. ບໍ່ຢູ່ໃນລາຍການຍ້ອນການລະງັບ: { $left }.
bar-list-left = ບໍ່ຢູ່ໃນລາຍການຍ້ອນການລະງັບ

## Figures

span = ຊ່ວງເວລາ
span-day = 24 ຊົ່ວໂມງ
span-week = 7 ມື້
span-month = 30 ມື້
span-quarter = 90 ມື້
figures-none = ບໍ່ມີການແຈ້ງເຕືອນໃນຊ່ວງນີ້.
figures-days = ພື້ນທີ່, ເຊວ ແລະ ຜູ້ອາດຖືກເຄາະຮ້າຍ ນັບເປັນມື້ເຕັມ (UTC); ນອກນັ້ນນັບເປັນຊົ່ວໂມງ
map = ແຜນທີ່
map-tells = ແຜນທີ່ຫົກປະເທດ. ເຂດທີ່ມີການແຈ້ງເຕືອນ: { $areas }; ເຊວ: { $cells }. ຈຳນວນຢູ່ໃນຕາຕະລາງຂ້າງໆ.
map-areas = ເຂດ
map-cells = ເຊວ, ລະດັບເມືອງ
map-borders = ບໍ່ໄດ້ແຕ້ມຊາຍແດນ.
map-table = ຕາຕະລາງເຂດ ແລະ ເຊວທັງໝົດ
map-cell = ເຊວ
map-within-km = ພາຍໃນ, ກມ
by-country = ຕາມປະເທດຂອງຜູ້ໃຫ້ບໍລິການ
by-area = ຕາມເຂດ
area = ເຂດ
areas-none = ບໍ່ມີການແຈ້ງເຕືອນທີ່ລະບຸເຂດ.
incidents = ເຫດການ
trend = ແນວໂນ້ມ
trend-tells = ເຫດການຕາມເວລາ; ຫຼາຍສຸດໃນໜຶ່ງຊ່ວງ: { $most }; ຈຳນວນຊ່ວງ: { $steps }
trend-table = ແນວໂນ້ມເປັນຕາຕະລາງ
hours = ຊົ່ວໂມງຂອງມື້ຕາມຮູບແບບ
hours-tell = ເຫດການຕາມຊົ່ວໂມງຂອງໂມງທ່ານ
precision = ຄວາມແມ່ນຍຳ
precision-tells = ໃນສິ່ງທີ່ປະເທດໜຶ່ງຕັດສິນວ່າຈິງ ຫຼື ຜິດ, ສ່ວນທີ່ຈິງ
precision-none = ຍັງບໍ່ມີໃຜຕັດສິນການແຈ້ງເຕືອນໃນຊ່ວງນີ້.
judged-by = ຜູ້ຕັດສິນ

## Campaigns

campaigns-tell = ການແຈ້ງເຕືອນຂອງຫຼາຍຜູ້ໃຫ້ບໍລິການທີ່ເຊື່ອມກັນດ້ວຍສິ່ງທີ່ມີຮ່ວມກັນ.
campaigns-none = ບໍ່ມີຂະບວນການທີ່ກົງ.
campaigns-live = ດຳເນີນຢູ່
campaigns-dissolved = ສະຫຼາຍແລ້ວ
campaigns-all = ທັງໝົດ
campaign = ຂະບວນການ
campaign-holds = ການແຈ້ງເຕືອນ: { $count }
campaign-further = ການແຈ້ງເຕືອນອື່ນທີ່ບໍ່ໄດ້ເກັບໄວ້ທີ່ນີ້: { $count }
campaign-dissolved = ຂະບວນການນີ້ສະຫຼາຍແລ້ວ.
back-to-campaigns = ກັບໄປຂະບວນການທັງໝົດ
alerts = ການແຈ້ງເຕືອນ
countries = ປະເທດ
patterns = ຮູບແບບ
graph = ສິ່ງທີ່ເຊື່ອມກັນ
graph-tells = ແຕ່ລະຈຸດແມ່ນການແຈ້ງເຕືອນ; ເສັ້ນເຊື່ອມສິ່ງທີ່ມີຮ່ວມກັນ. ຊີ້ໃສ່ຈຸດເພື່ອເບິ່ງເພີ່ມ. ຕາຕະລາງລຸ່ມນີ້ບອກຄືກັນ.
zoom-in = ຂະຫຍາຍ
zoom-out = ຫຍໍ້
shared = ສິ່ງທີ່ມີຮ່ວມກັນ
in-alerts = ໃນການແຈ້ງເຕືອນ: { $count }
joined-by = ເຊື່ອມດ້ວຍ
joined-with = ເຊື່ອມກັບ
link-device = ອຸປະກອນ
link-sim = ຊິມ
link-template = ຂໍ້ຄວາມ
link-domain = ໂດເມນ
link-device-range = ເລກເຄື່ອງໃກ້ກັນໃນເຊວດຽວ
link-range-hour = ຊ່ວງເບີ ແລະ ຊົ່ວໂມງ
link-trunk = ສາຍຫຼັກ
link-sender = ຜູ້ສົ່ງ

## Coordination

coordination-tells = ໜຶ່ງອາທິດຂອງທຸກປະເທດ: ມີຫຍັງໃໝ່, ຕອບໄວປານໃດ, ຖືກຕ້ອງເລື້ອຍປານໃດ ແລະ ກຳລັງຂໍຫຍັງຢູ່.
week = ອາທິດ
all-countries = ທຸກປະເທດ
campaigns-new = ຂະບວນການໃໝ່
campaigns-gone = ຂະບວນການທີ່ສະຫຼາຍແລ້ວ
operations-new = ປະຕິບັດການທີ່ສະເໜີ
operations-agreed = ຕົກລົງແລ້ວ
operations-running = ເລີ່ມແລ້ວ
operations-closed = ສິ້ນສຸດແລ້ວ
responses = ເວລາຕອບ
responses-tell = ເຄິ່ງໜຶ່ງພາຍໃນ / ເກົ້າໃນສິບພາຍໃນ (ຈຳນວນ). ຈາກການແຈ້ງເຕືອນຫາຄຳຕອບຂອງປະເທດ; ຈາກຄຳຂໍຫາໃບຮັບຂອງຜູ້ໃຫ້ບໍລິການ. ຈາກການສະເໜີປະຕິບັດການຮ່ວມຫາຄຳຕອບຂອງປະເທດ.
response-acknowledgement = ຮັບຮູ້ແລ້ວ
response-status = ຮັບວຽກແລ້ວ
response-verdict = ຄຳຕັດສິນ
response-receipt = ໃບຮັບຂອງຄຳຂໍ
response-operation = ປະຕິບັດການຮ່ວມ
length-min = { $value } ນາທີ
length-h = { $value } ຊົ່ວໂມງ
length-d = { $value } ມື້
requests-open = ຄຳຂໍທີ່ຍັງເປີດ
requests-none = ຕອນນີ້ບໍ່ມີຄຳຂໍ.
digest-csv = ເປັນຕາຕະລາງ (CSV)
digest-html = ເປັນໜ້າ (HTML)

## Joint operations

page-operations = ປະຕິບັດການຮ່ວມ
operations = ປະຕິບັດການຮ່ວມ
operations-tell = ຫຼາຍປະເທດເຮັດວຽກຮ່ວມກັນຕາມລາຍການດຽວ. ທຸກຄົນໃນຄລັດສະເຕີແລກປ່ຽນອ່ານຊື່, ປະເທດ, ວັນ ແລະ ຂັ້ນຕອນໄດ້.
operations-none = ຍັງບໍ່ມີການສະເໜີປະຕິບັດການຮ່ວມ.
operations-not = ບໍ່ຢູ່ໃນປະຕິບັດການຮ່ວມໃດ.
operation-title = ຊື່
operation-proposer = ສະເໜີໂດຍ
operation-countries = ປະເທດ ແລະ ຄຳຕອບ
operation-stage = ຂັ້ນຕອນ
operation-stage-proposed = ສະເໜີແລ້ວ
operation-stage-agreed = ຕົກລົງແລ້ວ
operation-stage-running = ກຳລັງດຳເນີນ
operation-stage-closed = ສິ້ນສຸດແລ້ວ
operation-day = ວັນທີ່ວາງແຜນ
operation-lead = ໂຕະນຳພາ
operation-answer-accepted = ເຂົ້າຮ່ວມ
operation-answer-declined = ປະຕິເສດ
operation-answer-left = ອອກແລ້ວ
operation-waits = ບໍ່ຕອບມາ { $value }
operation-otherwise = { $organisation } ວ່າ: { $answer }
operation-outcome = ຜົນ
operation-outcome-suspects-handed-over = ສົ່ງມອບຜູ້ຕ້ອງສົງໄສ
operation-outcome-sites-closed = ປິດສະຖານທີ່
operation-outcome-no-result = ບໍ່ມີຜົນ
operation-outcome-withdrawn = ຖອນຄືນ
operation-outcomes-differ = ສິ້ນສຸດດ້ວຍຜົນທີ່ແຕກຕ່າງກັນ. ສະແດງຜົນໃໝ່ສຸດ; ທັງໝົດຢູ່ລຸ່ມນີ້.
operation-suspects = ຜູ້ຕ້ອງສົງໄສ
operation-sites = ສະຖານທີ່
operation-listed = ກ່ຽວກັບຫຍັງ
operation-listed-by = ລົງລາຍການໂດຍ
operation-hidden = ເຫດການທີ່ບໍ່ແມ່ນສຳລັບປະເທດຂອງທ່ານ ຫຼື ບໍ່ຮູ້ຈັກຢູ່ນີ້: { $count }
operation-hidden-campaigns = ຂະບວນການທີ່ທ່ານບໍ່ສາມາດເຫັນ: { $count }
operation-not-listed = ເພີ່ມເກີນທີ່ປະເທດໜຶ່ງລົງໄດ້: { $count }
operation-lists = ເຫດການ: { $incidents }, ຂະບວນການ: { $campaigns }
operation-said = ໃຜວ່າຫຍັງ
operation-left-out = ຂໍ້ຄວາມທີ່ຕັດອອກ ເພາະກ່າວເຖິງເຫດການທີ່ບໍ່ແມ່ນສຳລັບປະເທດຂອງຜູ້ເຮັດ: { $count }
operation-left-unheard = ຂໍ້ຄວາມທີ່ຕັດອອກ ເພາະບໍ່ມີຜົນ: { $count }
operation-no-room = ຂໍ້ຄວາມທີ່ຕັດອອກ ເພາະບໍ່ມີບ່ອນພໍ: { $count }
unheard = ບໍ່ມີຜົນ
unheard-other-proposer = ລະບຸຜູ້ສະເໜີອື່ນ
unheard-not-invited = ປະເທດນີ້ບໍ່ໄດ້ຖືກເຊີນ
unheard-not-in-it = ຕອນນັ້ນປະເທດນີ້ບໍ່ໄດ້ເຂົ້າຮ່ວມ
unheard-too-few = ມີປະເທດເຂົ້າຮ່ວມໜ້ອຍກວ່າສອງ
unheard-closed = ປະຕິບັດການສິ້ນສຸດກ່ອນແລ້ວ
do-propose = ສະເໜີປະຕິບັດການຮ່ວມ
propose-means = ທຸກຄົນໃນຄລັດສະເຕີແລກປ່ຽນອ່ານທັນທີ ບໍ່ວ່າຖືກເຊີນຫຼືບໍ່. ຊື່ບໍ່ລະບຸຜູ້ໃດ ແລະ ບໍ່ມີເບີຂອງບຸກຄົນ; ຢ່າຂຽນສະຖານທີ່ຫຼືເວລາທີ່ຈະເຕືອນໃຫ້ຄົນຮູ້.
operation-invite = ປະເທດທີ່ເຊີນ
do-add = ເພີ່ມໃສ່ປະຕິບັດການຮ່ວມ
add-means = ທຸກປະເທດອ່ານໄດ້. ມັນຢູ່ໃນລາຍການຕໍ່ໄປ ເຖິງແມ່ນປະເທດຂອງທ່ານຈະອອກ.
do-accept = ເຂົ້າຮ່ວມ
do-decline = ປະຕິເສດ
do-leave = ອອກ
do-run = ເລີ່ມ
do-close = ສິ້ນສຸດ
operation-reason = ເຫດຜົນ
operation-which = ອັນໃດ
back-to-coordination = ກັບໄປການປະສານງານ

## Sources

sources = ຜູ້ໃຫ້ບໍລິການທີ່ໄດ້ຮັບຂໍ້ມູນ
sources-none = ຍັງບໍ່ໄດ້ຮັບຂໍ້ມູນຈາກໃຜ.
unattributed = ຖືກປະຕິເສດ, ບໍ່ຮູ້ຜູ້ສົ່ງ
last-sequence = ລຳດັບລ່າສຸດ
missing = ຂາດຫາຍ
gaps = { $missing } ຈາກຊ່ອງວ່າງ: { $gaps }
last-published = ການແຈ້ງເຕືອນລ່າສຸດ
rejected = ປະຕິເສດ
signing-key = ກະແຈ
quiet-source = ງຽບໜຶ່ງມື້
topics = ຫົວຂໍ້
topic = ຫົວຂໍ້
read-to = ອ່ານເຖິງ
behind = ຊ້າກວ່າ
looked = ເບິ່ງລ່າສຸດ
refused-form = ບໍ່ແມ່ນການແຈ້ງເຕືອນ
refused-unknown-key = ກະແຈບໍ່ຮູ້ຈັກ
refused-changed-bytes = ເນື້ອໃນຖືກແກ້
refused-changed-header = ສ່ວນຫົວຖືກແກ້
refused-expired-key = ກະແຈໝົດອາຍຸ
refused-revoked-key = ກະແຈຖືກຖອນ
refused-foreign-source = ກະແຈຂອງແຫຼ່ງອື່ນ
refused-future = ເວລາລ່ວງໜ້າ
refused-published-back = ເວລາກ່ອນການແຈ້ງເຕືອນກ່ອນໜ້າ
refused-sequence-jump = ລຳດັບຂ້າມໄກເກີນໄປ
refused-sequence-conflict = ລຳດັບຊ້ຳ, ເນື້ອໃນຕ່າງກັນ
refused-sequence-back = ລຳດັບຖອຍຫຼັງ
refused-sources = ແຫຼ່ງຫຼາຍເກີນໄປ
refused-expired = ເກີນກຳນົດດຳເນີນການ

## Audit

audit-tells = ສິ່ງທີ່ເປີດ ແລະ ແຈ້ງຈາກຄອນໂຊນນີ້. ແຕ່ລະລາຍການມີແຮດຂອງລາຍການກ່ອນ.
audit-verify = ກວດສອບລະບົບຕ່ອງໂສ້
audit-whole = ຕ່ອງໂສ້ສົມບູນ. ລາຍການ: { $count }. ຫົວຕ່ອງໂສ້:
audit-broken = ຕ່ອງໂສ້ຂາດ. ລາຍການທີ່ອ່ານໄດ້: { $count }.
audit-none = ຍັງບໍ່ມີການບັນທຶກ.
audit-refused-request = ຄຳຂໍທີ່ຖືກປະຕິເສດ
audit-head-number = ເລກທີ
audit-head-at = ເວລາ
audit-head-user = ຜູ້ໃຊ້
audit-head-action = ການກະທຳ
audit-head-about = ກ່ຽວກັບ
audit-head-case = ຄະດີ
audit-head-outcome = ຜົນ

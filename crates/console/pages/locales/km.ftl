### The console's own texts; those of alerts are in crates/alert/locales/.
### NOT REVIEWED by a native reader, as those of alerts.

## Frame

page-now = ឥឡូវនេះ
page-bar-list = បញ្ជីបិទលេខ
page-incident = ហេតុការណ៍
page-figures = ផែនទី និងតួលេខ
page-campaigns = យុទ្ធនាការ
page-coordination = ការសម្របសម្រួល
page-sources = ប្រភព
page-audit = កំណត់ហេតុសវនកម្ម
page-sign-in = ចូល
pages = ទំព័រ
skip = រំលងទៅខ្លឹមសារ
desk-of = តុការងាររបស់ { $carrier }
choose-language = ភាសា
theme = ភ្លឺ ឬងងឹត
theme-auto = តាមប្រព័ន្ធ
theme-light = ភ្លឺ
theme-dark = ងងឹត
sign-in = ចូល
sign-in-by = ចូលតាម { $provider }
sign-in-here = ឬដោយឈ្មោះ និងពាក្យសម្ងាត់របស់កុងសូលនេះ
sign-out = ចេញ
user-name = ឈ្មោះអ្នកប្រើ
password = ពាក្យសម្ងាត់
user-role-viewer = អ្នកមើល
user-role-investigator = អ្នកស៊ើបអង្កេត
user-role-liaison = មន្ត្រីទំនាក់ទំនង
user-role-auditor = សវនករ
user-role-analyst = អ្នកវិភាគការក្លែងបន្លំ
clock = ម៉ោងតាម { $zone }; ចង្អុលលើម៉ោងដើម្បីមើល UTC
close = បិទ
send = ផ្ញើ
again = ព្យាយាមម្តងទៀត
print = បោះពុម្ព
state-loading = កំពុងផ្ទុក …

## Keys

keys = គ្រាប់ចុច
keys-on = បើកគ្រាប់ចុច
key-next = ការជូនដំណឹងបន្ទាប់
key-before = ការជូនដំណឹងមុន
key-enter = បើក
key-esc = ថយក្រោយ
key-search = ស្វែងរក
key-help = ជំនួយនេះ

## Countries

country-CN = ចិន
country-KH = កម្ពុជា
country-LA = ឡាវ
country-MM = មីយ៉ាន់ម៉ា
country-TH = ថៃ
country-VN = វៀតណាម

## Trouble

error-unreachable = មិនអាចភ្ជាប់ទៅម៉ាស៊ីនមេបានទេ។
error-signed-out = អ្នកបានចេញហើយ។ សូមចូលម្តងទៀត។
error-wrong-password = ឈ្មោះ ឬពាក្យសម្ងាត់មិនត្រឹមត្រូវ។
error-forbidden = តួនាទីរបស់អ្នកមិនអាចធ្វើវាបានទេ។
error-csrf = ទំព័រនេះហួសសម័យហើយ។ សូមផ្ទុកឡើងវិញ។
error-not-found = គ្មានអ្វីនៅអាសយដ្ឋាននេះទេ។
error-method = គ្មានសំណើបែបនេះទេ។
error-form = មានកន្លែងមិនត្រឹមត្រូវក្នុងទម្រង់។ អត្ថបទមិនត្រូវបញ្ជាក់អត្តសញ្ញាណនរណាទេ៖ មិនលើសពីប្រាំបីខ្ទង់ជាប់គ្នា។
error-too-many = សំណើច្រើនពេក។ សូមរង់ចាំបន្តិច។
error-too-large = វែងពេក។
error-not-set-up = កុងសូលនេះគ្មានសោសម្រាប់កិច្ចការនោះទេ។
error-exchange-away = មិនអាចភ្ជាប់ទៅកន្លែងផ្លាស់ប្តូរបានទេ។ មិនទាន់បានផ្ញើអ្វីទេ។
error-home-away = មិនអាចភ្ជាប់ទៅចង្កោមក្នុងស្រុកបានទេ។ មិនទាន់បានបើក ឬរាយអ្វីទេ។
error-holds-untold = មិនអាចដឹងថាការផ្អាកណាមានប្រសិទ្ធភាពទេ ដូច្នេះគ្មានអ្វីត្រូវបានរាយទេ។ មូលហេតុនៅក្នុងកំណត់ហេតុរបស់កុងសូល។
error-starting = កុងសូលកំពុងអានប្រធានបទនៅឡើយ។ សូមព្យាយាមម្តងទៀតបន្តិចទៀត។
error-fault = ម៉ាស៊ីនមេមានកំហុស។ ព័ត៌មានលម្អិតនៅក្នុងកំណត់ហេតុរបស់វា។
error-no-role = អ្នកផ្តល់អត្តសញ្ញាណស្គាល់អ្នក ប៉ុន្តែកុងសូលនេះមិនផ្តល់តួនាទីឱ្យអ្នកទេ។ សូមសួរអ្នកគ្រប់គ្រងវា។
error-provider-away = មិនអាចភ្ជាប់ទៅអ្នកផ្តល់អត្តសញ្ញាណបានទេ។ សូមព្យាយាមម្តងទៀតបន្តិចទៀត ឬចូលដោយឈ្មោះ និងពាក្យសម្ងាត់របស់កុងសូលនេះ។
error-provider-denied = អ្នកផ្តល់អត្តសញ្ញាណមិនអនុញ្ញាតឱ្យអ្នកចូលទេ។
error-provider-unbelieved = អ្វីដែលអ្នកផ្តល់អត្តសញ្ញាណផ្ញើមកមិនអាចជឿបានទេ៖ គ្មាននរណាបានចូលទេ។ មូលហេតុមានក្នុងកំណត់ហេតុរបស់កុងសូល។
error-sign-in-over = ការចូលនោះហួសពេលហើយ៖ លើសពីដប់នាទី ត្រឡប់មកពីរដង ឬបានចាប់ផ្តើមក្នុងកម្មវិធីរុករកផ្សេង។ សូមចាប់ផ្តើមម្តងទៀត។
error-other = ម៉ាស៊ីនមេបានបដិសេធ៖ { $code }

## Now

now-none = មិនទាន់មានការជូនដំណឹងទេ។ វានឹងបង្ហាញនៅទីនេះដោយខ្លួនឯង។
now-none-filtered = គ្មានការជូនដំណឹងត្រូវនឹងតម្រងទេ។
now-too-broad = ការជូនដំណឹងត្រូវនឹងការស្វែងរកនេះច្រើនពេក។ សូមវាយបន្ថែម។
now-more = បង្ហាញអ្វីដែលចាស់ជាង
now-held = ផ្អាកពេលអ្នកអាន
now-waiting = កំពុងរង់ចាំ៖ { $count }
now-lag = មិនទាន់អាន៖ { $count }
now-alike = ស្រដៀងគ្នា៖ { $count }
line-live = ផ្ទាល់
line-away = បាត់ការតភ្ជាប់ កំពុងព្យាយាមឡើងវិញ
line-starting = កំពុងភ្ជាប់
filters = តម្រង
filter-q = ស្វែងរក៖ លេខសម្គាល់ ថូខឹន លេខ ដូមេន
filter-country = ប្រទេស
filter-source = ប្រភព
filter-pattern = គំរូ
filter-severity = យ៉ាងតិច
filter-state = ស្ថានភាព
filter-work = ការងាររបស់យើង
filter-group = ដាក់អ្វីស្រដៀងជាក្រុម
filter-all = ទាំងអស់
filter-none = សម្អាតតម្រង
state-open = បើក
state-closed = បានបិទ
state-cancelled = បានដកវិញ
stage-new = ថ្មី
stage-acknowledged = បានទទួលដឹង
stage-investigating = កំពុងស៊ើបអង្កេត
stage-joint-operation = ប្រតិបត្តិការរួម
stage-referred = បានបញ្ជូនបន្ត
stage-disputed = មានជំទាស់
seen-by = បានឃើញដោយ
severity = កម្រិតធ្ងន់ធ្ងរ

## Incident

back-to-now = ត្រឡប់ទៅការជូនដំណឹងទាំងអស់
not-actual = នេះមិនមែនជាករណីពិតទេ៖ { $status }។
taken-back = អ្នកផ្សាយបានដកវិញ។ មូលហេតុ៖ { $reason }។ អ្នកសម្រេច៖ { $persons }។
goes-on-in = ហេតុការណ៍នេះជាផ្នែកនៃហេតុការណ៍មួយទៀត ហើយបន្តនៅទីនោះ៖
hold-in-force = ការផ្អាកមានប្រសិទ្ធភាពដល់ { $until } សំណុំរឿង { $case }៖ មិនបិទលេខ មិនជូនដំណឹងអ្នកប្រើ។
verdicts-differ = សេចក្តីវិនិច្ឆ័យរបស់ប្រទេសនានាខុសគ្នា។ ទាំងអស់មាននៅខាងក្រោម។
why = ហេតុអ្វី
facts = ព័ត៌មាន
fact-events = ព្រឹត្តិការណ៍
fact-published = ផ្សាយនៅ
fact-actionable = ចាត់វិធានការត្រឹម
fact-producer = ប្រតិបត្តិករ
fact-place = ទីកន្លែង
fact-contact = ទំនាក់ទំនង
fact-handling = លក្ខខណ្ឌប្រើប្រាស់
fact-retain = លុបក្រោយ
fact-id = ហេតុការណ៍
expired = ផុតកំណត់
confidence = ទំនុកចិត្ត { $value } លើ 100
entities = នរណា និងអ្វី
entity-head-role = តួនាទី
entity-head-type = ប្រភេទ
entity-head-value = តម្លៃមើលឃើញ
entity-head-country = ប្រទេស
entity-head-holder = អ្នកកាន់ក្រុមលេខ
entity-head-token = ថូខឹន
open-value = បើកតម្លៃ
open-means = ការបើកត្រូវបានកត់ក្នុងកំណត់ហេតុសវនកម្ម ជាមួយសំណុំរឿងដែលប្រើ។
impersonated-means = ត្រូវបានក្លែងបន្លំ៖ លេខនេះគ្រាន់តែបង្ហាញដល់អ្នកទទួល ហើយម្ចាស់លេខជាជនរងគ្រោះ មិនមែនជនសង្ស័យទេ។
case-reference = លេខសំណុំរឿង
said = អ្វីដែលប្រទេសនីមួយៗបាននិយាយ
said-none = មិនទាន់មានប្រទេសណានិយាយអ្វីទេ។
said-order = តាមលំដាប់
said-head-country = ប្រទេស
said-head-acknowledged = បានទទួលដឹង
said-head-stage = ការងារ
said-head-verdict = សេចក្តីវិនិច្ឆ័យ
disputes = ជំទាស់
requests = សំណើទៅប្រតិបត្តិករ
request-head-measure = សំណើ
request-head-by = ស្នើដោយ
request-head-case = សំណុំរឿង
request-head-until = រហូតដល់
request-head-answer = បង្កាន់ដៃ
unanswered = មិនទាន់ឆ្លើយ
in-force = មានសុពលភាព
ended = បានបញ្ចប់
hours-left = ម៉ោងនៅសល់៖ { $count }
days-left = ថ្ងៃនៅសល់៖ { $count }
kind-acknowledgement = បានទទួលដឹង
kind-status = ការងារ
kind-verdict = សេចក្តីវិនិច្ឆ័យ
kind-comment = មតិ
kind-request = សំណើ
kind-receipt = បង្កាន់ដៃ
kind-suppression = ការបិទមិនឱ្យជូនដំណឹង
kind-cancel = ការដកវិញ
kind-operation = សំណើប្រតិបត្តិការរួម
kind-operation-answer = ចម្លើយ
kind-operation-addition = ការបន្ថែមក្នុងបញ្ជី
kind-operation-stage = ដំណាក់កាល
measure-preserve = រក្សាទុកកំណត់ត្រា
measure-hold = ផ្អាក៖ មិនបិទលេខ មិនជូនដំណឹង
outcome-accepted = បានទទួលយក
outcome-refused = បានបដិសេធ
outcome-asked = បានស្នើ
outcome-done = រួចរាល់
outcome-failed = បរាជ័យ
verdict-0 = មិនស្គាល់
verdict-1 = ជូនដំណឹងខុស
verdict-2 = ពិតប្រាកដ
verdict-3 = មិនយកជាការ
verdict-4 = គួរឱ្យសង្ស័យ
verdict-5 = គ្មានគ្រោះថ្នាក់
verdict-6 = ការសាកល្បង
verdict-7 = ទិន្នន័យមិនគ្រប់
verdict-8 = ហានិភ័យសន្តិសុខ
verdict-9 = គ្រប់គ្រងនៅកន្លែងផ្សេង
verdict-10 = ស្ទួន
verdict-99 = ផ្សេងទៀត
verdict-rest = ផ្សេងទៀត
revisions = កំណែនានា
revision-tells = កំណែ { $revision } · ពិន្ទុ { $score } · ធាតុ { $entities }
evidence = ភស្តុតាង
evidence-tells = ចំនួនឯកសារយោងកំណត់ត្រានៅប្រតិបត្តិករ៖ { $count }។ កំណត់ត្រានៅទីនោះ ហើយត្រូវយកតាមសំណុំរឿង។
evidence-line = បន្ទាត់នៅប្រតិបត្តិករ (ប្រធានបទ / ភាគ / អុហ្វសិត)
evidence-root = ឫស Merkle
evidence-kept = រក្សាទុកដល់
evidence-signed = ចុះហត្ថលេខាដោយសោ
evidence-alert = ការជូនដំណឹងនេះ (ប្រធានបទ / អុហ្វសិត)
evidence-pattern = គំរូ និងហាសរបស់វា
sequence = លេខលំដាប់
related = ហេតុការណ៍ពាក់ព័ន្ធ
related-none = មិនស្គាល់អ្វីពាក់ព័ន្ធទេ។
in-campaign = ជាផ្នែកនៃយុទ្ធនាការ ចំនួនការជូនដំណឹង៖ { $count }
why-token = មានថូខឹនដូចគ្នា
why-link = បានបញ្ជាក់ដោយប្រតិបត្តិករ
why-campaign = យុទ្ធនាការតែមួយ

## Acts

acts = អ្វីដែលអ្នកអាចធ្វើ
acts-mean = អ្វីដែលនិយាយនៅទីនេះត្រូវចុះហត្ថលេខាក្នុងនាម { $writer } ហើយគ្រប់ប្រទេសអាចអានបាន។
act-said = បានផ្ញើ។ វានឹងបង្ហាញខាងក្រោមពេលកន្លែងផ្លាស់ប្តូរទទួលបាន។
do-acknowledge = ទទួលដឹង
do-take = ទទួលយកសំណុំរឿង
do-joint = ប្រតិបត្តិការរួម
do-refer = បញ្ជូនបន្ត
do-verdict = សេចក្តីវិនិច្ឆ័យ
do-comment = មតិ
do-preserve = រក្សាទុកកំណត់ត្រា
do-hold = ស្នើផ្អាក
verdict-means = សេចក្តីវិនិច្ឆ័យរបស់អ្នកនៅក្បែររបស់អ្នកដទៃ។ ការជូនដំណឹងខុសធ្វើឱ្យហេតុការណ៍មានជំទាស់សម្រាប់គ្រប់ប្រទេស។
comment-means = មួយបន្ទាត់ យ៉ាងច្រើន 500 បៃ គ្រប់ប្រទេសអានបាន។ គ្មានលេខរបស់បុគ្គលទេ។
preserve-means = ប្រតិបត្តិកររក្សាទុកកំណត់ត្រានៃហេតុការណ៍នេះ ហើយឆ្លើយដោយបង្កាន់ដៃ។
hold-means = ប្រតិបត្តិករមិនបិទលេខ និងមិនជូនដំណឹងអ្នកប្រើទេ យ៉ាងយូរ 14 ថ្ងៃ។ វាអាចបដិសេធដោយមានមូលហេតុ។
days = ថ្ងៃ

## Dossier

dossier = សំណុំឯកសារករណី
dossier-means = ឯកសារមួយមានហត្ថលេខា សម្រាប់អ្នកទទួលបន្តសំណុំរឿង៖ ការជូនដំណឹង អ្វីដែលបាននិយាយ សោ អ្នកដែលបានបើក និងនាំចេញ ព្រមទាំងសេចក្តីសង្ខេបអាចបោះពុម្ពជាពីរភាសា។ ការបង្កើតត្រូវបានកត់ក្នុងកំណត់ហេតុសវនកម្ម។
dossier-languages = ភាសានៃសេចក្តីសង្ខេប
dossier-no-proof = អ្វីដែលកម្មវិធីបានរកឃើញក្នុងចរាចរ និងអ្វីដែលអាជ្ញាធរបាននិយាយ៖ ជាការសង្ស័យ មិនមែនភស្តុតាងទេ។ លេខត្រូវបានបិទបាំង និងជំនួសដោយសញ្ញាសម្គាល់។ ពេលវេលាជា UTC។
dossier-made = បានបង្កើតនៅ
dossier-made-by = បង្កើតដោយ
dossier-left-out = ហេតុការណ៍ដែលមិនបានដាក់បញ្ចូល
dossier-suspects = ជនសង្ស័យ
dossier-used = ឧបករណ៍ និងមធ្យោបាយផ្សេងទៀតដែលបានប្រើ
dossier-innocent = អ្នកត្រូវបានក្លែងបន្លំ និងជនរងគ្រោះ៖ មិនមែនជនសង្ស័យ
dossier-custody = ខ្សែសង្វាក់នៃការថែរក្សា
dossier-keys = សោដែលបានចុះហត្ថលេខា
dossier-holder = អ្នកកាន់
dossier-valid = សុពលភាព
dossier-signed = ចំនួនហត្ថលេខា
key-state-valid = មានសុពលភាព
key-state-expired = ផុតកំណត់
key-state-revoked = ត្រូវបានដកហូត

## A carrier's own desk

subscribers = អ្នកជាវ
subscribers-tell = អ្នកដែលបន្ទាត់របស់ប្រតិបត្តិករផ្ទាល់បញ្ជាក់ឈ្មោះ។ បិទបាំងរហូតដល់បើកសម្រាប់សំណុំរឿង។
subscribers-none = គ្មានបន្ទាត់ក្នុងស្រុកនៃហេតុការណ៍នេះត្រូវបានរក្សាទុកទេ។
subscribers-gone = បន្ទាត់ក្នុងស្រុកដែលលែងរក្សាទុក៖ { $count }
home-line = បន្ទាត់ក្នុងស្រុក
bar-list-tells = អ្នកដែលត្រូវបិទ៖ អ្នកហៅ និងស៊ីមផ្ទាល់ខ្លួនដែលធ្វើសកម្មភាពក្នុងអ្វីដែលបានចែករំលែក ហើយមិនបានដកវិញ។ អ្នកដែលការផ្អាកការពារ មិនត្រូវបានរាយទេ។
bar-list-make = បង្កើតបញ្ជី
bar-list-means = បញ្ជីនេះបង្ហាញអ្នកជាវដោយច្បាស់។ ការបង្កើតត្រូវបានកត់ក្នុងកំណត់ហេតុសវនកម្ម ជាមួយសំណុំរឿងដែលប្រើ។
bar-list-days = ចំនួនថ្ងៃថយក្រោយ
bar-list-made = បានរាយ៖ { $listed }។ មិនបានរាយដោយសារការផ្អាក៖ { $left }។
bar-list-left = មិនបានរាយដោយសារការផ្អាក

## Figures

span = រយៈពេល
span-day = 24 ម៉ោង
span-week = 7 ថ្ងៃ
span-month = 30 ថ្ងៃ
span-quarter = 90 ថ្ងៃ
figures-none = គ្មានការជូនដំណឹងក្នុងរយៈពេលនេះទេ។
figures-days = តំបន់ កោសិកា និងជនរងគ្រោះដែលអាចមាន រាប់តាមថ្ងៃពេញ (UTC) អ្វីផ្សេងទៀតរាប់តាមម៉ោង
map = ផែនទី
map-tells = ផែនទីនៃប្រទេសប្រាំមួយ។ តំបន់មានការជូនដំណឹង៖ { $areas }; កោសិកា៖ { $cells }។ ចំនួនមាននៅតារាងខាងៗ។
map-areas = តំបន់
map-cells = កោសិកា ត្រឹមស្រុក
map-borders = មិនគូសព្រំដែនទេ។
map-table = តារាងនៃតំបន់ និងកោសិកាទាំងអស់
map-cell = កោសិកា
map-within-km = ក្នុងរង្វង់ គ.ម.
by-country = តាមប្រទេសរបស់ប្រតិបត្តិករ
by-area = តាមតំបន់
area = តំបន់
areas-none = គ្មានការជូនដំណឹងបញ្ជាក់តំបន់ទេ។
incidents = ហេតុការណ៍
trend = និន្នាការ
trend-tells = ហេតុការណ៍តាមពេលវេលា; ច្រើនបំផុតក្នុងមួយជំហាន៖ { $most }; ជំហាន៖ { $steps }
trend-table = និន្នាការជាតារាង
hours = ម៉ោងក្នុងថ្ងៃតាមគំរូ
hours-tell = ហេតុការណ៍តាមម៉ោងនៃនាឡិការបស់អ្នក
precision = ភាពត្រឹមត្រូវ
precision-tells = ក្នុងចំណោមអ្វីដែលប្រទេសមួយវិនិច្ឆ័យថាពិត ឬខុស ចំណែកដែលពិត
precision-none = មិនទាន់មាននរណាវិនិច្ឆ័យការជូនដំណឹងក្នុងរយៈពេលនេះទេ។
judged-by = វិនិច្ឆ័យដោយ

## Campaigns

campaigns-tell = ការជូនដំណឹងរបស់ប្រតិបត្តិករច្រើន ដែលទាក់ទងគ្នាដោយអ្វីដែលមានរួម។
campaigns-none = គ្មានយុទ្ធនាការត្រូវគ្នាទេ។
campaigns-live = កំពុងដំណើរការ
campaigns-dissolved = បានរំលាយ
campaigns-all = ទាំងអស់
campaign = យុទ្ធនាការ
campaign-holds = ការជូនដំណឹង៖ { $count }
campaign-further = ការជូនដំណឹងផ្សេងទៀតដែលមិនរក្សាទុកនៅទីនេះ៖ { $count }
campaign-dissolved = យុទ្ធនាការនេះបានរំលាយហើយ។
back-to-campaigns = ត្រឡប់ទៅយុទ្ធនាការទាំងអស់
alerts = ការជូនដំណឹង
countries = ប្រទេស
patterns = គំរូ
graph = អ្វីដែលទាក់ទងគ្នា
graph-tells = ចំណុចនីមួយៗជាការជូនដំណឹង; ខ្សែភ្ជាប់អ្វីដែលមានរួម។ ចង្អុលលើចំណុចដើម្បីមើលបន្ថែម។ តារាងខាងក្រោមប្រាប់ដូចគ្នា។
zoom-in = ពង្រីក
zoom-out = បង្រួម
shared = អ្វីដែលមានរួម
in-alerts = ក្នុងការជូនដំណឹង៖ { $count }
joined-by = ភ្ជាប់ដោយ
joined-with = ភ្ជាប់ជាមួយ
link-device = ឧបករណ៍
link-sim = ស៊ីម
link-template = គំរូសារ
link-domain = ដូមេន
link-device-range = លេខស៊េរីឧបករណ៍ជិតគ្នាក្នុងកោសិកាមួយ
link-range-hour = ក្រុមលេខ និងម៉ោង
link-trunk = ខ្សែបណ្តាញ
link-sender = អ្នកផ្ញើ

## Coordination

coordination-tells = មួយសប្ដាហ៍នៃប្រទេសទាំងអស់៖ អ្វីដែលថ្មី ការឆ្លើយតបលឿនប៉ុនណា ត្រឹមត្រូវប៉ុនណា និងអ្វីដែលកំពុងស្នើសុំ។
week = សប្ដាហ៍
all-countries = ប្រទេសទាំងអស់
campaigns-new = យុទ្ធនាការថ្មី
campaigns-gone = យុទ្ធនាការដែលបានរំលាយ
operations-new = ប្រតិបត្តិការដែលបានស្នើ
operations-agreed = បានព្រមព្រៀង
operations-running = បានចាប់ផ្ដើម
operations-closed = បានបញ្ចប់
responses = រយៈពេលឆ្លើយតប
responses-tell = ពាក់កណ្ដាលក្នុងរយៈពេល / ប្រាំបួនក្នុងដប់ក្នុងរយៈពេល (ចំនួន)។ ពីការជូនដំណឹងដល់ចម្លើយរបស់ប្រទេស; ពីសំណើដល់បង្កាន់ដៃរបស់ក្រុមហ៊ុន។ ពីសំណើប្រតិបត្តិការរួមដល់ចម្លើយរបស់ប្រទេស។
response-acknowledgement = បានទទួលដឹង
response-status = បានទទួលយក
response-verdict = សាលក្រម
response-receipt = បង្កាន់ដៃនៃសំណើ
response-operation = ប្រតិបត្តិការរួម
length-min = { $value } នាទី
length-h = { $value } ម៉ោង
length-d = { $value } ថ្ងៃ
requests-open = សំណើដែលនៅបើក
requests-none = ឥឡូវគ្មានសំណើទេ។
digest-csv = ជាតារាង (CSV)
digest-html = ជាទំព័រ (HTML)

## Joint operations

page-operations = ប្រតិបត្តិការរួម
operations = ប្រតិបត្តិការរួម
operations-tell = ប្រទេសច្រើនធ្វើការរួមគ្នាតាមបញ្ជីតែមួយ។ អ្នកទាំងអស់នៅលើកន្លែងផ្លាស់ប្តូរអាចអានចំណងជើង ប្រទេស ថ្ងៃ និងដំណាក់កាល។
operations-none = មិនទាន់មានការស្នើប្រតិបត្តិការរួមទេ។
operations-not = មិនស្ថិតក្នុងប្រតិបត្តិការរួមណាមួយទេ។
operation-title = ចំណងជើង
operation-proposer = ស្នើដោយ
operation-countries = ប្រទេស និងចម្លើយ
operation-stage = ដំណាក់កាល
operation-stage-proposed = បានស្នើ
operation-stage-agreed = បានព្រមព្រៀង
operation-stage-running = កំពុងដំណើរការ
operation-stage-closed = បានបញ្ចប់
operation-day = ថ្ងៃគ្រោងទុក
operation-lead = តុដឹកនាំ
operation-answer-accepted = ចូលរួម
operation-answer-declined = បានបដិសេធ
operation-answer-left = បានចាកចេញ
operation-waits = គ្មានចម្លើយ { $value }
operation-otherwise = { $organisation } បាននិយាយ៖ { $answer }
operation-outcome = លទ្ធផល
operation-outcome-suspects-handed-over = បានប្រគល់ជនសង្ស័យ
operation-outcome-sites-closed = បានបិទទីតាំង
operation-outcome-no-result = គ្មានលទ្ធផល
operation-outcome-withdrawn = បានដកវិញ
operation-outcomes-differ = វាត្រូវបានបញ្ចប់ដោយលទ្ធផលខុសគ្នា។ បង្ហាញលទ្ធផលថ្មីបំផុត ទាំងអស់មាននៅខាងក្រោម។
operation-suspects = ជនសង្ស័យ
operation-sites = ទីតាំង
operation-listed = អំពីអ្វី
operation-listed-by = បានដាក់ដោយ
operation-hidden = ហេតុការណ៍ដែលមិនមែនសម្រាប់ប្រទេសអ្នក ឬមិនស្គាល់នៅទីនេះ៖ { $count }
operation-hidden-campaigns = យុទ្ធនាការដែលអ្នកមិនអាចមើលបាន៖ { $count }
operation-not-listed = បន្ថែមលើសចំនួនដែលប្រទេសមួយអាចដាក់៖ { $count }
operation-lists = ហេតុការណ៍៖ { $incidents }, យុទ្ធនាការ៖ { $campaigns }
operation-said = អ្នកណានិយាយអ្វី
operation-left-out = សារដែលត្រូវដកចេញ ព្រោះវាដាក់ឈ្មោះហេតុការណ៍ដែលមិនមែនសម្រាប់ប្រទេសរបស់អ្នកធ្វើឯកសារនេះ៖ { $count }
operation-left-unheard = សារដែលត្រូវដកចេញ ព្រោះគ្មានប្រសិទ្ធភាព៖ { $count }
operation-no-room = សារដែលត្រូវដកចេញ ព្រោះគ្មានទំហំគ្រប់គ្រាន់៖ { $count }
unheard = គ្មានប្រសិទ្ធភាព
unheard-other-proposer = ដាក់ឈ្មោះអ្នកស្នើផ្សេង
unheard-not-invited = ប្រទេសនេះមិនត្រូវបានអញ្ជើញ
unheard-not-in-it = ពេលនោះប្រទេសនេះមិនបានចូលរួម
unheard-too-few = មានប្រទេសចូលរួមតិចជាងពីរ
unheard-closed = ប្រតិបត្តិការត្រូវបានបញ្ចប់មុននេះ
do-propose = ស្នើប្រតិបត្តិការរួម
propose-means = អ្នកទាំងអស់នៅលើកន្លែងផ្លាស់ប្តូរអានវាភ្លាម ទោះបានអញ្ជើញឬអត់។ ចំណងជើងមិនដាក់ឈ្មោះអ្នកណា និងគ្មានលេខរបស់បុគ្គល កុំសរសេរទីកន្លែង ឬម៉ោងដែលអាចធ្វើឱ្យគេដឹងខ្លួន។
operation-invite = ប្រទេសដែលត្រូវអញ្ជើញ
do-add = បន្ថែមទៅប្រតិបត្តិការរួម
add-means = គ្រប់ប្រទេសអានបាន។ វានៅក្នុងបញ្ជី ទោះប្រទេសអ្នកចាកចេញក៏ដោយ។
do-accept = ចូលរួម
do-decline = បដិសេធ
do-leave = ចាកចេញ
do-run = ចាប់ផ្ដើម
do-close = បញ្ចប់
operation-reason = មូលហេតុ
operation-which = មួយណា
back-to-coordination = ត្រឡប់ទៅការសម្របសម្រួល

## Sources

sources = ប្រតិបត្តិករដែលបានទទួល
sources-none = មិនទាន់បានទទួលពីប្រតិបត្តិករណាទេ។
unattributed = បានបដិសេធ មិនស្គាល់អ្នកផ្ញើ
last-sequence = លេខចុងក្រោយ
missing = បាត់
gaps = { $missing } ក្នុងចន្លោះ៖ { $gaps }
last-published = ការជូនដំណឹងចុងក្រោយ
rejected = បានបដិសេធ
signing-key = សោ
quiet-source = ស្ងាត់មួយថ្ងៃ
topics = ប្រធានបទ
topic = ប្រធានបទ
read-to = បានអានដល់
behind = យឺត
looked = មើលចុងក្រោយ
refused-form = មិនមែនការជូនដំណឹង
refused-unknown-key = សោមិនស្គាល់
refused-changed-bytes = ខ្លឹមសារត្រូវបានកែ
refused-changed-header = បឋមកថាត្រូវបានកែ
refused-expired-key = សោផុតកំណត់
refused-revoked-key = សោត្រូវបានដកហូត
refused-foreign-source = សោរបស់ប្រភពផ្សេង
refused-future = ពេលវេលាលើសមុន
refused-published-back = ពេលវេលាមុនការជូនដំណឹងមុន
refused-sequence-jump = លេខលោតឆ្ងាយពេក
refused-sequence-conflict = លេខស្ទួន ខ្លឹមសារផ្សេង
refused-sequence-back = លេខថយក្រោយ
refused-sources = ប្រភពច្រើនពេក
refused-expired = ហួសពេលចាត់វិធានការ

## Audit

audit-tells = អ្វីដែលបានបើក និងនិយាយពីកុងសូលនេះ។ ធាតុនីមួយៗមានហាសនៃធាតុមុន។
audit-verify = ផ្ទៀងផ្ទាត់ខ្សែសង្វាក់
audit-whole = ខ្សែសង្វាក់ពេញលេញ។ ធាតុ៖ { $count }។ ក្បាល៖
audit-broken = ខ្សែសង្វាក់ដាច់។ ធាតុដែលអានបាន៖ { $count }។
audit-none = មិនទាន់មានកំណត់អ្វីទេ។
audit-refused-request = សំណើដែលត្រូវបានបដិសេធ
audit-head-number = ល.រ.
audit-head-at = ពេលវេលា
audit-head-user = អ្នកប្រើ
audit-head-action = សកម្មភាព
audit-head-about = អំពី
audit-head-case = សំណុំរឿង
audit-head-outcome = លទ្ធផល

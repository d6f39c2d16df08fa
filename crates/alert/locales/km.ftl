### Alerts in words. Shared by the command line and the console.
### NOT REVIEWED by a native reader: whoever has read it takes `unreviewed` out and puts a name and a date here.

## What the language calls itself

language = ខ្មែរ

## A value against its limit, as a sentence

reason = { $what }៖ { $value }; កម្រិតកំណត់គឺ { $limit }។
what-in-period = { $what } { $period }
period-2h = ក្នុងរយៈពេលពីរម៉ោង
period-4h = ក្នុងរយៈពេលបួនម៉ោង
period-6h = ក្នុងរយៈពេលប្រាំមួយម៉ោង
period-day = ក្នុងមួយថ្ងៃ

## Values with their units

unit-s = { $value } វិនាទី
unit-km = { $value } គ.ម.
unit-kmh = { $value } គ.ម./ម៉ោង
unit-d = { $value } ថ្ងៃ
unit-ratio = { $value } %
unit-bit = { $value } ប៊ីត
unit-deviations = គម្លាត { $value } ពីធម្មតា

## What an alert says

message-open = ថ្មី
message-update = បច្ចុប្បន្នភាព
message-close = បានបិទ
message-cancel = បានដកវិញ
message-victims = រាយឈ្មោះជនរងគ្រោះបន្ថែម
status-exercise = ការហាត់សម
status-test = ការសាកល្បង

## OCSF

severity-0 = មិនស្គាល់
severity-1 = ព័ត៌មាន
severity-2 = ទាប
severity-3 = មធ្យម
severity-4 = ខ្ពស់
severity-5 = ធ្ងន់ធ្ងរ
severity-6 = ធ្ងន់ធ្ងរបំផុត

## Parts that entities play

role-suspect = សង្ស័យ
role-used = ត្រូវបានប្រើ
role-impersonated = ត្រូវបានក្លែងបន្លំ
role-victim = ជនរងគ្រោះ

## Entities

entity-caller = លេខហៅ
entity-callee = លេខទទួល
entity-sim = ស៊ីមកាត
entity-device = ឧបករណ៍
entity-cell = កោសិកា​បណ្តាញ
entity-trunk = ខ្សែបណ្តាញ
entity-block = ក្រុមលេខ
entity-template = គំរូសារ
entity-domain = ដូមេន

## Families of patterns

family-sim-box = ប្រអប់ស៊ីម
family-clone = ស៊ីម ឬឧបករណ៍ក្លូន
family-spoofing = លេខហៅ ឬអ្នកផ្ញើក្លែងក្លាយ
family-wangiri = ការបោកប្រាស់ហៅខកខាន
family-toll = ការក្លែងបន្លំចំណូលអន្តរជាតិ
family-robocall = ការហៅស្វ័យប្រវត្តិ
family-victim-call = ជនរងគ្រោះតាមទូរស័ព្ទ
family-smishing = សារបោកប្រាស់
family-otp = ការបំពានលេខកូដប្រើម្តង
family-takeover = ការដណ្តើមគណនី
family-reported = រាយការណ៍ដោយប្រជាជន

## What is recommended

action-block-at-border = ទប់ស្កាត់លេខបង្ហាញលើផ្លូវអន្តរជាតិ
action-block-content = ទប់ស្កាត់សារដែលមានអត្ថបទ ឬតំណនេះ
action-block-destination = ទប់ស្កាត់ការហៅទៅគោលដៅនេះ
action-block-range = ទប់ស្កាត់ការហៅត្រឡប់ទៅក្រុមលេខនេះ
action-block-sender = ទប់ស្កាត់អ្នកផ្ញើនេះ
action-hold-transfers = ស្នើធនាគារឱ្យផ្អាកការផ្ទេរប្រាក់របស់ជនរងគ្រោះ
action-locate-site = ស្វែងរកទីតាំង
action-preserve-records = រក្សាទុកកំណត់ត្រា
action-trace-route = តាមដានផ្លូវជាមួយដៃគូ
action-verify-device = ពិនិត្យឧបករណ៍ក្នុងបញ្ជី
action-verify-registration = ពិនិត្យអ្នកចុះឈ្មោះស៊ីម
action-verify-report = ផ្ទៀងផ្ទាត់របាយការណ៍
action-warn-subscribers = ព្រមានអ្នកប្រើប្រាស់
action-warn-victims = ព្រមានជនរងគ្រោះ

## Words beside values

label-disputed = ជំទាស់ដោយ
label-victims = ជនរងគ្រោះ
label-score = ពិន្ទុ
label-recommended = អនុសាសន៍
label-hidden = លាក់
label-more = { $count } ទៀត

## Features, by their codes; of `calls_6h` that of `calls` with the period

code-age_days = អាយុស៊ីមថ្មីបំផុត
code-answered_by = លេខដែលការហៅត្រូវបានទទួល
code-areas = តំបន់ដែលបានហៅ
code-at_home = ការហៅក្នុងនាមអ្នកប្រើដែលនៅក្នុងប្រទេស
code-at_once = ការហៅក្នុងពេលតែមួយ
code-busy_s = រយៈពេលហៅសរុប
code-called_back = មនុស្សដែលបានហៅត្រឡប់
code-callees = មនុស្សដែលត្រូវបានហៅ ឬផ្ញើសារ
code-callers = អ្នកហៅ
code-calls = ការហៅ
code-cells = កោសិកាបណ្តាញដែលបានប្រើ
code-codes = លេខកូដប្រើម្តងដែលបានទទួល
code-codes_after = លេខកូដក្រោយការហៅយូររបស់មនុស្សចម្លែក
code-codes_before = លេខកូដមុនការហៅរបស់មនុស្សចម្លែកទីពីរ
code-codes_from_abroad = លេខកូដកំឡុងការហៅពីបរទេសរបស់មនុស្សចម្លែក
code-codes_in_call = លេខកូដកំឡុងការហៅរបស់មនុស្សចម្លែក
code-codes_in_long_call = លេខកូដកំឡុងការហៅយូររបស់មនុស្សចម្លែក
code-codes_soon = លេខកូដបន្តិចក្រោយការហៅរបស់មនុស្សចម្លែក
code-codes_to_new_device = លេខកូដទៅស៊ីម ឬឧបករណ៍ថ្មី
code-dealers = អ្នកលក់ស៊ីម
code-deviation = គម្លាតពីធម្មតានៅម៉ោងនេះ
code-devices = ឧបករណ៍
code-distinct_share = ភាគរយអ្នកទទួលខុសៗគ្នា
code-farthest_km = ចម្ងាយឆ្ងាយបំផុតរវាងទីតាំងពីរ
code-foreign_links = សារដែលមានតំណទៅដូមេនបរទេស
code-forwarded = ការហៅបញ្ជូនបន្តទៅមនុស្សចម្លែក
code-from_abroad_after = ការហៅពីបរទេសក្រោយលេខកូដ
code-journeys = ដំណើរលឿនពេកមិនអាចកើតមាន
code-lasts_s = រយៈពេលហៅគិតមកទល់ពេលនេះ
code-links = សារដែលមានតំណ
code-longest_s = ការហៅយូរបំផុត
code-messages = សារ
code-near = ការហៅដែលលេខហៅស្រដៀងលេខទទួល
code-new_services = សេវាដែលផ្ញើជាលើកដំបូង
code-official = ការហៅពីលេខផ្លូវការ
code-police = របាយការណ៍របស់ប៉ូលីស
code-premium_hour_s = រយៈពេលហៅទៅលេខថ្លៃក្នុងមួយម៉ោង
code-premium_numbers = លេខថ្លៃដែលបានហៅ
code-premium_s = រយៈពេលហៅទៅលេខថ្លៃ
code-received = ការសន្ទនាដែលបានទទួល
code-recipients = អ្នកទទួល
code-registrants = អ្នកចុះឈ្មោះស៊ីម
code-regularity = ភាពទៀងទាត់នៃចន្លោះហៅ
code-reports = របាយការណ៍
code-rings = ការហៅដែលគ្រាន់តែរោទ៍
code-run = លេខតគ្នាវែងបំផុត
code-senders = អ្នកផ្ញើ
code-services = សេវាដែលបានផ្ញើលេខកូដ
code-sims = ស៊ីម
code-stranger_s = រយៈពេលហៅជាមួយមនុស្សចម្លែក
code-strangers = មនុស្សចម្លែកដែលត្រូវបានហៅ ឬផ្ញើសារ
code-talk_s = រយៈពេលនិយាយ
code-test_calls = ការហៅសាកល្បងដែលមកតាមលេខនេះ
code-texts = អត្ថបទខុសៗគ្នា
code-unanswered = ការហៅដែលគ្មានអ្នកទទួល
code-victims = ជនរងគ្រោះដែលត្រូវបានហៅ
code-young = ស៊ីមថ្មី ឬបរទេសហៅចេញតែម្ខាង

## Shown before everything else

unreviewed = ការបកប្រែមិនទាន់បានពិនិត្យដោយអ្នកនិយាយភាសាដើមទេ។

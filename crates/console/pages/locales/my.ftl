### The console's own texts; those of alerts are in crates/alert/locales/.
### NOT REVIEWED by a native reader, as those of alerts.

## Frame

page-now = ယခု
page-bar-list = ပိတ်ရန်စာရင်း
page-incident = ဖြစ်ရပ်
page-figures = မြေပုံနှင့် ကိန်းဂဏန်းများ
page-campaigns = လှုပ်ရှားမှုများ
page-coordination = ညှိနှိုင်းရေး
page-sources = ရင်းမြစ်များ
page-audit = စစ်ဆေးမှတ်တမ်း
page-sign-in = ဝင်ရန်
pages = စာမျက်နှာများ
skip = အကြောင်းအရာသို့ ကျော်ရန်
desk-of = { $carrier } ၏ လုပ်ငန်းစားပွဲ
choose-language = ဘာသာစကား
theme = အလင်း သို့မဟုတ် အမှောင်
theme-auto = စနစ်အတိုင်း
theme-light = အလင်း
theme-dark = အမှောင်
sign-in = ဝင်ရန်
sign-in-by = { $provider } ဖြင့် ဝင်ရန်
sign-in-here = သို့မဟုတ် ဤကွန်ဆိုးလ်၏ အမည်နှင့် စကားဝှက်ဖြင့်
sign-out = ထွက်ရန်
user-name = အသုံးပြုသူအမည်
password = စကားဝှက်
user-role-viewer = ကြည့်ရှုသူ
user-role-investigator = စုံစမ်းစစ်ဆေးသူ
user-role-liaison = ဆက်ဆံရေးအရာရှိ
user-role-auditor = စာရင်းစစ်
user-role-analyst = လိမ်လည်မှုလေ့လာသူ
clock = အချိန်များသည် { $zone } အတိုင်းဖြစ်သည်။ UTC ကြည့်ရန် အချိန်ကို ညွှန်ပါ
close = ပိတ်ရန်
send = ပို့ရန်
again = ထပ်ကြိုးစားရန်
print = ပုံနှိပ်ရန်
state-loading = ဖွင့်နေသည် …

## Keys

keys = ခလုတ်များ
keys-on = ခလုတ်များ ဖွင့်ထားသည်
key-next = နောက်သတိပေးချက်
key-before = ယခင်သတိပေးချက်
key-enter = ဖွင့်ရန်
key-esc = နောက်သို့
key-search = ရှာရန်
key-help = ဤအကူအညီ

## Countries

country-CN = တရုတ်
country-KH = ကမ္ဘောဒီးယား
country-LA = လာအို
country-MM = မြန်မာ
country-TH = ထိုင်း
country-VN = ဗီယက်နမ်

## Trouble

error-unreachable = ဆာဗာကို မဆက်သွယ်နိုင်ပါ။
error-signed-out = သင် ထွက်ပြီးဖြစ်သည်။ ပြန်ဝင်ပါ။
error-wrong-password = အမည် သို့မဟုတ် စကားဝှက် မှားနေသည်။
error-forbidden = သင့်အခန်းကဏ္ဍသည် ဤအရာကို မလုပ်နိုင်ပါ။
error-csrf = ဤစာမျက်နှာ ဟောင်းနေပြီ။ ပြန်ဖွင့်ပါ။
error-not-found = ဤလိပ်စာတွင် ဘာမျှမရှိပါ။
error-method = ဤကဲ့သို့ တောင်းဆိုချက် မရှိပါ။
error-form = ပုံစံတွင် မှားယွင်းချက်ရှိသည်။ စာသားတွင် မည်သူ့ကိုမျှ မဖော်ပြရ။ ဂဏန်းရှစ်လုံးထက် ပို၍ ဆက်တိုက်မရေးရ။
error-too-many = တောင်းဆိုမှု များလွန်းသည်။ ခဏစောင့်ပါ။
error-too-large = ရှည်လွန်းသည်။
error-not-set-up = ဤကွန်ဆိုးလ်တွင် ထိုအတွက် သော့မရှိပါ။
error-exchange-away = ဖလှယ်ရေးစနစ်ကို မဆက်သွယ်နိုင်ပါ။ ဘာမျှ မပို့ရသေးပါ။
error-home-away = ပြည်တွင်းစနစ်ကို မဆက်သွယ်နိုင်ပါ။ ဘာမျှ မဖွင့်၊ စာရင်းမပြုရသေးပါ။
error-holds-untold = မည်သည့်ဆိုင်းငံ့ချက် အတည်ဖြစ်သည်ကို မသိနိုင်သဖြင့် ဘာမျှ စာရင်းမပြုပါ။ အကြောင်းရင်းကို ကွန်ဆိုးလ်၏မှတ်တမ်းတွင် ကြည့်ပါ။
error-starting = ကွန်ဆိုးလ်သည် ခေါင်းစဉ်များကို ဖတ်နေဆဲဖြစ်သည်။ ခဏအကြာ ထပ်ကြိုးစားပါ။
error-fault = ဆာဗာ အမှားဖြစ်သည်။ အသေးစိတ်ကို ၎င်း၏မှတ်တမ်းတွင် ကြည့်ပါ။
error-no-role = ဝန်ဆောင်မှုပေးသူက သင့်ကို သိသော်လည်း ဤကွန်ဆိုးလ်က သင့်အား အခန်းကဏ္ဍ မပေးထားပါ။ စီမံသူကို မေးပါ။
error-provider-away = အထောက်အထား စစ်ဆေးသူကို မဆက်သွယ်နိုင်ပါ။ ခဏအကြာ ထပ်ကြိုးစားပါ၊ သို့မဟုတ် ဤကွန်ဆိုးလ်၏ အမည်နှင့် စကားဝှက်ဖြင့် ဝင်ပါ။
error-provider-denied = အထောက်အထား စစ်ဆေးသူက သင့်ကို ဝင်ခွင့်မပြုပါ။
error-provider-unbelieved = အထောက်အထား စစ်ဆေးသူ ပို့သည့်အရာကို မယုံကြည်နိုင်ပါ။ မည်သူမျှ ဝင်မထားပါ။ အကြောင်းရင်းကို ကွန်ဆိုးလ်၏ မှတ်တမ်းတွင် ကြည့်ပါ။
error-sign-in-over = ထိုဝင်ရောက်မှု ကုန်ဆုံးသွားပြီ - ဆယ်မိနစ်ထက် ကြာခဲ့သည်၊ နှစ်ကြိမ် ပြန်လာသည် သို့မဟုတ် အခြားဘရောက်ဇာတွင် စတင်ခဲ့သည်။ ပြန်စပါ။
error-other = ဆာဗာက ငြင်းသည် - { $code }

## Now

now-none = သတိပေးချက် မရှိသေးပါ။ ဤနေရာတွင် အလိုအလျောက် ပေါ်လာမည်။
now-none-filtered = စစ်ထုတ်မှုနှင့် ကိုက်ညီသော သတိပေးချက် မရှိပါ။
now-too-broad = ဤရှာဖွေမှုနှင့် ကိုက်ညီသော သတိပေးချက် များလွန်းသည်။ ထပ်ရိုက်ထည့်ပါ။
now-more = ပိုဟောင်းသည်များ ပြရန်
now-held = သင်ဖတ်နေစဉ် ရပ်ထားသည်
now-waiting = စောင့်ဆိုင်းနေ - { $count }
now-lag = မဖတ်ရသေး - { $count }
now-alike = ဆင်တူ - { $count }
line-live = တိုက်ရိုက်
line-away = ချိတ်ဆက်မှု ပြတ်သွားသည်၊ ထပ်ကြိုးစားနေသည်
line-starting = ချိတ်ဆက်နေသည်
filters = စစ်ထုတ်မှုများ
filter-q = ရှာရန် - အမှတ်၊ တိုကင်၊ ဖုန်းနံပါတ်၊ ဒိုမိန်း
filter-country = နိုင်ငံ
filter-source = ရင်းမြစ်
filter-pattern = ပုံစံ
filter-severity = အနည်းဆုံး
filter-state = အခြေအနေ
filter-work = ကျွန်ုပ်တို့၏ လုပ်ငန်း
filter-group = ဆင်တူများ စုရန်
filter-all = အားလုံး
filter-none = စစ်ထုတ်မှု ရှင်းရန်
state-open = ဖွင့်ထား
state-closed = ပိတ်ပြီး
state-cancelled = ရုပ်သိမ်းပြီး
stage-new = အသစ်
stage-acknowledged = အသိအမှတ်ပြုပြီး
stage-investigating = စုံစမ်းနေ
stage-joint-operation = ပူးတွဲစစ်ဆင်ရေး
stage-referred = လွှဲပြောင်းပြီး
stage-disputed = အငြင်းပွားနေ
seen-by = ကြည့်ပြီးသူ
severity = ပြင်းထန်မှု

## Incident

back-to-now = သတိပေးချက်အားလုံးသို့ ပြန်ရန်
not-actual = ဤသည်မှာ အမှုမှန်မဟုတ်ပါ - { $status }။
taken-back = ထုတ်ပြန်သူက ရုပ်သိမ်းပြီး။ အကြောင်းရင်း - { $reason }။ ဆုံးဖြတ်သူ - { $persons }။
goes-on-in = ဤဖြစ်ရပ်သည် အခြားဖြစ်ရပ်၏ အစိတ်အပိုင်းဖြစ်ပြီး ထိုတွင် ဆက်လက်သည် -
hold-in-force = ဆိုင်းငံ့ချက်သည် { $until } အထိ အတည်ဖြစ်သည်၊ အမှု { $case } - မပိတ်ရ၊ သုံးစွဲသူကို အသိမပေးရ။
verdicts-differ = နိုင်ငံများ၏ ဆုံးဖြတ်ချက် ကွဲပြားသည်။ အားလုံးကို အောက်တွင် ဖော်ပြထားသည်။
why = အဘယ်ကြောင့်
facts = အချက်အလက်
fact-events = ဖြစ်ပွားချိန်
fact-published = ထုတ်ပြန်ချိန်
fact-actionable = ဆောင်ရွက်ရန် နောက်ဆုံးချိန်
fact-producer = ဆက်သွယ်ရေးအော်ပရေတာ
fact-place = နေရာ
fact-contact = ဆက်သွယ်ရန်
fact-handling = အသုံးပြုမှု စည်းကမ်း
fact-retain = ပြီးနောက် ဖျက်ရန်
fact-id = ဖြစ်ရပ်
expired = သက်တမ်းကုန်ပြီး
confidence = ယုံကြည်မှု ၁၀၀ တွင် { $value }
entities = မည်သူနှင့် မည်သည်
entity-head-role = အခန်းကဏ္ဍ
entity-head-type = အမျိုးအစား
entity-head-value = မြင်ရသော တန်ဖိုး
entity-head-country = နိုင်ငံ
entity-head-holder = နံပါတ်အုပ်စု ပိုင်ရှင်
entity-head-token = တိုကင်
open-value = တန်ဖိုး ဖွင့်ရန်
open-means = ဖွင့်ခြင်းကို အမှုနှင့်အတူ စစ်ဆေးမှတ်တမ်းတွင် ရေးမှတ်သည်။
impersonated-means = အယောင်ဆောင်ခံရ - နံပါတ်ကို ခေါ်ဆိုခံရသူအား ပြသခဲ့ခြင်းသာဖြစ်ပြီး ပိုင်ရှင်သည် နစ်နာသူဖြစ်သည်၊ သံသယရှိသူ မဟုတ်ပါ။
case-reference = အမှုအမှတ်
said = နိုင်ငံအသီးသီး၏ ပြောကြားချက်
said-none = မည်သည့်နိုင်ငံမျှ မပြောကြားသေးပါ။
said-order = အစဉ်လိုက်
said-head-country = နိုင်ငံ
said-head-acknowledged = အသိအမှတ်ပြုပြီး
said-head-stage = လုပ်ငန်း
said-head-verdict = ဆုံးဖြတ်ချက်
disputes = ကန့်ကွက်သည်
requests = အော်ပရေတာထံ တောင်းဆိုမှုများ
request-head-measure = တောင်းဆိုမှု
request-head-by = တောင်းဆိုသူ
request-head-case = အမှု
request-head-until = အထိ
request-head-answer = လက်ခံဖြတ်ပိုင်း
unanswered = မဖြေသေး
in-force = အကျုံးဝင်
ended = ပြီးဆုံး
hours-left = ကျန်နာရီ - { $count }
days-left = ကျန်ရက် - { $count }
kind-acknowledgement = အသိအမှတ်ပြုပြီး
kind-status = လုပ်ငန်း
kind-verdict = ဆုံးဖြတ်ချက်
kind-comment = မှတ်ချက်
kind-request = တောင်းဆိုမှု
kind-receipt = လက်ခံဖြတ်ပိုင်း
kind-suppression = ဖိနှိပ်ထားမှု
kind-cancel = ရုပ်သိမ်းမှု
kind-operation = ပူးတွဲစစ်ဆင်ရေး အဆိုပြုချက်
kind-operation-answer = အဖြေ
kind-operation-addition = စာရင်းသို့ ထပ်ထည့်ချက်
kind-operation-stage = အဆင့်
measure-preserve = မှတ်တမ်းများ ထိန်းသိမ်းရန်
measure-hold = ဆိုင်းငံ့ - မပိတ်၊ အသိမပေး
outcome-accepted = လက်ခံပြီး
outcome-refused = ငြင်းပယ်ပြီး
outcome-asked = တောင်းဆိုပြီး
outcome-done = ပြီးစီး
outcome-failed = မအောင်မြင်
verdict-0 = မသိ
verdict-1 = သတိပေးချက် မှား
verdict-2 = အမှန်
verdict-3 = လျစ်လျူရှု
verdict-4 = သံသယဖြစ်ဖွယ်
verdict-5 = အန္တရာယ်မရှိ
verdict-6 = စမ်းသပ်မှု
verdict-7 = အချက်အလက် မလုံလောက်
verdict-8 = လုံခြုံရေး အန္တရာယ်
verdict-9 = အခြားနေရာတွင် ကိုင်တွယ်
verdict-10 = ထပ်နေ
verdict-99 = အခြား
verdict-rest = အခြား
revisions = တည်းဖြတ်မှုများ
revision-tells = အကြိမ် { $revision } · ရမှတ် { $score } · အရာ { $entities }
evidence = သက်သေ
evidence-tells = အော်ပရေတာရှိ မှတ်တမ်းညွှန်းချက် - { $count }။ မှတ်တမ်းများသည် ထိုတွင်ရှိပြီး အမှုအတွက် ရယူသည်။
evidence-line = အော်ပရေတာရှိ လိုင်း (ခေါင်းစဉ် / အပိုင်း / အော့ဖ်ဆက်)
evidence-root = Merkle အမြစ်
evidence-kept = သိမ်းထားမည့်ရက်
evidence-signed = လက်မှတ်ထိုးသော သော့
evidence-alert = ဤသတိပေးချက် (ခေါင်းစဉ် / အော့ဖ်ဆက်)
evidence-pattern = ပုံစံနှင့် ၎င်း၏ ဟက်ရှ်
sequence = အစဉ်အမှတ်
related = ဆက်စပ်ဖြစ်ရပ်များ
related-none = ဆက်စပ်သည်ကို မသိရပါ။
in-campaign = လှုပ်ရှားမှုတစ်ခု၏ အစိတ်အပိုင်း၊ သတိပေးချက် - { $count }
why-token = တိုကင်တူ
why-link = အော်ပရေတာက ဖော်ပြ
why-campaign = လှုပ်ရှားမှုတူ

## Acts

acts = သင်လုပ်နိုင်သည်များ
acts-mean = ဤနေရာတွင် ပြောသည်ကို { $writer } အမည်ဖြင့် လက်မှတ်ထိုးပြီး နိုင်ငံအားလုံး ဖတ်နိုင်သည်။
act-said = ပို့ပြီး။ ဖလှယ်ရေးစနစ်က ရရှိသောအခါ အောက်တွင် ပေါ်လာမည်။
do-acknowledge = အသိအမှတ်ပြုရန်
do-take = တာဝန်ယူရန်
do-joint = ပူးတွဲစစ်ဆင်ရေး
do-refer = လွှဲပြောင်းရန်
do-verdict = ဆုံးဖြတ်ချက်
do-comment = မှတ်ချက်
do-preserve = မှတ်တမ်းများ ထိန်းသိမ်းရန်
do-hold = ဆိုင်းငံ့ရန် တောင်းဆို
verdict-means = သင့်ဆုံးဖြတ်ချက်သည် အခြားသူများ၏ဘေးတွင် ရှိသည်။ သတိပေးချက်မှားသည် ဖြစ်ရပ်ကို နိုင်ငံအားလုံးအတွက် အငြင်းပွားဟု မှတ်သည်။
comment-means = တစ်ကြောင်း၊ အများဆုံး ၅၀၀ ဘိုက်၊ နိုင်ငံအားလုံး ဖတ်နိုင်သည်။ လူတို့၏ နံပါတ် မပါရ။
preserve-means = အော်ပရေတာသည် ဤဖြစ်ရပ်၏ မှတ်တမ်းများကို သိမ်းပြီး လက်ခံဖြတ်ပိုင်းဖြင့် ဖြေသည်။
hold-means = အော်ပရေတာသည် သုံးစွဲသူကို မပိတ်၊ အသိမပေး၊ အများဆုံး ၁၄ ရက်။ အကြောင်းပြ၍ ငြင်းနိုင်သည်။
days = ရက်

## Dossier

dossier = အမှုတွဲ
dossier-means = အမှုကို ဆက်လက်တာဝန်ယူသူအတွက် လက်မှတ်ထိုးထားသော ဖိုင်တစ်ခု - သတိပေးချက်များ၊ ပြောကြားချက်များ၊ သော့များ၊ ဖွင့်သူနှင့် ထုတ်ယူသူများ၊ ဘာသာစကားနှစ်မျိုးဖြင့် ပုံနှိပ်နိုင်သော အကျဉ်းချုပ်။ ပြုလုပ်ခြင်းကို စစ်ဆေးမှတ်တမ်းတွင် ရေးမှတ်သည်။
dossier-languages = အကျဉ်းချုပ်၏ ဘာသာစကားများ
dossier-no-proof = ပရိုဂရမ်များက ဆက်သွယ်မှုတွင် တွေ့ရှိချက်နှင့် အာဏာပိုင်များ၏ ပြောကြားချက် - သံသယသာဖြစ်ပြီး သက်သေ မဟုတ်ပါ။ နံပါတ်များကို ဖုံးကွယ်၍ တိုကင်ဖြင့် ပြထားသည်။ အချိန်များမှာ UTC ဖြစ်သည်။
dossier-made = ပြုလုပ်ချိန်
dossier-made-by = ပြုလုပ်သူ
dossier-left-out = မပါဝင်သော ဖြစ်ရပ်များ
dossier-suspects = သံသယရှိသူများ
dossier-used = အသုံးပြုသော ကိရိယာနှင့် အခြားနည်းလမ်းများ
dossier-innocent = အယောင်ဆောင်ခံရသူနှင့် နစ်နာသူများ - သံသယရှိသူ မဟုတ်ပါ
dossier-custody = ထိန်းသိမ်းမှု အဆင့်ဆင့်
dossier-keys = လက်မှတ်ထိုးသော သော့များ
dossier-holder = ပိုင်ဆိုင်သူ
dossier-valid = သက်တမ်း
dossier-signed = လက်မှတ်အရေအတွက်
key-state-valid = သက်တမ်းရှိ
key-state-expired = သက်တမ်းကုန်
key-state-revoked = ရုပ်သိမ်းပြီး

## A carrier's own desk

subscribers = သုံးစွဲသူများ
subscribers-tell = အော်ပရေတာ၏ ကိုယ်ပိုင်လိုင်းများက ဖော်ပြသူများ။ အမှုအတွက် မဖွင့်မီ ဖုံးထားသည်။
subscribers-none = ဤဖြစ်ရပ်၏ ပြည်တွင်းလိုင်း မသိမ်းထားပါ။
subscribers-gone = မသိမ်းတော့သော ပြည်တွင်းလိုင်းများ - { $count }
home-line = ပြည်တွင်းလိုင်း
bar-list-tells = ပိတ်ရမည့်သူများ - မျှဝေပြီး ပြန်မရုပ်သိမ်းသည်တို့တွင် ပြုလုပ်သော ကိုယ်ပိုင်ခေါ်ဆိုသူများနှင့် ဆင်းမ်များ။ ဆိုင်းငံ့ချက်က ကာကွယ်ထားသူကို မပါစေပါ။
bar-list-make = စာရင်း ပြုလုပ်ရန်
bar-list-means = စာရင်းတွင် သုံးစွဲသူများကို ဖုံးမထားပါ။ ပြုလုပ်ခြင်းကို အမှုနှင့်အတူ စစ်ဆေးမှတ်တမ်းတွင် ရေးမှတ်သည်။
bar-list-days = နောက်ပြန် ရက်အရေအတွက်
bar-list-made = စာရင်းပါ - { $listed }။ ဆိုင်းငံ့ချက်ကြောင့် မပါ - { $left }။
bar-list-left = ဆိုင်းငံ့ချက်ကြောင့် မပါသူများ

## Figures

span = အချိန်ကာလ
span-day = ၂၄ နာရီ
span-week = ၇ ရက်
span-month = ၃၀ ရက်
span-quarter = ၉၀ ရက်
figures-none = ဤကာလတွင် သတိပေးချက် မရှိပါ။
figures-days = ဒေသ၊ ဆဲလ်နှင့် ဖြစ်နိုင်ခြေရှိသော နစ်နာသူများကို တစ်ရက်လုံး (UTC) အလိုက် ရေတွက်သည်; ကျန်အားလုံးကို နာရီအလိုက် ရေတွက်သည်
map = မြေပုံ
map-tells = နိုင်ငံခြောက်နိုင်ငံ မြေပုံ။ သတိပေးချက်ရှိသော ဒေသ - { $areas }၊ ဆဲလ် - { $cells }။ အရေအတွက်ကို ဘေးရှိဇယားများတွင် ကြည့်ပါ။
map-areas = ဒေသများ
map-cells = ဆဲလ်များ၊ မြို့နယ်အဆင့်
map-borders = နယ်နိမိတ်များ မဆွဲထားပါ။
map-table = ဒေသနှင့် ဆဲလ်အားလုံး၏ ဇယားများ
map-cell = ဆဲလ်
map-within-km = အကွာ၊ ကီလိုမီတာ
by-country = အော်ပရေတာ၏ နိုင်ငံအလိုက်
by-area = ဒေသအလိုက်
area = ဒေသ
areas-none = မည်သည့်သတိပေးချက်မျှ ဒေသမဖော်ပြပါ။
incidents = ဖြစ်ရပ်များ
trend = လားရာ
trend-tells = အချိန်အလိုက် ဖြစ်ရပ်များ၊ အဆင့်တစ်ခုတွင် အများဆုံး - { $most }၊ အဆင့်များ - { $steps }
trend-table = လားရာကို ဇယားဖြင့်
hours = ပုံစံအလိုက် တစ်ရက်၏ နာရီများ
hours-tell = သင့်နာရီအလိုက် ဖြစ်ရပ်များ
precision = တိကျမှု
precision-tells = နိုင်ငံတစ်ခုက မှန် သို့မဟုတ် မှားဟု ဆုံးဖြတ်သည်များတွင် မှန်သော အချိုး
precision-none = ဤကာလ၏ သတိပေးချက်ကို မည်သူမျှ မဆုံးဖြတ်ရသေးပါ။
judged-by = ဆုံးဖြတ်သူ

## Campaigns

campaigns-tell = တူညီသည်များဖြင့် ဆက်စပ်နေသော အော်ပရေတာများစွာ၏ သတိပေးချက်များ။
campaigns-none = ကိုက်ညီသော လှုပ်ရှားမှု မရှိပါ။
campaigns-live = ဆက်လက်ဖြစ်ပွားနေ
campaigns-dissolved = ဖျက်သိမ်းပြီး
campaigns-all = အားလုံး
campaign = လှုပ်ရှားမှု
campaign-holds = သတိပေးချက် - { $count }
campaign-further = ဤနေရာတွင် မသိမ်းထားသော အခြားသတိပေးချက်များ - { $count }
campaign-dissolved = ဤလှုပ်ရှားမှု ဖျက်သိမ်းပြီး။
back-to-campaigns = လှုပ်ရှားမှုအားလုံးသို့ ပြန်ရန်
alerts = သတိပေးချက်များ
countries = နိုင်ငံများ
patterns = ပုံစံများ
graph = ဆက်စပ်နေသည်များ
graph-tells = အမှတ်တစ်ခုစီသည် သတိပေးချက်ဖြစ်ပြီး မျဉ်းများက တူညီသည်ကို ဆက်သည်။ ပိုမိုကြည့်ရန် အမှတ်ကို ညွှန်ပါ။ အောက်ပါဇယားတွင် အတူတူဖော်ပြသည်။
zoom-in = ချဲ့ရန်
zoom-out = ချုံ့ရန်
shared = တူညီသည်များ
in-alerts = သတိပေးချက်များတွင် - { $count }
joined-by = ဆက်စပ်စေသည်
joined-with = ဆက်စပ်အရေအတွက်
link-device = စက်ပစ္စည်း
link-sim = ဆင်းမ်ကတ်
link-template = စာတိုပုံစံ
link-domain = ဒိုမိန်း
link-device-range = ဆဲလ်တစ်ခုရှိ နီးစပ်သော စက်အမှတ်များ
link-range-hour = နံပါတ်အုပ်စုနှင့် နာရီ
link-trunk = ထရန့်ခ်
link-sender = ပို့သူ

## Coordination

coordination-tells = နိုင်ငံအားလုံး၏ တစ်ပတ် - အသစ်များ၊ တုံ့ပြန်မှု မြန်ဆန်ပုံ၊ မှန်ကန်ပုံနှင့် ယခု တောင်းဆိုထားသည်များ။
week = အပတ်
all-countries = နိုင်ငံအားလုံး
campaigns-new = လှုပ်ရှားမှုအသစ်များ
campaigns-gone = ပြိုကွဲသွားသော လှုပ်ရှားမှုများ
operations-new = အဆိုပြုသော စစ်ဆင်ရေး
operations-agreed = သဘောတူပြီး
operations-running = စတင်ပြီး
operations-closed = ပြီးဆုံးပြီး
responses = တုံ့ပြန်ချိန်
responses-tell = တစ်ဝက်သည် ဤအချိန်အတွင်း / ဆယ်ခုတွင် ကိုးခုသည် ဤအချိန်အတွင်း (အရေအတွက်)။ သတိပေးချက်မှ နိုင်ငံ၏ အဖြေအထိ၊ တောင်းဆိုမှုမှ အော်ပရေတာ၏ လက်ခံစာအထိ။ ပူးတွဲစစ်ဆင်ရေး အဆိုပြုချက်မှ နိုင်ငံ၏ အဖြေအထိ။
response-acknowledgement = အသိအမှတ်ပြု
response-status = တာဝန်ယူ
response-verdict = ဆုံးဖြတ်ချက်
response-receipt = တောင်းဆိုမှု လက်ခံစာ
response-operation = ပူးတွဲစစ်ဆင်ရေး
length-min = { $value } မိနစ်
length-h = { $value } နာရီ
length-d = { $value } ရက်
requests-open = ဖွင့်ထားသော တောင်းဆိုမှုများ
requests-none = ယခု တောင်းဆိုမှု မရှိပါ။
digest-csv = ဇယားအဖြစ် (CSV)
digest-html = စာမျက်နှာအဖြစ် (HTML)

## Joint operations

page-operations = ပူးတွဲစစ်ဆင်ရေး
operations = ပူးတွဲစစ်ဆင်ရေးများ
operations-tell = နိုင်ငံများစွာ စာရင်းတစ်ခုတည်းအရ အတူတကွ ဆောင်ရွက်သည်။ ဖလှယ်ရေးစနစ်ရှိ လူတိုင်း ခေါင်းစဉ်၊ နိုင်ငံများ၊ ရက်နှင့် အဆင့်ကို ဖတ်နိုင်သည်။
operations-none = ပူးတွဲစစ်ဆင်ရေး အဆိုမပြုရသေးပါ။
operations-not = မည်သည့်ပူးတွဲစစ်ဆင်ရေးတွင်မျှ မပါဝင်ပါ။
operation-title = ခေါင်းစဉ်
operation-proposer = အဆိုပြုသူ
operation-countries = နိုင်ငံများနှင့် အဖြေများ
operation-stage = အဆင့်
operation-stage-proposed = အဆိုပြုပြီး
operation-stage-agreed = သဘောတူပြီး
operation-stage-running = ဆောင်ရွက်နေဆဲ
operation-stage-closed = ပြီးဆုံးပြီး
operation-day = စီစဉ်ထားသောရက်
operation-lead = ဦးဆောင်ဌာန
operation-answer-accepted = ပါဝင်သည်
operation-answer-declined = ငြင်းပယ်ပြီး
operation-answer-left = ထွက်သွားပြီး
operation-waits = မဖြေသည်မှာ { $value }
operation-otherwise = { $organisation } ပြောသည် - { $answer }
operation-outcome = ရလဒ်
operation-outcome-suspects-handed-over = သံသယရှိသူများ လွှဲပြောင်းပြီး
operation-outcome-sites-closed = နေရာများ ပိတ်ပြီး
operation-outcome-no-result = ရလဒ်မရှိ
operation-outcome-withdrawn = ရုပ်သိမ်းပြီး
operation-outcomes-differ = မတူသော ရလဒ်များဖြင့် ပြီးဆုံးခဲ့သည်။ နောက်ဆုံးရလဒ်ကို ပြထားပြီး အားလုံးကို အောက်တွင် ဖော်ပြထားသည်။
operation-suspects = သံသယရှိသူ
operation-sites = နေရာများ
operation-listed = ပါဝင်သည့်အရာများ
operation-listed-by = ထည့်သွင်းသူ
operation-hidden = သင့်နိုင်ငံအတွက် မဟုတ်သော သို့မဟုတ် ဤနေရာတွင် မသိသော ဖြစ်ရပ်များ - { $count }
operation-hidden-campaigns = သင် မမြင်နိုင်သော လှုပ်ရှားမှုများ - { $count }
operation-not-listed = နိုင်ငံတစ်ခု ထည့်နိုင်သည်ထက် ပိုသော အရေအတွက် - { $count }
operation-lists = ဖြစ်ရပ်များ - { $incidents }၊ လှုပ်ရှားမှုများ - { $campaigns }
operation-said = မည်သူက ဘာပြောသည်
operation-left-out = ပြုလုပ်သူ၏ နိုင်ငံအတွက် မဟုတ်သော ဖြစ်ရပ်များကို ဖော်ပြသဖြင့် ချန်လှပ်ထားသော စာများ - { $count }
operation-left-unheard = အကျိုးသက်ရောက်မှု မရှိသဖြင့် ချန်လှပ်ထားသော စာများ - { $count }
operation-no-room = နေရာမလောက်သဖြင့် ချန်လှပ်ထားသော စာများ - { $count }
unheard = အကျိုးသက်ရောက်မှု မရှိ
unheard-other-proposer = အခြားအဆိုပြုသူကို ဖော်ပြထားသည်
unheard-not-invited = ထိုနိုင်ငံ မဖိတ်ကြားထားပါ
unheard-not-in-it = ထိုစဉ်က ထိုနိုင်ငံ မပါဝင်ပါ
unheard-too-few = ပါဝင်သော နိုင်ငံ နှစ်ခုထက် နည်းသည်
unheard-closed = စစ်ဆင်ရေး ကြိုတင်ပြီးဆုံးခဲ့သည်
do-propose = ပူးတွဲစစ်ဆင်ရေး အဆိုပြုရန်
propose-means = ဖိတ်ကြားသည်ဖြစ်စေ မဖိတ်ကြားသည်ဖြစ်စေ ဖလှယ်ရေးစနစ်ရှိ လူတိုင်း ချက်ချင်း ဖတ်နိုင်သည်။ ခေါင်းစဉ်တွင် မည်သူ့အမည်မျှ၊ လူတို့၏ နံပါတ်မျှ မပါရ။ သတိပေးသလိုဖြစ်စေမည့် နေရာ၊ အချိန် မရေးပါနှင့်။
operation-invite = ဖိတ်ကြားမည့် နိုင်ငံများ
do-add = ပူးတွဲစစ်ဆင်ရေးသို့ ထည့်ရန်
add-means = နိုင်ငံအားလုံး ဖတ်နိုင်သည်။ သင့်နိုင်ငံ ထွက်သွားသော်လည်း စာရင်းတွင် ကျန်ရှိမည်။
do-accept = ပါဝင်ရန်
do-decline = ငြင်းပယ်ရန်
do-leave = ထွက်ရန်
do-run = စတင်ရန်
do-close = ပြီးဆုံးရန်
operation-reason = အကြောင်းရင်း
operation-which = မည်သည့်
back-to-coordination = ညှိနှိုင်းရေးသို့ ပြန်ရန်

## Sources

sources = ကြားရသော အော်ပရေတာများ
sources-none = မည်သည့်အော်ပရေတာမျှ မကြားရသေးပါ။
unattributed = ငြင်းပယ်ပြီး၊ ပို့သူမသိ
last-sequence = နောက်ဆုံးအမှတ်
missing = ပျောက်ဆုံး
gaps = { $missing }၊ ကွက်လပ် - { $gaps }
last-published = နောက်ဆုံးသတိပေးချက်
rejected = ငြင်းပယ်
signing-key = သော့
quiet-source = တစ်ရက် တိတ်ဆိတ်
topics = ခေါင်းစဉ်များ
topic = ခေါင်းစဉ်
read-to = ဖတ်ပြီးသည့်နေရာ
behind = နောက်ကျ
looked = နောက်ဆုံးကြည့်ချိန်
refused-form = သတိပေးချက် မဟုတ်
refused-unknown-key = မသိသော သော့
refused-changed-bytes = အကြောင်းအရာ ပြောင်းထား
refused-changed-header = ခေါင်းပိုင်း ပြောင်းထား
refused-expired-key = သော့ သက်တမ်းကုန်
refused-revoked-key = သော့ ရုပ်သိမ်းပြီး
refused-foreign-source = အခြားရင်းမြစ်၏ သော့
refused-future = အချိန် စောနေ
refused-published-back = ယခင်သတိပေးချက်ထက် အချိန် စော
refused-sequence-jump = အမှတ် အလွန် ကျော်နေ
refused-sequence-conflict = အမှတ် ထပ်၊ အကြောင်းအရာ ကွဲ
refused-sequence-back = အမှတ် နောက်ပြန်
refused-sources = ရင်းမြစ် များလွန်း
refused-expired = ဆောင်ရွက်ရန် အချိန်လွန်

## Audit

audit-tells = ဤကွန်ဆိုးလ်မှ ဖွင့်ခဲ့၊ ပြောခဲ့သည်များ။ မှတ်တမ်းတစ်ခုစီတွင် ယခင်မှတ်တမ်း၏ ဟက်ရှ် ပါသည်။
audit-verify = ကွင်းဆက် စစ်ဆေးရန်
audit-whole = ကွင်းဆက် ပြည့်စုံသည်။ မှတ်တမ်း - { $count }။ ထိပ် -
audit-broken = ကွင်းဆက် ပြတ်သည်။ ဖတ်ပြီးမှတ်တမ်း - { $count }။
audit-none = ဘာမျှ မရေးရသေးပါ။
audit-refused-request = ငြင်းပယ်ခံရသော တောင်းဆိုမှု
audit-head-number = စဉ်
audit-head-at = အချိန်
audit-head-user = အသုံးပြုသူ
audit-head-action = လုပ်ဆောင်ချက်
audit-head-about = အကြောင်း
audit-head-case = အမှု
audit-head-outcome = ရလဒ်

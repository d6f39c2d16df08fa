### Alerts in words. Shared by the command line and the console.
### NOT REVIEWED by a native reader: whoever has read it takes `unreviewed` out and puts a name and a date here.

## What the language calls itself

language = မြန်မာ

## A value against its limit, as a sentence

reason = { $what } - { $value }၊ ကန့်သတ်ချက်မှာ { $limit } ဖြစ်သည်။
what-in-period = { $period } { $what }
period-2h = နှစ်နာရီအတွင်း
period-4h = လေးနာရီအတွင်း
period-6h = ခြောက်နာရီအတွင်း
period-day = တစ်ရက်အတွင်း

## Values with their units

unit-s = { $value } စက္ကန့်
unit-km = { $value } ကီလိုမီတာ
unit-kmh = တစ်နာရီ { $value } ကီလိုမီတာ
unit-d = { $value } ရက်
unit-ratio = { $value } %
unit-bit = { $value } ဘစ်
unit-deviations = ပုံမှန်မှ { $value } ဆ သွေဖည်

## What an alert says

message-open = အသစ်
message-update = မွမ်းမံ
message-close = ပိတ်ပြီး
message-cancel = ရုပ်သိမ်းပြီး
message-victims = ထပ်မံထိခိုက်သူများကို ဖော်ပြသည်
status-exercise = လေ့ကျင့်မှု
status-test = စမ်းသပ်မှု

## OCSF

severity-0 = မသိ
severity-1 = အချက်အလက်
severity-2 = နိမ့်
severity-3 = အလယ်အလတ်
severity-4 = မြင့်
severity-5 = အရေးကြီး
severity-6 = အလွန်ပြင်းထန်

## Parts that entities play

role-suspect = သံသယရှိ
role-used = အသုံးပြုခံရ
role-impersonated = အယောင်ဆောင်ခံရ
role-victim = နစ်နာသူ

## Entities

entity-caller = ခေါ်ဆိုသူ
entity-callee = ခေါ်ဆိုခံရသူ
entity-sim = ဆင်းမ်ကတ်
entity-device = စက်ပစ္စည်း
entity-cell = ဆဲလ်
entity-trunk = ထရန့်ခ်
entity-block = နံပါတ်အုပ်စု
entity-template = စာသားပုံစံ
entity-domain = ဒိုမိန်း

## Families of patterns

family-sim-box = ဆင်းမ်ဘောက်စ်
family-clone = ပွားထားသောဆင်းမ် သို့မဟုတ် စက်
family-spoofing = အတုခေါ်ဆိုသူ သို့မဟုတ် ပို့သူ
family-wangiri = မစ်စ်ကောလ်လိမ်လည်မှု
family-toll = ဝင်ငွေခွဲဝေမှုလိမ်လည်ခြင်း
family-robocall = စက်ရုပ်ခေါ်ဆိုမှု
family-victim-call = ဖုန်းဖြင့်လိမ်လည်ခံရသူ
family-smishing = လိမ်လည်စာတိုများ
family-otp = တစ်ခါသုံးကုဒ်အလွဲသုံးမှု
family-takeover = အကောင့်သိမ်းယူမှု
family-reported = လူအများတိုင်ကြားချက်

## What is recommended

action-block-at-border = နိုင်ငံတကာလမ်းကြောင်းတွင် ပြသထားသောနံပါတ်ကို ပိတ်ပါ
action-block-content = ဤစာသား သို့မဟုတ် လင့်ခ်ပါသောစာများကို ပိတ်ပါ
action-block-destination = ဤနေရာသို့ ခေါ်ဆိုမှုများကို ပိတ်ပါ
action-block-range = ဤနံပါတ်အုပ်စုသို့ ပြန်ခေါ်ဆိုမှုကို ပိတ်ပါ
action-block-sender = ဤပို့သူကို ပိတ်ပါ
action-hold-transfers = နစ်နာသူများ၏ ငွေလွှဲမှုကို ဘဏ်များအား ဆိုင်းငံ့ခိုင်းပါ
action-locate-site = တည်နေရာကို ရှာပါ
action-preserve-records = မှတ်တမ်းများကို ထိန်းသိမ်းပါ
action-trace-route = မိတ်ဖက်နှင့်အတူ လမ်းကြောင်းကို ခြေရာခံပါ
action-verify-device = စာရင်းတွင် စက်ပစ္စည်းကို စစ်ဆေးပါ
action-verify-registration = ဆင်းမ်မှတ်ပုံတင်သူကို စစ်ဆေးပါ
action-verify-report = တိုင်ကြားချက်ကို စစ်ဆေးပါ
action-warn-subscribers = သုံးစွဲသူများကို သတိပေးပါ
action-warn-victims = နစ်နာသူများကို သတိပေးပါ

## Words beside values

label-disputed = ကန့်ကွက်သော နိုင်ငံ
label-victims = နစ်နာသူ
label-score = အမှတ်
label-recommended = အကြံပြုချက်
label-hidden = ဖျောက်ထား
label-more = နောက်ထပ် { $count }

## Features, by their codes; of `calls_6h` that of `calls` with the period

code-age_days = အသစ်ဆုံးဆင်းမ်၏ သက်တမ်း
code-answered_by = ဖြေဆိုခံရသော နံပါတ်များ
code-areas = ခေါ်ဆိုခဲ့သော ဒေသများ
code-at_home = ပြည်တွင်းရှိသုံးစွဲသူများ၏အမည်ဖြင့် ခေါ်ဆိုမှု
code-at_once = တစ်ပြိုင်နက် ခေါ်ဆိုမှု
code-busy_s = ခေါ်ဆိုချိန်စုစုပေါင်း
code-called_back = ပြန်ခေါ်ဆိုသူများ
code-callees = ခေါ်ဆို သို့မဟုတ် စာပို့ခံရသူများ
code-callers = ခေါ်ဆိုသူများ
code-calls = ခေါ်ဆိုမှုများ
code-cells = အသုံးပြုသော ဆဲလ်များ
code-codes = လက်ခံရရှိသော တစ်ခါသုံးကုဒ်များ
code-codes_after = သူစိမ်း၏ ရှည်လျားသောခေါ်ဆိုမှုအပြီး ကုဒ်များ
code-codes_before = ဒုတိယသူစိမ်းခေါ်ဆိုမှုမတိုင်မီ ကုဒ်များ
code-codes_from_abroad = နိုင်ငံခြားမှ သူစိမ်းခေါ်ဆိုစဉ် ကုဒ်များ
code-codes_in_call = သူစိမ်းခေါ်ဆိုစဉ် ကုဒ်များ
code-codes_in_long_call = သူစိမ်း၏ ရှည်လျားသောခေါ်ဆိုမှုအတွင်း ကုဒ်များ
code-codes_soon = သူစိမ်းခေါ်ဆိုပြီး မကြာမီ ကုဒ်များ
code-codes_to_new_device = ဆင်းမ် သို့မဟုတ် စက်အသစ်သို့ ကုဒ်များ
code-dealers = ဆင်းမ်ရောင်းချသူများ
code-deviation = ဤအချိန်၏ ပုံမှန်မှ ကွာဟမှု
code-devices = စက်ပစ္စည်းများ
code-distinct_share = မတူညီသော ခေါ်ဆိုခံရသူ အချိုး
code-farthest_km = နေရာနှစ်ခုကြား အဝေးဆုံးအကွာအဝေး
code-foreign_links = နိုင်ငံခြားဒိုမိန်းလင့်ခ်ပါ စာများ
code-forwarded = သူစိမ်းထံ လွှဲပေးသော ခေါ်ဆိုမှု
code-from_abroad_after = ကုဒ်ပြီးနောက် နိုင်ငံခြားမှ ခေါ်ဆိုမှု
code-journeys = မဖြစ်နိုင်လောက်အောင် မြန်သော ခရီးများ
code-lasts_s = ယခုအထိ ခေါ်ဆိုချိန်
code-links = လင့်ခ်ပါ စာများ
code-longest_s = အရှည်ဆုံး ခေါ်ဆိုမှု
code-messages = စာတိုများ
code-near = ခေါ်ဆိုသူနှင့် ခံရသူနံပါတ် နီးစပ်သော ခေါ်ဆိုမှု
code-new_services = ပထမဆုံးအကြိမ် ပို့သော ဝန်ဆောင်မှုများ
code-official = တရားဝင်နံပါတ်များ၏ ခေါ်ဆိုမှု
code-police = ရဲတိုင်ကြားချက်
code-premium_hour_s = တစ်နာရီအတွင်း ဈေးကြီးနံပါတ်သို့ ခေါ်ဆိုချိန်
code-premium_numbers = ခေါ်ဆိုသော ဈေးကြီးနံပါတ်များ
code-premium_s = ဈေးကြီးနံပါတ်သို့ ခေါ်ဆိုချိန်
code-received = လက်ခံရရှိသော စကားပြောမှု
code-recipients = လက်ခံသူများ
code-registrants = ဆင်းမ်မှတ်ပုံတင်သူများ
code-regularity = ခေါ်ဆိုမှုကြား ကြားကာလ ပုံမှန်မှု
code-reports = တိုင်ကြားချက်များ
code-rings = မြည်ရုံသာ ခေါ်ဆိုမှု
code-run = အရှည်ဆုံး ဆက်တိုက်နံပါတ်များ
code-senders = ပို့သူများ
code-services = ကုဒ်ပို့သော ဝန်ဆောင်မှုများ
code-sims = ဆင်းမ်များ
code-stranger_s = သူစိမ်းများနှင့် ခေါ်ဆိုချိန်
code-strangers = ခေါ်ဆို သို့မဟုတ် စာပို့ခံရသော သူစိမ်းများ
code-talk_s = စကားပြောချိန်
code-test_calls = ဤနံပါတ်မှ ရောက်လာသော စမ်းသပ်ခေါ်ဆိုမှု
code-texts = မတူညီသော စာသားများ
code-unanswered = ဖြေဆိုခြင်းမရှိသော ခေါ်ဆိုမှု
code-victims = ခေါ်ဆိုခံရသော နစ်နာသူများ
code-young = အသစ် သို့မဟုတ် နိုင်ငံခြား တစ်ဖက်သတ်ဆင်းမ်များ

## Shown before everything else

unreviewed = ဘာသာပြန်ကို မိခင်ဘာသာစကားပြောသူ မစစ်ဆေးရသေးပါ။

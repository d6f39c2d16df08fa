### Alerts in words. Shared by the command line and the console.
### The source of the other languages.

## What the language calls itself

language = English

## A value against its limit, as a sentence

reason = { $what }: { $value }; the limit is { $limit }.
what-in-period = { $what } { $period }
period-2h = within two hours
period-4h = within four hours
period-6h = within six hours
period-day = within a day

## Values with their units

unit-s = { $value } s
unit-km = { $value } km
unit-kmh = { $value } km/h
unit-d = { $value } days
unit-ratio = { $value } %
unit-bit = { $value } bit
unit-deviations = { $value } deviations from the usual

## What an alert says

message-open = new
message-update = update
message-close = closed
message-cancel = withdrawn
message-victims = names more victims
status-exercise = exercise
status-test = test

## OCSF

severity-0 = unknown
severity-1 = informational
severity-2 = low
severity-3 = medium
severity-4 = high
severity-5 = critical
severity-6 = fatal

## Parts that entities play

role-suspect = suspect
role-used = used
role-impersonated = impersonated
role-victim = victim

## Entities

entity-caller = caller
entity-callee = called number
entity-sim = SIM
entity-device = device
entity-cell = cell
entity-trunk = trunk
entity-block = number block
entity-template = message text
entity-domain = domain

## Families of patterns

family-sim-box = SIM box
family-clone = cloned SIM or device
family-spoofing = spoofed caller or sender
family-wangiri = missed-call scam
family-toll = revenue-share fraud
family-robocall = robocalls
family-victim-call = a victim on the phone
family-smishing = fraudulent text messages
family-otp = abuse of one-time codes
family-takeover = account takeover
family-reported = reported by people

## What is recommended

action-block-at-border = block the presented number on international routes
action-block-content = block messages with this text or link
action-block-destination = block calls to this destination
action-block-range = block calls back to this range
action-block-sender = block this sender
action-hold-transfers = ask banks to hold transfers of the victims
action-locate-site = find the site
action-preserve-records = preserve the records
action-trace-route = trace the route with the partner
action-verify-device = check the device in the register
action-verify-registration = check who registered the SIMs
action-verify-report = check the reports
action-warn-subscribers = warn subscribers
action-warn-victims = warn the victims

## Words beside values

label-disputed = disputed by
label-victims = victims
label-score = score
label-recommended = recommended
label-hidden = hidden
label-more = { $count } more

## Features, by their codes; of `calls_6h` that of `calls` with the period

code-age_days = Age of the newest SIM
code-answered_by = Numbers whose calls were answered
code-areas = Area codes called
code-at_home = Calls in the name of subscribers who are at home
code-at_once = Calls at the same time
code-busy_s = Time on calls
code-called_back = People who called back
code-callees = People called or written to
code-callers = Callers
code-calls = Calls
code-cells = Cells used
code-codes = One-time codes received
code-codes_after = Codes after a stranger's long call
code-codes_before = Codes before a second stranger's call
code-codes_from_abroad = Codes during a stranger's call from abroad
code-codes_in_call = Codes during a stranger's call
code-codes_in_long_call = Codes during a stranger's long call
code-codes_soon = Codes soon after a stranger's call
code-codes_to_new_device = Codes to a SIM or device that is new
code-dealers = Dealers of the SIMs
code-deviation = Distance from the usual at this hour
code-devices = Devices
code-distinct_share = Share of callees that are different
code-farthest_km = Greatest distance between two places
code-foreign_links = Messages with links to foreign domains
code-forwarded = Calls forwarded to a stranger
code-from_abroad_after = Calls from abroad after a code
code-journeys = Journeys too fast to be possible
code-lasts_s = Duration of the call so far
code-links = Messages with links
code-longest_s = Longest call
code-messages = Messages
code-near = Calls whose caller nearly is the callee
code-new_services = Services that write for the first time
code-official = Calls of official numbers
code-police = Reports of the police
code-premium_hour_s = Time on calls to premium ranges within an hour
code-premium_numbers = Premium numbers called
code-premium_s = Time on calls to premium ranges
code-received = Conversations received
code-recipients = Recipients
code-registrants = Registrants of the SIMs
code-regularity = Regularity of the gaps between calls
code-reports = Reports
code-rings = Calls that only rang
code-run = Longest run of consecutive numbers
code-senders = Senders
code-services = Services that sent codes
code-sims = SIMs
code-stranger_s = Time on calls with strangers
code-strangers = Strangers called or written to
code-talk_s = Time talked
code-test_calls = Test calls that arrived over this number
code-texts = Different texts
code-unanswered = Calls that nobody answered
code-victims = Victims called
code-young = Young or foreign one-way SIMs

### The console's own texts; those of alerts are in crates/alert/locales/.
### The source of the other languages. Values come as texts: numbers are written as the language writes them.

## Frame

page-now = Now
page-bar-list = Bar list
page-incident = Incident
page-figures = Map and figures
page-campaigns = Campaigns
page-coordination = Coordination
page-sources = Sources
page-audit = Audit log
page-sign-in = Sign in
pages = Pages
skip = Skip to the content
desk-of = Desk of { $carrier }
choose-language = Language
theme = Light or dark
theme-auto = As the system
theme-light = Light
theme-dark = Dark
sign-in = Sign in
sign-in-by = Sign in with { $provider }
sign-in-here = Or with a name and a password of this console
sign-out = Sign out
user-name = Name
password = Password
user-role-viewer = viewer
user-role-investigator = investigator
user-role-liaison = liaison officer
user-role-auditor = auditor
user-role-analyst = fraud analyst
clock = Times are those of { $zone }; point at one for UTC
close = Close
send = Send
again = Try again
print = Print
state-loading = Loading …

## Keys

keys = Keys
keys-on = Keys are on
key-next = next alert
key-before = alert before
key-enter = open
key-esc = back
key-search = search
key-help = this help

## Countries

country-CN = China
country-KH = Cambodia
country-LA = Laos
country-MM = Myanmar
country-TH = Thailand
country-VN = Vietnam

## Trouble

error-unreachable = The server cannot be reached.
error-signed-out = You are signed out. Sign in again.
error-wrong-password = Name or password is wrong.
error-forbidden = Your role may not do this.
error-csrf = This page is out of date. Load it anew.
error-not-found = There is nothing at this address.
error-method = There is no such request.
error-form = Something in the form is not as it should be. A text names nobody: not more than eight digits in a row.
error-too-many = Too many requests. Wait a moment.
error-too-large = That is too long.
error-not-set-up = This console has no key for that.
error-exchange-away = The exchange cannot be reached. Nothing was sent.
error-home-away = The home cluster cannot be reached. Nothing was opened or listed.
error-holds-untold = Which holds are in force cannot be told, so nothing is listed. The console’s log says why.
error-starting = The console is still reading the topics. Try again in a moment.
error-fault = The server made a mistake. It is in its log.
error-no-role = You are known to the provider, but this console gives you no role. Ask whoever runs it.
error-provider-away = The provider that signs people in cannot be reached. Try again in a moment, or sign in with a name and a password of this console.
error-provider-denied = The provider did not let you in.
error-provider-unbelieved = What the provider sent is not believed: nobody was signed in. The console’s log says why.
error-sign-in-over = That sign-in is over: it took longer than ten minutes, came back twice or was begun in another browser. Begin again.
error-other = The server refused: { $code }

## Now

now-none = No alerts yet. They appear here by themselves.
now-none-filtered = No alert fits the filters.
now-too-broad = Too many alerts fit this search. Type more of it.
now-more = Show older ones
now-held = Paused while you read
now-waiting = waiting: { $count }
now-lag = not read yet: { $count }
now-alike = alike: { $count }
line-live = Live
line-away = Connection lost; trying again
line-starting = Connecting
filters = Filters
filter-q = Search: id, token, number, domain
filter-country = Country
filter-source = Source
filter-pattern = Pattern
filter-severity = At least
filter-state = State
filter-work = Our work
filter-group = Group alike
filter-all = all
filter-none = Clear filters
state-open = open
state-closed = closed
state-cancelled = withdrawn
stage-new = new
stage-acknowledged = acknowledged
stage-investigating = investigating
stage-joint-operation = joint operation
stage-referred = referred
stage-disputed = disputed
seen-by = seen by
severity = Severity

## Incident

back-to-now = Back to all alerts
not-actual = This is no real case: { $status }.
taken-back = Taken back by its producer. Reason: { $reason }. Decided by: { $persons }.
goes-on-in = This belongs to another incident and goes on there:
hold-in-force = A hold is in force until { $until }, case { $case }: no barring, no notice to the subscriber.
verdicts-differ = The verdicts of the countries differ. All of them stand below.
why = Why
facts = Facts
fact-events = Events
fact-published = Published
fact-actionable = Act until
fact-producer = Carrier
fact-place = Place
fact-contact = Contact
fact-handling = Handling
fact-retain = Delete after
fact-id = Incident
expired = expired
confidence = confidence { $value } of 100
entities = Who and what
entity-head-role = Part
entity-head-type = Kind
entity-head-value = Visible value
entity-head-country = Country
entity-head-holder = Range holder
entity-head-token = Token
open-value = Open the value
open-means = Opening is written into the audit log, with the case it is for.
impersonated-means = Impersonated: the number was shown to the callee, and its holder is a victim, no suspect.
case-reference = Case reference
said = What each country said
said-none = No country has said anything yet.
said-order = In order
said-head-country = Country
said-head-acknowledged = Acknowledged
said-head-stage = Work
said-head-verdict = Verdict
disputes = disputes it
requests = Requests to the carrier
request-head-measure = Request
request-head-by = Asked by
request-head-case = Case
request-head-until = Until
request-head-answer = Receipt
unanswered = not answered yet
in-force = in force
ended = ended
hours-left = hours left: { $count }
days-left = days left: { $count }
kind-acknowledgement = acknowledged
kind-status = work
kind-verdict = verdict
kind-comment = comment
kind-request = request
kind-receipt = receipt
kind-suppression = suppression
kind-cancel = withdrawal
kind-operation = proposal of a joint operation
kind-operation-answer = answer
kind-operation-addition = addition to the list
kind-operation-stage = stage
measure-preserve = preserve the records
measure-hold = hold: no barring, no notice
outcome-accepted = accepted
outcome-refused = refused
outcome-asked = asked
outcome-done = done
outcome-failed = failed
verdict-0 = unknown
verdict-1 = false positive
verdict-2 = true positive
verdict-3 = disregard
verdict-4 = suspicious
verdict-5 = benign
verdict-6 = test
verdict-7 = not enough data
verdict-8 = security risk
verdict-9 = managed elsewhere
verdict-10 = duplicate
verdict-99 = other
verdict-rest = other
revisions = Revisions
revision-tells = revision { $revision } · score { $score } · entities { $entities }
evidence = Evidence
evidence-tells = Record references at the carrier: { $count }. The records stay there and are fetched for a case.
evidence-line = Line at the carrier (topic / partition / offset)
evidence-root = Merkle root
evidence-kept = Kept until
evidence-signed = Signed with key
evidence-alert = This alert (topic / offset)
evidence-pattern = Pattern and its hash
sequence = sequence
related = Related incidents
related-none = Nothing related is known.
in-campaign = Part of a campaign; its alerts: { $count }
why-token = shares a token
why-link = named by the carrier
why-campaign = same campaign

## Acts

acts = What you can do
acts-mean = What is said here is signed in the name of { $writer } and read by all countries.
act-said = Sent. It appears below when the exchange has it.
do-acknowledge = Acknowledge
do-take = Take
do-joint = Joint operation
do-refer = Refer
do-verdict = Verdict
do-comment = Comment
do-preserve = Preserve records
do-hold = Ask for a hold
verdict-means = Your verdict stands beside those of others. A false positive marks the incident as disputed for all.
comment-means = One line, at most 500 bytes, read by all countries. No numbers of persons.
preserve-means = The carrier keeps the records of this incident and answers with a receipt.
hold-means = The carrier neither bars the subscriber nor lets it know, for at most 14 days. It may refuse with a reason.
days = Days

## Dossier

dossier = Case dossier
dossier-means = One signed file for whoever takes the case over: alerts, what was said, keys, who opened and exported it, and a printable summary in two languages. Making it is written into the audit log.
dossier-languages = Languages of the summary
dossier-no-proof = What programs detected in traffic and what authorities said of it: suspicion, no proof. Numbers stand as masks and tokens. Times are UTC.
dossier-made = Made
dossier-made-by = Made by
dossier-left-out = Incidents left out
dossier-suspects = Suspects
dossier-used = Devices and other means used
dossier-innocent = Impersonated and victims: no suspects
dossier-custody = Chain of custody
dossier-keys = Keys that signed
dossier-holder = Holder
dossier-valid = Valid
dossier-signed = Signed
key-state-valid = valid
key-state-expired = expired
key-state-revoked = revoked

## A carrier's own desk

subscribers = Subscribers
subscribers-tell = Whom the carrier’s own lines name. Masked until opened for a case.
subscribers-none = No home line of this incident is kept.
subscribers-gone = Home lines that are kept no more: { $count }
home-line = Home line
bar-list-tells = Whom to bar: own callers and SIMs that act in what was shared and not taken back. Whom a hold protects is left out.
bar-list-make = Make the list
bar-list-means = The list names subscribers in clear. Making it is written into the audit log, with the case it is for.
bar-list-days = Days back
bar-list-made = Listed: { $listed }. Left out for holds: { $left }.
bar-list-left = Left out for holds

## Figures

span = Time
span-day = 24 hours
span-week = 7 days
span-month = 30 days
span-quarter = 90 days
figures-none = No alerts in this time.
figures-days = Areas, cells and possible victims are counted by whole days (UTC); all else by hours
map = Map
map-tells = Map of six countries. Areas with alerts: { $areas }; cells: { $cells }. The tables beside it say how many.
map-areas = areas
map-cells = cells, to the district
map-borders = No borders are drawn.
map-table = All areas and cells as tables
map-cell = Cell
map-within-km = Within, km
by-country = By country of the carrier
by-area = By area
area = Area
areas-none = No alert names an area.
incidents = Incidents
trend = Trend
trend-tells = Incidents over time; most in one step: { $most }; steps: { $steps }
trend-table = The trend as a table
hours = Hours of the day by pattern
hours-tell = Incidents by the hour of your clock
precision = Precision
precision-tells = Of what a country judged true or false, how much is true
precision-none = Nobody has judged an alert of this time yet.
judged-by = Judged by

## Campaigns

campaigns-tell = Alerts of several carriers that hang together by what they share.
campaigns-none = No campaign fits.
campaigns-live = live
campaigns-dissolved = dissolved
campaigns-all = all
campaign = Campaign
campaign-holds = alerts: { $count }
campaign-further = Further alerts that are not kept here: { $count }
campaign-dissolved = This campaign is dissolved.
back-to-campaigns = Back to all campaigns
alerts = Alerts
countries = Countries
patterns = Patterns
graph = What hangs together
graph-tells = Each point is an alert; lines join what shares something. Point at one to see more. The table below says the same.
zoom-in = Larger
zoom-out = Smaller
shared = What they share
in-alerts = in alerts: { $count }
joined-by = Joined by
joined-with = Joined with
link-device = device
link-sim = SIM
link-template = message text
link-domain = domain
link-device-range = near device serials in one cell
link-range-hour = number range and hour
link-trunk = trunk
link-sender = sender

## Coordination

coordination-tells = A week of all countries: what is new, how soon it was answered, how often it was right, and what is asked for now.
week = Week
all-countries = All countries
campaigns-new = New campaigns
campaigns-gone = Dissolved campaigns
operations-new = Operations proposed
operations-agreed = Agreed
operations-running = Begun
operations-closed = Closed
responses = Response times
responses-tell = Half of them within / nine in ten within (how many). From the alert to the country's answer; from the request to the carrier's receipt. From the proposal of a joint operation to the country's answer.
response-acknowledgement = Acknowledged
response-status = Taken
response-verdict = Verdict
response-receipt = Receipt of a request
response-operation = Joint operation
length-min = { $value } min
length-h = { $value } h
length-d = { $value } d
requests-open = Open requests
requests-none = Nothing is asked for now.
digest-csv = As a table (CSV)
digest-html = As a page (HTML)

## Joint operations

page-operations = Joint operation
operations = Joint operations
operations-tell = Several countries that act together on one list. Everybody on the exchange can read title, countries, day and stage.
operations-none = No joint operation has been proposed yet.
operations-not = It is in no joint operation.
operation-title = Title
operation-proposer = Proposed by
operation-countries = Countries and their answers
operation-stage = Stage
operation-stage-proposed = proposed
operation-stage-agreed = agreed
operation-stage-running = running
operation-stage-closed = closed
operation-day = Planned day
operation-lead = Lead desk
operation-answer-accepted = in it
operation-answer-declined = declined
operation-answer-left = has left
operation-waits = no answer for { $value }
operation-otherwise = { $organisation } said: { $answer }
operation-outcome = Outcome
operation-outcome-suspects-handed-over = suspects handed over
operation-outcome-sites-closed = sites closed
operation-outcome-no-result = no result
operation-outcome-withdrawn = withdrawn
operation-outcomes-differ = It was closed with different outcomes. The newest is shown; all stand below.
operation-suspects = Suspects
operation-sites = Sites
operation-listed = What it is about
operation-listed-by = Listed by
operation-hidden = Incidents that are not meant for your country, or not known here: { $count }
operation-hidden-campaigns = Campaigns of which you may see nothing: { $count }
operation-not-listed = Added beyond what a country may list: { $count }
operation-lists = incidents: { $incidents }, campaigns: { $campaigns }
operation-said = Who said what
operation-left-out = Messages left out, because they name incidents that are not meant for the country of who made this: { $count }
operation-left-unheard = Messages left out, because they have no effect: { $count }
operation-no-room = Messages left out for want of room: { $count }
unheard = without effect
unheard-other-proposer = another proposer is named than the operation has
unheard-not-invited = the country was not invited
unheard-not-in-it = the country was not in it then
unheard-too-few = fewer than two countries have been in it
unheard-closed = the operation was closed before
do-propose = Propose a joint operation
propose-means = Everybody on the exchange reads it at once, invited or not. A title names nobody and has no numbers of persons; write no place and no hour that would warn somebody.
operation-invite = Countries to invite
do-add = Add to a joint operation
add-means = All countries read it. It stays listed, also if your country leaves.
do-accept = Join it
do-decline = Decline
do-leave = Leave it
do-run = It begins
do-close = Close it
operation-reason = Reason
operation-which = Which
back-to-coordination = Back to coordination

## Sources

sources = Carriers heard
sources-none = No carrier has been heard yet.
unattributed = Refused, from nobody that is known
last-sequence = Last number
missing = Missing
gaps = { $missing } in gaps: { $gaps }
last-published = Last alert
rejected = Refused
signing-key = Key
quiet-source = quiet for a day
topics = Topics
topic = Topic
read-to = Read to
behind = Behind
looked = Last look
refused-form = not an alert
refused-unknown-key = unknown key
refused-changed-bytes = changed bytes
refused-changed-header = changed header
refused-expired-key = key expired
refused-revoked-key = revoked key
refused-foreign-source = key of another source
refused-future = time ahead
refused-published-back = time before an earlier alert
refused-sequence-jump = number far ahead
refused-sequence-conflict = number twice, other contents
refused-sequence-back = number goes back
refused-sources = too many sources
refused-expired = too old to act upon

## Audit

audit-tells = What was opened and said from this console. Each entry holds the hash of the one before.
audit-verify = Verify the chain
audit-whole = The chain is whole. Entries: { $count }. Head:
audit-broken = The chain is broken. Entries read: { $count }.
audit-none = Nothing has been written yet.
audit-refused-request = Refused request
audit-head-number = No.
audit-head-at = Time
audit-head-user = User
audit-head-action = Action
audit-head-about = About
audit-head-case = Case
audit-head-outcome = Outcome
